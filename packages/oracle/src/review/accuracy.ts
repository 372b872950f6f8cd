/** How often a reviewer was right and wrong on golden tasks, whose answer is known. */
export interface GoldenRecord {
  goldenRight: number;
  goldenWrong: number;
}

/** Before its golden answers a reviewer counts as one of 4 right in 5: the prior is Beta(4, 1). */
export const PRIOR = { right: 4, wrong: 1 };

/**
 * The probability that a reviewer's next answer is right: the mean of the posterior Beta(4 + right, 1 + wrong), as in
 * Gelman et al., Bayesian Data Analysis (3rd edition, 2.4). One number for both answers: some dozen golden tasks can't
 * tell two apart.
 * @returns over 0, below 1
 */
export function accuracyOf({ goldenRight, goldenWrong }: GoldenRecord): number {
  const right = goldenRight + PRIOR.right;
  return right / (right + goldenWrong + PRIOR.wrong);
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
