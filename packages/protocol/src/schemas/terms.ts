import { z } from "zod";
import type { Terms } from "../terms.ts";
import { addressSchema, bytes32Schema, unixSecondsSchema } from "./scalars.ts";

const baseUnits = z.string().regex(/^\d{1,29}$/);
const windowSeconds = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** The terms as JSON, exactly as they must be handed to the contract: base units and WAD as digits. */
export const termsSchema = z
  .object({
    client: addressSchema,
    worker: addressSchema,
    matcher: addressSchema,
    verifier: addressSchema,
    arbiter: addressSchema,
    reward: baseUnits.meta({ description: "USDC base units." }),
    min_reputation: baseUnits.meta({ description: "WAD." }),
    backstop_share_bps: z.int().min(0).max(10_000),
    deadline: unixSecondsSchema,
    work_window: windowSeconds.meta({ description: "Seconds." }),
    verify_window: windowSeconds.meta({ description: "Seconds." }),
    review_window: windowSeconds.meta({ description: "Seconds." }),
    domain: bytes32Schema,
    spec_hash: bytes32Schema,
    salt: bytes32Schema,
  })
  .meta({
    id: "Terms",
    description: "What the escrow hashes into the job's id on chain. With these anyone can call the contract directly.",
  });
export type TermsJson = z.infer<typeof termsSchema>;

export function termsToJson(terms: Terms): TermsJson {
  return {
    client: terms.client,
    worker: terms.worker,
    matcher: terms.matcher,
    verifier: terms.verifier,
    arbiter: terms.arbiter,
    reward: terms.reward.toString(),
    min_reputation: terms.minReputation.toString(),
    backstop_share_bps: Number(terms.backstopShareBps),
    deadline: Number(terms.deadline),
    work_window: Number(terms.workWindow),
    verify_window: Number(terms.verifyWindow),
    review_window: Number(terms.reviewWindow),
    domain: terms.domain,
    spec_hash: terms.specHash,
    salt: terms.salt,
  };
}

/**
 * The terms in a JSON document.
 * @throws z.ZodError when it holds no terms
 */
export function parseTerms(json: unknown): Terms {
  const terms = termsSchema.parse(json);
  return {
    client: terms.client,
    worker: terms.worker,
    matcher: terms.matcher,
    verifier: terms.verifier,
    arbiter: terms.arbiter,
    reward: BigInt(terms.reward),
    minReputation: BigInt(terms.min_reputation),
    backstopShareBps: BigInt(terms.backstop_share_bps),
    deadline: BigInt(terms.deadline),
    workWindow: BigInt(terms.work_window),
    verifyWindow: BigInt(terms.verify_window),
    reviewWindow: BigInt(terms.review_window),
    domain: terms.domain,
    specHash: terms.spec_hash,
    salt: terms.salt,
  };
}
