import { escrowInterface } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { type MinedCall, sendToEscrow } from "./send.ts";

export interface MulticallParameters {
  /** What the `encode…` functions give, in order. */
  calls: string[];
}

export type MulticallResult = MinedCall;
/** The first refusal among the calls. */
export type MulticallError = ContractCallError;

export function encodeMulticall({ calls }: MulticallParameters): string {
  return escrowInterface.encodeFunctionData("multicall", [calls]);
}

/**
 * All of these calls in one transaction, or none.
 * @throws MulticallError
 * @example
 * await escrow.multicall({
 *   calls: [encodeSubmit({ terms, evidenceHash, word }), encodeRelease({ terms, evidenceHash, reasonsHash, verdict })],
 * });
 */
export async function multicall(context: ChainContext, parameters: MulticallParameters): Promise<MulticallResult> {
  return await sendToEscrow(context, "multicall", encodeMulticall(parameters));
}
