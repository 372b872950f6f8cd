import type { ReviewAnswer } from "@hireforhumans/protocol";
import type { GoldenRecord } from "@hireforhumans/oracle";
import type { Random } from "../sim/random.ts";

export const REVIEWERS = 40;
/** How far diligent reviewers are from their mean; less where they would else be perfect. */
const SPREAD = 0.15;
const BEST = 0.99;

export type Spam = "guess" | "always pass";

export interface Crowd {
  /** How often diligent reviewers are right, on average. */
  quality: number;
  /** The share of reviewers who never look, 0 to 1. */
  spammers: number;
  spam: Spam;
  /** The share of evidence that is good, 0 to 1. */
  good: number;
}

export interface Reviewer extends GoldenRecord {
  name: string;
  review(truth: ReviewAnswer): ReviewAnswer;
}

/** Diligent reviewers spread evenly around the quality, and the spammers, none with a record yet. */
export function reviewersOf({ quality, spammers, spam }: Crowd, random: Random): [Reviewer, ...Reviewer[]] {
  const spread = Math.min(SPREAD, BEST - quality);
  const spamming = Math.round(REVIEWERS * spammers);
  const diligent = REVIEWERS - spamming;
  const reviewer = (index: number): Reviewer => {
    const accuracy = quality + spread * ((2 * (index - spamming) + 1) / diligent - 1);
    const spamAnswer = () => (spam === "always pass" || random.chance(0.5) ? "pass" : "fail");
    return {
      name: String(index),
      goldenRight: 0,
      goldenWrong: 0,
      review: index < spamming ? spamAnswer : (truth) => (random.chance(accuracy) ? truth : opposite(truth)),
    };
  };
  return [reviewer(0), ...Array.from({ length: REVIEWERS - 1 }, (_, index) => reviewer(index + 1))];
}

export function opposite(answer: ReviewAnswer): ReviewAnswer {
  return answer === "pass" ? "fail" : "pass";
}
