import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";

export interface RefundParameters {
  terms: Terms;
}

export interface RefundResult extends Mined {
  /** Reward and fee, in base units. */
  amount: bigint;
}

export type RefundError = ContractCallError<"WrongStatus" | "TooEarly">;

export function encodeRefund({ terms }: RefundParameters): string {
  return escrowInterface.encodeFunctionData("refund", [terms]);
}

/**
 * Sends all money back to the client: an open job past its deadline, or a rejected one past the appeal window. By anyone.
 * @throws RefundError
 * @example const { amount } = await escrow.refund({ terms });
 */
export async function refund(context: ChainContext, parameters: RefundParameters): Promise<RefundResult> {
  const { events, ...mined } = await sendToEscrow(context, "refund", encodeRefund(parameters));
  return { ...mined, amount: eventOf("refund", "Refunded", events).args["amount"] as bigint };
}
