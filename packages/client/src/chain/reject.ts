import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import type { SignedVerdict } from "./sign-verdict.ts";

export interface RejectParameters {
  terms: Terms;
  evidenceHash: string;
  /** `reasonsHashOf` the readable reasons. */
  reasonsHash: string;
  /** The verifier's fail, from `signVerdict`. */
  verdict: Pick<SignedVerdict, "validUntil" | "signature">;
}

export interface RejectResult extends Mined {
  worker: string;
  /** The last second (chain time) in which the worker may dispute. */
  until: bigint;
}

export type RejectError = ContractCallError<"WrongStatus" | "TooLate" | "SignatureInvalid" | "SignatureExpired">;

export function encodeReject({ terms, evidenceHash, reasonsHash, verdict }: RejectParameters): string {
  const { validUntil, signature } = verdict;
  return escrowInterface.encodeFunctionData("reject", [terms, { evidenceHash, reasonsHash, validUntil }, signature]);
}

/**
 * Carries the verifier's signed fail. The worker may dispute it in the appeal window.
 * @throws RejectError
 * @example await escrow.reject({ terms, evidenceHash, reasonsHash, verdict });
 */
export async function reject(context: ChainContext, parameters: RejectParameters): Promise<RejectResult> {
  const { events, ...mined } = await sendToEscrow(context, "reject", encodeReject(parameters));
  const { args } = eventOf("reject", "Rejected", events);
  return { ...mined, worker: args["worker"] as string, until: args["until"] as bigint };
}
