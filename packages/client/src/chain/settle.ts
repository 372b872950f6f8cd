import { type ChainStatus, chainStatusOf, escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";

export interface SettleParameters {
  terms: Terms;
}

export interface SettleResult extends Mined {
  /** `paid`, or `split` after a dispute that nobody ruled. */
  status: ChainStatus;
}

export type SettleError = ContractCallError<"WrongStatus" | "TooEarly">;

export function encodeSettle({ terms }: SettleParameters): string {
  return escrowInterface.encodeFunctionData("settle", [terms]);
}

/**
 * Ends a job whose last word is a silence: approved past the review window, submitted past the verifier's window and
 * grace, disputed past the backstop. By anyone.
 * @throws SettleError
 * @example const { status } = await escrow.settle({ terms });
 */
export async function settle(context: ChainContext, parameters: SettleParameters): Promise<SettleResult> {
  const { events, ...mined } = await sendToEscrow(context, "settle", encodeSettle(parameters));
  return { ...mined, status: chainStatusOf(eventOf("settle", "Settled", events).args["status"] as bigint) };
}
