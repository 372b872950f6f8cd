import { type ContractRefusal, escrowInterface, explainRevert } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { EscrowCallError } from "./errors.ts";
import { type MinedCall, sendToEscrow } from "./send.ts";

export interface TryMulticallParameters {
  /** What the `encode…` functions give. Let a call be an `encodeMulticall` to keep the steps of one job together. */
  calls: string[];
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

export type TryMulticallError = EscrowCallError;

export function encodeTryMulticall({ calls }: TryMulticallParameters): string {
  return escrowInterface.encodeFunctionData("tryMulticall", [calls]);
}

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
  const mined = await sendToEscrow(context, "tryMulticall", encodeTryMulticall(parameters));
  const failed = mined.events
    .filter((event) => event.name === "CallFailed")
    .map(({ args }) => ({
      index: Number(args["index"] as bigint),
      refusal: explainRevert(args["reason"] as string),
    }));
  return { ...mined, failed };
}
