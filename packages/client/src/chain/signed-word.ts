import type { Terms } from "@hireforhumans/protocol";
import { jobIdOf } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";

/** A word that somebody signed, to be carried by anyone. */
export interface SignedWord {
  /** The last second (chain time) in which it may be used. */
  validUntil: bigint;
  signature: string;
}

/** What stands for a signed word where the sender speaks for itself. */
export const OWN_WORD: SignedWord = { validUntil: 0n, signature: "0x" };

/** The job's id on chain. */
export function idOf({ deployment }: ChainContext, terms: Terms): string {
  return jobIdOf(deployment.chainId, deployment.escrow, terms);
}
