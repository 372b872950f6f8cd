import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { idOf, type SignedWord } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignDisputeParameters {
  terms: Terms;
  /** `hashOf` the statement. */
  statementHash: string;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}

/**
 * Signs as the worker or the client that the job be brought before its arbiter, for anyone to carry.
 * @example const word = await workersEscrow.signDispute({ terms, statementHash: hashOf(statement) });
 */
export async function signDispute(context: ChainContext, parameters: SignDisputeParameters): Promise<SignedWord> {
  const { deployment } = context;
  const signer = signerOf(context);
  const { terms, statementHash } = parameters;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = escrowDomain(deployment.chainId, deployment.escrow);
  const message = { jobId: idOf(context, terms), by: await signer.getAddress(), statementHash, validUntil };
  return { validUntil, signature: await signWord(signer, domain, "Dispute", message) };
}
