import { Contract, ContractFactory, Wallet, type JsonRpcProvider, type Signer } from "ethers";
import { ArbitrationPool__factory, sortMembers } from "@hireforhumans/protocol";
import { deployCoordinator, fundSubscription, localPoolParameters } from "./arbitration.ts";
import { readArtifact } from "./artifacts.ts";
import { devAccounts, type DevAccount } from "./dev-accounts.ts";
import { localProvider } from "./provider.ts";
import { deployUsdc, mintUsdc, usdcAbi } from "./usdc.ts";

/** Addresses, and the block from which a follower has to read. */
export interface LocalDeployment {
  chainId: number;
  usdc: string;
  escrow: string;
  reputation: string;
  arbitrationPool: string;
  /** Chainlink's stand-in, which answers when it is told to: see `answerRandomness`. */
  coordinator: string;
  treasury: string;
  deployBlock: number;
}

/**
 * Deploys real USDC and our contracts on a fresh local chain, straight from the compiled artifacts: a second's work,
 * where a public chain is served by `scripts/deploy.ts`. The issuer and the deployer are the `devAccounts` of that name.
 */
export async function deployLocal(url: string): Promise<LocalDeployment> {
  return withProvider(url, async (provider) => {
    const restoreMining = await mineAtOnce(provider);
    try {
      const deployer = signer(provider, devAccounts.deployer);
      const usdc = await (await deployUsdc(signer(provider, devAccounts.usdcIssuer))).getAddress();
      const treasury = devAccounts.treasury.address;
      const deployBlock = (await provider.getBlockNumber()) + 1;
      const reputation = await deploy(deployer, "reputation", "Reputation");
      const escrow = await deploy(deployer, "escrow", "Escrow", usdc, reputation, treasury);
      const coordinator = await deployCoordinator(deployer);
      const { minStake, windows, randomness } = localPoolParameters(await coordinator.getAddress());
      const arbitrationPool = await deploy(
        deployer,
        "arbitration",
        "ArbitrationPool",
        escrow,
        minStake,
        windows,
        randomness,
      );
      const pool = ArbitrationPool__factory.connect(arbitrationPool, provider);
      await fundSubscription(coordinator, await pool.SUBSCRIPTION_ID());
      const { chainId } = await provider.getNetwork();
      const contracts = { usdc, escrow, reputation, arbitrationPool, coordinator: randomness.coordinator };
      return { chainId: Number(chainId), ...contracts, treasury, deployBlock };
    } finally {
      await restoreMining();
    }
  });
}

/** Mints base units of a local chain's USDC, as `deployLocal` made it, to an account. */
export async function mintLocalUsdc(url: string, usdc: string, to: string, amount: bigint): Promise<void> {
  await withProvider(url, (provider) =>
    mintUsdc(new Contract(usdc, usdcAbi, signer(provider, devAccounts.usdcIssuer)), to, amount),
  );
}

/** Deploys a committee of verifiers on a local chain. @returns its address */
export async function deployLocalCommittee(
  url: string,
  threshold: number,
  members: readonly string[],
): Promise<string> {
  return withProvider(url, (provider) =>
    deploy(signer(provider, devAccounts.deployer), "committee", "VerifierCommittee", threshold, sortMembers(members)),
  );
}

async function withProvider<Result>(
  url: string,
  work: (provider: JsonRpcProvider) => Promise<Result>,
): Promise<Result> {
  const provider = localProvider(url);
  try {
    return await work(provider);
  } finally {
    provider.destroy();
  }
}

/** A dozen transactions that wait for one another would take a dozen blocks on a chain that mines by the clock. */
async function mineAtOnce(provider: JsonRpcProvider): Promise<() => Promise<void>> {
  const automine = (await provider.send("hardhat_getAutomine", [])) as boolean;
  await provider.send("evm_setAutomine", [true]);
  return async () => {
    await provider.send("evm_setAutomine", [automine]);
  };
}

function signer(provider: JsonRpcProvider, account: DevAccount): Signer {
  return new Wallet(account.privateKey, provider);
}

async function deploy(deployer: Signer, concept: string, name: string, ...args: unknown[]): Promise<string> {
  const { abi, bytecode } = await readArtifact(concept, name);
  const contract = await new ContractFactory(abi as [], bytecode, deployer).deploy(...args);
  await contract.waitForDeployment();
  return contract.getAddress();
}
