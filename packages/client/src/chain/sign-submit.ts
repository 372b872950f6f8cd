import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { job } from "./reads.ts";
import { idOf, type SignedWord } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignSubmitParameters {
  terms: Terms;
  /** `evidenceHashOf` the bundle. */
  evidenceHash: string;
  /** The job's round; read from the chain when left out. */
  round?: bigint;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}

/**
 * Signs that the signer hands in this evidence, for anyone to carry.
 * @example const word = await workersEscrow.signSubmit({ terms, evidenceHash: evidenceHashOf(bundle) });
 */
export async function signSubmit(context: ChainContext, parameters: SignSubmitParameters): Promise<SignedWord> {
  const { deployment } = context;
  const { evidenceHash } = parameters;
  const jobId = idOf(context, parameters.terms);
  const round = parameters.round ?? (await job(context, { jobId })).round;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = escrowDomain(deployment.chainId, deployment.escrow);
  const signature = await signWord(signerOf(context), domain, "Submit", { jobId, round, evidenceHash, validUntil });
  return { validUntil, signature };
}
