import { type Acceptance, type TermsJson, feeOf, parseTerms, wadOf } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import { START_SCORE } from "../matching/rank.ts";
import { keyedHash, lotOf } from "./secret.ts";

/** Fewer can't disagree. */
export const LEAST_REVIEWERS = 2;

/** What so many reviews cost, fees included: base units. */
export const costOfReviews = (reviewers: number, reward: bigint): bigint =>
  BigInt(reviewers) * (reward + feeOf(reward));

export interface Reviewable {
  evidenceId: string;
  /** It answers a review itself. */
  isReview: boolean;
  worker: string;
  acceptance: Acceptance;
  terms: TermsJson;
  /** It came sooner than its worker can have read the case. */
  hurried: boolean;
}

/**
 * How many peers at least are to review evidence: as many as the job asks for; else, where this gateway reviews by itself,
 * two where its worker's reputation in the domain is low, where it was hurried, or where the lot falls on it. It is kept
 * with the evidence when that is first verified, so that a score that moves meanwhile changes nothing.
 */
export async function reviewersWanted(
  ctx: Context,
  { evidenceId, isReview, worker, acceptance, terms, hurried }: Reviewable,
): Promise<number> {
  const { reviewFund, reviewBelowScore, reviewShare } = ctx.config;
  if (reviewFund === undefined || isReview) return 0;
  // Whatever has it reviewed, the job's own fee pays: else whoever posts for a cent would have the fund pay its friends.
  if (feeOf(parseTerms(terms).reward) < costOfReviews(LEAST_REVIEWERS, ctx.config.reviewReward)) return 0;
  const asksForJudgement = acceptance.checks.some(({ check }) => check === "rubric");
  if (acceptance.reviewers > 0 || asksForJudgement) return Math.max(acceptance.reviewers, LEAST_REVIEWERS);
  if (hurried && (reviewShare > 0 || reviewBelowScore > 0)) return LEAST_REVIEWERS;
  const drawn = lotOf(keyedHash(ctx.config, "review lot", evidenceId)) < reviewShare;
  const score = await scoreOf(ctx.db, worker, terms.domain);
  return drawn || score < wadOf(reviewBelowScore) ? LEAST_REVIEWERS : 0;
}

async function scoreOf(db: Database, address: string, domainHash: string): Promise<bigint> {
  const row = await db
    .selectFrom("reputations")
    .select("score")
    .where("address", "=", address)
    .where("domain_hash", "=", domainHash)
    .executeTakeFirst();
  return BigInt(row?.score ?? START_SCORE);
}
