import { MAX_REVIEWERS, type ReviewAnswer } from "@hireforhumans/protocol";
import { accuracyOf, type GoldenRecord } from "./accuracy.ts";

/** One peer's answer on evidence, with this reviewer's record on golden tasks. */
export interface PeerReview extends GoldenRecord {
  answer: ReviewAnswer;
  reason: string;
}

/** What peers said of one piece of evidence so far. */
export interface PeerReviews {
  /** How many are to answer at least. */
  wanted: number;
  /** How often all reviewers of the domain were right and wrong on golden tasks. */
  crowd: GoldenRecord;
  answers: readonly PeerReview[];
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
/** Nobody is so good or bad as to decide alone. */
const BEST = 0.95;
const WORST = 0.5;

/**
 * The posterior by Bayes' rule, good and bad evidence equally likely before, from answers that are independent given the
 * truth: each weighs the logarithm of its odds, which decides best of all votes (Nitzan and Paroush 1982, Optimal Decision
 * Rules in Uncertain Dichotomous Choice Situations). Asks on until one answer is 90 % certain, as Wald's sequential test.
 */
export function judgeReviews({ wanted, crowd, answers }: PeerReviews): Judgement {
  const logOdds = answers.reduce(
    (sum, review) => sum + weightOf(review, crowd) * (review.answer === "pass" ? 1 : -1),
    0,
  );
  const posterior = 1 / (1 + Math.exp(-logOdds));
  if (answers.length < wanted) return { outcome: "more", posterior, needed: wanted - answers.length };
  if (posterior >= CERTAIN) return { outcome: "pass", posterior, needed: 0 };
  if (1 - posterior >= CERTAIN) return { outcome: "fail", posterior, needed: 0 };
  if (answers.length >= MAX_REVIEWERS) return { outcome: "undecided", posterior, needed: 0 };
  return { outcome: "more", posterior, needed: 1 };
}

/** The logarithm of the odds that the answer is right. */
function weightOf(record: GoldenRecord, crowd: GoldenRecord): number {
  const accuracy = Math.min(BEST, Math.max(WORST, accuracyOf(record, crowd)));
  return Math.log(accuracy / (1 - accuracy));
}
