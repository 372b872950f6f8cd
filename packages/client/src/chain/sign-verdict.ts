import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { idOf, type SignedWord } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignVerdictParameters {
  terms: Terms;
  /** Whose evidence. */
  worker: string;
  evidenceHash: string;
  pass: boolean;
  /** `reasonsHashOf` the readable reasons. */
  reasonsHash: string;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}

export interface SignedVerdict extends SignedWord {
  pass: boolean;
}

/**
 * Signs a verdict as the job's verifier, for anyone to carry with `release` (pass) or `reject` (fail).
 * @example
 * const verdict = await verifiersEscrow.signVerdict({ terms, worker, evidenceHash, pass: true, reasonsHash });
 */
export async function signVerdict(context: ChainContext, parameters: SignVerdictParameters): Promise<SignedVerdict> {
  const { deployment } = context;
  const { terms, worker, evidenceHash, pass, reasonsHash } = parameters;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = escrowDomain(deployment.chainId, deployment.escrow);
  const message = { jobId: idOf(context, terms), worker, evidenceHash, pass, reasonsHash, validUntil };
  return { pass, validUntil, signature: await signWord(signerOf(context), domain, "Verdict", message) };
}
