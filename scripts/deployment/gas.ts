import { formatEther, formatUnits, toQuantity, type ContractFactory, type Provider } from "ethers";
import type { EIP1193Provider, RequestArguments } from "@nomicfoundation/ignition-core";
import { DeploymentError } from "./deployment-error.ts";
import { targets, type Target } from "./targets.ts";

/** What Ignition offers on Amoy whatever the chain asks for (getNetworkFees of its JSON-RPC client). */
const ignitionAmoyPriceWei = 32_000_000_000n;

/**
 * A gas price in wei that gets into a block now: the base fee with room for two blocks of growth (an eighth each), and a
 * tip of what the node advises, at least the chain's minimum.
 */
export async function quoteGasPrice(provider: Provider, target: Target): Promise<bigint> {
  const [block, fees] = await Promise.all([provider.getBlock("latest"), provider.getFeeData()]);
  const baseFee = block?.baseFeePerGas ?? 0n;
  const advisedTip = fees.maxPriorityFeePerGas ?? 0n;
  const tip = advisedTip > target.minTipWei ? advisedTip : target.minTipWei;
  return (baseFee * 5n) / 4n + tip;
}

/** Gas of the deployments that are still to be sent. */
export async function estimateGas(
  provider: Provider,
  deployer: string,
  deployments: { factory: ContractFactory; args: unknown[] }[],
): Promise<bigint> {
  const estimates = deployments.map(async ({ factory, args }) =>
    provider.estimateGas({ ...(await factory.getDeployTransaction(...args)), from: deployer }),
  );
  return (await Promise.all(estimates)).reduce((sum, gas) => sum + gas, 0n);
}

export async function requireGas(
  provider: Provider,
  target: Target,
  deployer: string,
  gas: bigint,
  gasPriceWei: bigint,
): Promise<void> {
  const needed = gas * gasPriceWei;
  const balance = await provider.getBalance(deployer);
  if (balance >= needed) return;
  throw new DeploymentError(
    `The deployer ${deployer} has ${formatEther(balance)} ${target.coin} on ${target.title}, needed are ` +
      `${formatEther(needed)} (${gas} gas at ${formatUnits(gasPriceWei, "gwei")} gwei). ` +
      `Nothing was sent. Send it ${formatEther(needed - balance)} ${target.coin} at least.`,
  );
}

/** The provider for Ignition, whose fixed price on Amoy is replaced by ours; what it adds to get unstuck is kept. */
export function withQuotedPrice(provider: EIP1193Provider, target: Target, gasPriceWei: bigint): EIP1193Provider {
  if (target.chainId !== targets.amoy.chainId) return provider;
  return {
    request({ method, params }: RequestArguments): Promise<unknown> {
      if (!isPricedCall(params)) return provider.request({ method, ...(params && { params }) });
      const [call, ...others] = params;
      const gasPrice = (gasPriceWei * BigInt(call.gasPrice)) / ignitionAmoyPriceWei;
      return provider.request({ method, params: [{ ...call, gasPrice: toQuantity(gasPrice) }, ...others] });
    },
  };
}

function isPricedCall(params: RequestArguments["params"]): params is [{ gasPrice: string }, ...unknown[]] {
  const call: unknown = Array.isArray(params) ? params[0] : undefined;
  return typeof call === "object" && call !== null && "gasPrice" in call;
}
