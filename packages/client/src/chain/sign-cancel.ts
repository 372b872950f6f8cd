import { escrowDomain, signWord, type Terms } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { idOf, type SignedWord } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignCancelParameters {
  terms: Terms;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  validUntil?: bigint;
}

/**
 * Signs as the client that an open job be cancelled, for anyone to carry.
 * @example const word = await clientsEscrow.signCancel({ terms });
 */
export async function signCancel(context: ChainContext, parameters: SignCancelParameters): Promise<SignedWord> {
  const { deployment } = context;
  const validUntil = await validUntilOr(context, parameters.validUntil);
  const domain = escrowDomain(deployment.chainId, deployment.escrow);
  const message = { jobId: idOf(context, parameters.terms), validUntil };
  return { validUntil, signature: await signWord(signerOf(context), domain, "Cancel", message) };
}
