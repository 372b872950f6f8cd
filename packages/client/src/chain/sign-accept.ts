import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { job } from "./reads.ts";
import { idOf, type SignedWord } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignAcceptParameters {
  terms: Terms;
  /** The job's round; read from the chain when left out. */
  round?: bigint;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}

/**
 * Signs that the signer takes this job in this round, for anyone (or the terms' matcher) to carry.
 * @example const word = await workersEscrow.signAccept({ terms });
 */
export async function signAccept(context: ChainContext, parameters: SignAcceptParameters): Promise<SignedWord> {
  const { deployment } = context;
  const jobId = idOf(context, parameters.terms);
  const round = parameters.round ?? (await job(context, { jobId })).round;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = escrowDomain(deployment.chainId, deployment.escrow);
  const signature = await signWord(signerOf(context), domain, "Accept", { jobId, round, validUntil });
  return { validUntil, signature };
}
