import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import { OWN_WORD, type SignedWord } from "./signed-word.ts";

export interface CancelParameters {
  terms: Terms;
  /** From the client's `signCancel`; without it the signer must be the client or the job's operator. */
  word?: SignedWord;
}

export interface CancelResult extends Mined {
  /** What went back to the client, in base units. */
  amount: bigint;
}

export type CancelError = ContractCallError<
  "WrongStatus" | "SenderNotAllowed" | "SpendingLimitExpired" | "SignatureInvalid" | "SignatureExpired"
>;

export function encodeCancel({ terms, word = OWN_WORD }: CancelParameters): string {
  return escrowInterface.encodeFunctionData("cancel", [terms, word.validUntil, word.signature]);
}

/**
 * Takes an open job back; reward and fee return to the client.
 * @throws CancelError
 * @example const { amount } = await escrow.cancel({ terms });
 */
export async function cancel(context: ChainContext, parameters: CancelParameters): Promise<CancelResult> {
  const { events, ...mined } = await sendToEscrow(context, "cancel", encodeCancel(parameters));
  return { ...mined, amount: eventOf("cancel", "Cancelled", events).args["amount"] as bigint };
}
