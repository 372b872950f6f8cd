import { type ContractRefusal, escrowInterface, explainRevert } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { type MinedCall, sendToEscrow } from "./send.ts";

export interface TryMulticallParameters {
  /** What the `encode…` functions give. Let a call be an `encodeMulticall` to keep the steps of one job together. */
  calls: string[];
  /**
   * Gas for each call. Estimated when left out: the most that any of them needs alone, and the default limit at least
   * where one can't be estimated (because it needs another before it, say). What is not used is not paid.
   */
  gasPerCall?: bigint;
}

/** A call that was undone, alone. */
export interface FailedCall {
  /** Its place among the calls. */
  index: number;
  /** Undefined where the contract gave no readable reason. */
  refusal: ContractRefusal | undefined;
}

export interface TryMulticallResult extends MinedCall {
  failed: FailedCall[];
}

export type TryMulticallError = ContractCallError;

export function encodeTryMulticall({ calls }: TryMulticallParameters): string {
  return escrowInterface.encodeFunctionData("tryMulticall", [calls]);
}

/** Enough for a whole life of a job in one call. */
const DEFAULT_GAS_PER_CALL = 600_000n;

/** What the transaction itself costs, beside its calls. */
const GAS_OF_TRANSACTION = 100_000n;

/**
 * Each of these calls for itself in one transaction: those that fail are undone and told, the others stand.
 * @throws TryMulticallError only when the whole transaction fails
 * @example
 * const { failed } = await escrow.tryMulticall({ calls: jobs.map((job) => encodeRelease(job)) });
 */
export async function tryMulticall(
  context: ChainContext,
  parameters: TryMulticallParameters,
): Promise<TryMulticallResult> {
  const { calls } = parameters;
  const gasPerCall = parameters.gasPerCall ?? (await mostGasOf(context, calls));
  const gasLimit = GAS_OF_TRANSACTION + gasPerCall * BigInt(calls.length);
  const mined = await sendToEscrow(context, "tryMulticall", encodeTryMulticall(parameters), gasLimit);
  const failed = mined.events
    .filter((event) => event.name === "CallFailed")
    .map(({ args }) => ({
      index: Number(args["index"] as bigint),
      refusal: explainRevert(args["reason"] as string),
    }));
  return { ...mined, failed };
}

/**
 * The whole can't be estimated: with too little gas each call just fails, and that is what an estimate would find.
 * The escrow shares the gas evenly, so each call must get what the dearest needs.
 */
async function mostGasOf(context: ChainContext, calls: string[]): Promise<bigint> {
  const signer = signerOf(context);
  const estimates = await Promise.allSettled(
    calls.map((data) => signer.estimateGas({ to: context.deployment.escrow, data })),
  );
  const known = estimates.map((each) => (each.status === "fulfilled" ? (each.value * 5n) / 4n : DEFAULT_GAS_PER_CALL));
  return known.reduce((most, each) => (each > most ? each : most), 0n);
}
