import { concat, keccak256 } from "ethers";

/**
 * The salt in the terms of a review job: it says whose evidence is reviewed to those who are shown the opening, and nothing to
 * the reviewer, who could else look the evidence up on chain.
 * @param opening 32 random bytes
 */
export function reviewSaltOf(evidenceHash: string, opening: string): string {
  return keccak256(concat([evidenceHash, opening]));
}
