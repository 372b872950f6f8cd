import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";
import { OWN_WORD, type SignedWord } from "./signed-word.ts";

export interface AcceptParameters {
  terms: Terms;
  /** Who will work; the signer when left out. */
  worker?: string;
  /** From the worker's `signAccept`; without it the signer must be the worker. */
  word?: SignedWord;
}

export interface AcceptResult extends Mined {
  worker: string;
  round: bigint;
  /** The last second (chain time) in which evidence may be submitted. */
  until: bigint;
}

export type AcceptError = ContractCallError<
  | "WrongStatus"
  | "TooLate"
  | "SenderNotAllowed"
  | "WorkerNotAllowed"
  | "WorkerIsParty"
  | "ReputationTooLow"
  | "SignatureInvalid"
  | "SignatureExpired"
>;

export function encodeAccept({ terms, worker, word = OWN_WORD }: AcceptParameters & { worker: string }): string {
  return escrowInterface.encodeFunctionData("accept", [terms, worker, word.validUntil, word.signature]);
}

/**
 * Takes an open job.
 * @throws AcceptError
 * @example const { until } = await escrow.accept({ terms });
 */
export async function accept(context: ChainContext, parameters: AcceptParameters): Promise<AcceptResult> {
  const worker = parameters.worker ?? (await signerOf(context).getAddress());
  const { events, ...mined } = await sendToEscrow(context, "accept", encodeAccept({ ...parameters, worker }));
  const { args } = eventOf("accept", "Accepted", events);
  return { ...mined, worker, round: args["round"] as bigint, until: args["until"] as bigint };
}
