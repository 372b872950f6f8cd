import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import { OWN_WORD, type SignedWord } from "./signed-word.ts";

export interface DisputeParameters {
  terms: Terms;
  /** `hashOf` the statement. */
  statementHash: string;
  /** The worker or the client; the signer when left out. */
  by?: string;
  /** From that party's `signDispute`; without it the signer must be the party. */
  word?: SignedWord;
  /** Handed to the arbiter as it is (how the bond is paid, say); nothing when left out. */
  data?: string;
}

export interface DisputeResult extends Mined {
  /** The last second (chain time) before the backstop splits the money. */
  until: bigint;
}

/** Where the arbiter refused (bond not paid, say), `reason` is undefined and `cause` has its bytes. */
export type DisputeError = ContractCallError<
  | "WrongStatus"
  | "ArbiterMissing"
  | "TooEarly"
  | "TooLate"
  | "SenderNotAllowed"
  | "SignatureInvalid"
  | "SignatureExpired"
>;

export function encodeDispute(parameters: DisputeParameters & { by: string }): string {
  const { terms, by, statementHash, word = OWN_WORD, data = "0x" } = parameters;
  return escrowInterface.encodeFunctionData("dispute", [
    terms,
    by,
    statementHash,
    word.validUntil,
    word.signature,
    data,
  ]);
}

/**
 * Brings the job before its arbiter: the worker after a reject, the client in the review window, either when the
 * verifier stayed silent.
 * @throws DisputeError
 * @example await escrow.dispute({ terms, statementHash: hashOf(statement) });
 */
export async function dispute(context: ChainContext, parameters: DisputeParameters): Promise<DisputeResult> {
  const by = parameters.by ?? (await signerOf(context).getAddress());
  const { events, ...mined } = await sendToEscrow(context, "dispute", encodeDispute({ ...parameters, by }));
  return { ...mined, until: eventOf("dispute", "Disputed", events).args["until"] as bigint };
}
