/** How often a reviewer was right and wrong on golden tasks, whose answer is known. */
export interface GoldenRecord {
  goldenRight: number;
  goldenWrong: number;
}

/** Before anybody in a domain has answered golden tasks, a reviewer counts as one of 4 right in 5. */
export const FIRST = { right: 4, wrong: 1 };

/** Of nobody. */
export const NO_RECORD: GoldenRecord = { goldenRight: 0, goldenWrong: 0 };

/**
 * The probability that a reviewer's next answer is right: the mean of the posterior of a Beta prior that weighs five
 * answers, as in Gelman et al., Bayesian Data Analysis (3rd edition, 2.4). The prior's mean is that of the whole crowd
 * (empirical Bayes: Efron and Morris 1973), so that newcomers to a poor crowd are not believed too soon. One number for
 * both answers: some dozen golden tasks can't tell two apart.
 * @param crowd how often all reviewers of the domain were right and wrong
 * @returns over 0, below 1
 */
export function accuracyOf({ goldenRight, goldenWrong }: GoldenRecord, crowd: GoldenRecord = NO_RECORD): number {
  const weight = FIRST.right + FIRST.wrong;
  const mean = (FIRST.right + crowd.goldenRight) / (weight + crowd.goldenRight + crowd.goldenWrong);
  return (goldenRight + weight * mean) / (goldenRight + goldenWrong + weight);
}

/**
 * The lower end of the score interval for a reviewer's accuracy (Wilson 1927, Journal of the American Statistical
 * Association 22). No prior goes into it: who has no record has 0.
 * @param z the normal quantile of the confidence, such as 1.645 for 95 % on this one side
 * @returns 0 to 1
 */
export function leastAccuracyOf({ goldenRight, goldenWrong }: GoldenRecord, z: number): number {
  const asked = goldenRight + goldenWrong;
  if (asked === 0) return 0;
  const share = goldenRight / asked;
  const middle = share + z ** 2 / (2 * asked);
  const spread = z * Math.sqrt((share * (1 - share)) / asked + (z / (2 * asked)) ** 2);
  return Math.max(0, (middle - spread) / (1 + z ** 2 / asked));
}
