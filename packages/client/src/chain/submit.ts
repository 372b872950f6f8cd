import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import { OWN_WORD, type SignedWord } from "./signed-word.ts";

export interface SubmitParameters {
  terms: Terms;
  /** `evidenceHashOf` the bundle. */
  evidenceHash: string;
  /** From the worker's `signSubmit`; without it the signer must be the worker. */
  word?: SignedWord;
}

export interface SubmitResult extends Mined {
  /** The last second (chain time) of the verifier's window. */
  until: bigint;
}

export type SubmitError = ContractCallError<
  "WrongStatus" | "TooLate" | "SenderNotAllowed" | "SignatureInvalid" | "SignatureExpired"
>;

export function encodeSubmit({ terms, evidenceHash, word = OWN_WORD }: SubmitParameters): string {
  return escrowInterface.encodeFunctionData("submit", [terms, evidenceHash, word.validUntil, word.signature]);
}

/**
 * Puts the hash of the worker's evidence on chain; the verifier's window begins.
 * @throws SubmitError
 * @example await escrow.submit({ terms, evidenceHash: evidenceHashOf(bundle) });
 */
export async function submit(context: ChainContext, parameters: SubmitParameters): Promise<SubmitResult> {
  const { events, ...mined } = await sendToEscrow(context, "submit", encodeSubmit(parameters));
  return { ...mined, until: eventOf("submit", "Submitted", events).args["until"] as bigint };
}
