import { MAX_REVIEWERS, type ReviewAnswer } from "@hireforhumans/protocol";

/** One peer's answer on evidence, with how often this reviewer was right and wrong on golden tasks. */
export interface PeerReview {
  answer: ReviewAnswer;
  reason: string;
  goldenRight: number;
  goldenWrong: number;
}

export interface Judgement {
  /** undecided: five could not tell, and nothing more is asked. */
  outcome: ReviewAnswer | "more" | "undecided";
  /** The probability that the evidence is good, given the answers. */
  posterior: number;
  /** How many more answers are needed now. */
  needed: number;
}

/** Below this certainty nothing is settled by itself. */
const CERTAIN = 0.9;
/** Before its golden answers a reviewer counts as one of 4 right in 5. */
const PRIOR_RIGHT = 4;
const PRIOR_WRONG = 1;
/** Nobody is so good or bad as to decide alone. */
const BEST = 0.95;
const WORST = 0.5;

/** @param wanted how many are to answer at least */
export function judgeReviews(reviews: readonly PeerReview[], wanted: number): Judgement {
  const logOdds = reviews.reduce((sum, review) => sum + weightOf(review) * (review.answer === "pass" ? 1 : -1), 0);
  const posterior = 1 / (1 + Math.exp(-logOdds));
  if (reviews.length < wanted) return { outcome: "more", posterior, needed: wanted - reviews.length };
  if (posterior >= CERTAIN) return { outcome: "pass", posterior, needed: 0 };
  if (1 - posterior >= CERTAIN) return { outcome: "fail", posterior, needed: 0 };
  if (reviews.length >= MAX_REVIEWERS) return { outcome: "undecided", posterior, needed: 0 };
  return { outcome: "more", posterior, needed: 1 };
}

function weightOf({ goldenRight, goldenWrong }: PeerReview): number {
  const accuracy = (goldenRight + PRIOR_RIGHT) / (goldenRight + goldenWrong + PRIOR_RIGHT + PRIOR_WRONG);
  const bounded = Math.min(BEST, Math.max(WORST, accuracy));
  return Math.log(bounded / (1 - bounded));
}
