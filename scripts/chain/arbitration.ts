import { ONE_USDC, VRF_COORDINATORS } from "@hireforhumans/protocol";
import { ContractFactory, ZeroHash, parseEther, type Contract, type JsonRpcProvider, type Signer } from "ethers";
import { readCoordinatorArtifact } from "./artifacts.ts";

/** What the constructor of `ArbitrationPool` takes beside the escrow. Amounts in base units, windows in seconds. */
export interface PoolParameters {
  minStake: bigint;
  windows: { evidence: number; commit: number; reveal: number; appeal: number };
  randomness: { coordinator: string; keyHash: string; confirmations: number };
}

const HOUR_SECONDS = 3_600;

/** With a least stake of 100 USDC, jobs of up to 500 USDC can be disputed. */
const minStake = 100n * ONE_USDC;

const windows = {
  evidence: 2 * HOUR_SECONDS,
  commit: HOUR_SECONDS,
  reveal: HOUR_SECONDS,
  appeal: 12 * HOUR_SECONDS,
};

/** The pool of a public chain, whose coordinator is Chainlink's own. */
export function publicPoolParameters(chainId: number): PoolParameters {
  const vrf = VRF_COORDINATORS[chainId];
  if (vrf === undefined) throw new Error(`Chainlink's coordinator on chain ${chainId} is not known here`);
  // Polygon's blocks are final in seconds, but reorgs of a few have been seen: a dozen blocks are half a minute.
  return { minStake, windows, randomness: { ...vrf, confirmations: 12 } };
}

/** The same pool with a stand-in for the coordinator, as `deployCoordinator` gives it. */
export function localPoolParameters(coordinator: string): PoolParameters {
  return { minStake, windows, randomness: { coordinator, keyHash: ZeroHash, confirmations: 3 } };
}

/** Deploys Chainlink's own stand-in for its coordinator. Anyone can make it answer, with any word: for local chains only. */
export async function deployCoordinator(signer: Signer): Promise<Contract> {
  const { abi, bytecode } = await readCoordinatorArtifact();
  // What it charges matters to nobody here: a base fee, a price of gas and one of LINK, in wei.
  const coordinator = await new ContractFactory(abi as [], bytecode, signer).deploy(1n, 1n, 1n);
  await coordinator.waitForDeployment();
  return coordinator as Contract;
}

/** Puts the stand-in's code at an address of the caller's choice, such as the coordinator's own on Polygon. */
export async function placeCoordinator(provider: JsonRpcProvider, address: string, signer: Signer): Promise<void> {
  const deployed = await (await deployCoordinator(signer)).getAddress();
  await provider.send("hardhat_setCode", [address, await provider.getCode(deployed)]);
}

/** Pays for randomness in advance. */
export async function fundSubscription(coordinator: Contract, subscriptionId: bigint): Promise<void> {
  const value = parseEther("1");
  const sent = await coordinator.getFunction("fundSubscriptionWithNative").send(subscriptionId, { value });
  await sent.wait();
}
