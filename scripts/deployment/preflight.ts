import { Contract, TypedDataEncoder, ZeroAddress, getAddress, isAddress, type Provider } from "ethers";
import { USDC_ADDRESSES, usdcDomain } from "@hireforhumans/protocol";
import { publicPoolParameters, type PoolParameters } from "../chain/arbitration.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { usdcAbi } from "../chain/usdc.ts";
import { DeploymentError } from "./deployment-error.ts";
import type { Target } from "./targets.ts";

/** Of every FiatTokenV2; its EIP-712 domain has it too. */
const USDC_VERSION = "2";
const USDC_DECIMALS = 6;

/**
 * Makes sure that the token is Circle's: the escrow keeps its address for ever, and clients sign for its EIP-712 domain.
 * @returns its address
 */
export async function requireUsdc(provider: Provider, target: Target): Promise<string> {
  const { usdcName: name, chainId } = target;
  const address = USDC_ADDRESSES[chainId];
  if (name === undefined || address === undefined) throw new Error(`${target.title} has no USDC of Circle's`);
  const refuse = (what: string, actual: unknown, expected: unknown): never => {
    throw new DeploymentError(
      `What stands at USDC's address ${address} on ${target.title} is not USDC: ${what} is ${String(actual)}, ` +
        `expected ${String(expected)}. Nothing was sent. Is the RPC to be trusted?`,
    );
  };

  if ((await provider.getCode(address)) === "0x") refuse("its code", "empty", "Circle's proxy");
  const expectations: [view: string, expected: string | bigint][] = [
    ["name", name],
    ["version", USDC_VERSION],
    ["decimals", BigInt(USDC_DECIMALS)],
    ["DOMAIN_SEPARATOR", TypedDataEncoder.hashDomain(usdcDomain(chainId, address, name))],
  ];
  const usdc = new Contract(address, usdcAbi, provider);
  for (const [view, expected] of expectations) {
    const actual: unknown = await usdc
      .getFunction(view)
      .staticCall()
      .catch((error: unknown) => refuse(`${view}()`, `not answered (${String(error)})`, expected));
    if (actual !== expected) refuse(`${view}()`, actual, expected);
  }
  return address;
}

/** Makes sure that Chainlink's coordinator is there: the pool keeps its address for ever. */
export async function requireCoordinator(provider: Provider, target: Target): Promise<PoolParameters> {
  const parameters = publicPoolParameters(target.chainId);
  const { coordinator } = parameters.randomness;
  if ((await provider.getCode(coordinator)) !== "0x") return parameters;
  throw new DeploymentError(
    `There is no code at ${coordinator}, where Chainlink's VRF coordinator should be on ${target.title}. Nothing was ` +
      "sent. Is the RPC to be trusted?",
  );
}

/** The address that will earn the fees, for ever. On a local chain it may be left out. */
export function requireTreasury(
  target: Target,
  given: string | undefined,
  deployer: string,
  treasuryIsDeployer: boolean,
): string {
  const treasury = given ?? (target.usdcName === undefined ? devAccounts.treasury.address : undefined);
  if (treasury === undefined) {
    throw new DeploymentError(
      "There is no treasury: set TREASURY_ADDRESS to the address that earns the fees. It can never be changed.",
    );
  }
  if (!isAddress(treasury) || treasury === ZeroAddress) {
    throw new DeploymentError(`TREASURY_ADDRESS is ${treasury}, expected an address other than zero.`);
  }
  if (target.realMoney && getAddress(treasury) === getAddress(deployer) && !treasuryIsDeployer) {
    throw new DeploymentError(
      `The treasury is the deployer's own account ${deployer}, whose key is on this machine, and it can never be ` +
        "changed. Name a safer one by TREASURY_ADDRESS, or confirm with --treasury-is-deployer.",
    );
  }
  return getAddress(treasury);
}
