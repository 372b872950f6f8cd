import { type ChainStatus, chainStatusOf, escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import type { SignedVerdict } from "./sign-verdict.ts";
import type { SignedWord } from "./signed-word.ts";

export interface CompleteParameters {
  terms: Terms;
  worker: string;
  evidenceHash: string;
  /** From the worker's `signSubmit`; it speaks for the acceptance too. */
  word: SignedWord;
  /** `reasonsHashOf` the readable reasons. */
  reasonsHash: string;
  /** The verifier's pass, from `signVerdict`. */
  verdict: Pick<SignedVerdict, "validUntil" | "signature">;
}

export interface CompleteResult extends Mined {
  worker: string;
  /** `paid`, or `approved` while the review window runs. */
  status: ChainStatus;
}

export type CompleteError = ContractCallError<
  | "WrongStatus"
  | "TooLate"
  | "SenderNotAllowed"
  | "WorkerNotAllowed"
  | "WorkerIsParty"
  | "ReputationTooLow"
  | "SignatureInvalid"
  | "SignatureExpired"
>;

export function encodeComplete(parameters: CompleteParameters): string {
  const { terms, worker, evidenceHash, word, reasonsHash, verdict } = parameters;
  return escrowInterface.encodeFunctionData("complete", [
    terms,
    worker,
    word.validUntil,
    word.signature,
    { evidenceHash, reasonsHash, validUntil: verdict.validUntil },
    verdict.signature,
  ]);
}

/**
 * Accepts, submits and releases work that was done off chain, in one call that costs less than the three.
 * @throws CompleteError
 * @example const { status } = await escrow.complete({ terms, worker, evidenceHash, word, reasonsHash, verdict });
 */
export async function complete(context: ChainContext, parameters: CompleteParameters): Promise<CompleteResult> {
  const { events, ...mined } = await sendToEscrow(context, "complete", encodeComplete(parameters));
  const { args } = eventOf("complete", "Completed", events);
  return { ...mined, worker: args["worker"] as string, status: chainStatusOf(args["status"] as bigint) };
}
