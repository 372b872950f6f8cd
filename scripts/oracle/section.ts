import { format } from "prettier";
import { table } from "../sim/section.ts";
import { REVIEWERS } from "./crowd.ts";
import { type Figures, GOLDEN_SHARE, JOBS_PER_CROWD } from "./figures.ts";

/** What the bench prints, and writes to docs/review.md. */
export async function sectionOf(figures: readonly Figures[], jobs: number, seed: string): Promise<string> {
  const goodShares = [...new Set(figures.map(({ good }) => good))];
  const text = [
    `Simulated by \`npx pnpm@12 bench:oracle --write\`: ${jobs.toLocaleString("en")} jobs in each row, seed ${seed}; the
same \`--jobs\` and \`--seed\` give the same figures. Crowds of ${REVIEWERS} reviewers begin without a record and review
${JOBS_PER_CROWD.toLocaleString("en")} jobs each; their first reviews count too. Spammers never look: they guess, or
always say pass. The others are right in the share given on average, spread by 15 points to both sides (less at 95 %),
**independently of each other**. ${percent(GOLDEN_SHARE)} % of reviews are golden, half of them good and half bad, and
are counted in the reviews per job. The majority is of 1, 3, 5 or 7 reviewers, mixed so that it costs as many reviews,
and spends none on golden tasks. Right answers in %; the vote and the batch estimate count with their likelier answer
also where they are not sure enough to settle.`,
    "![Wrong answers by quality and spammers](images/review-crowds.svg)",
    ...goodShares.map(
      (good) =>
        `#### Where ${percent(good)} % of the evidence is good\n\n${rowsOf(figures.filter((each) => each.good === good))}`,
    ),
    beaten("The weighted vote", figures, ({ vote, majority }) => vote - majority),
    beaten("The batch estimate", figures, ({ batch, majority }) => batch - majority),
  ].join("\n\n");
  return await format(text, { parser: "markdown", printWidth: 120 });
}

function rowsOf(figures: readonly Figures[]): string {
  return table(
    ["crowd", "reviews per job", "single check", "majority", "vote", "batch", "left undecided", "wrong of the settled"],
    figures.map((each) => [
      nameOf(each),
      each.cost.toFixed(2),
      ...[each.single, each.majority, each.vote, each.batch, each.undecided, each.wrongSettled].map(digits),
    ]),
  );
}

function beaten(name: string, figures: readonly Figures[], gain: (figures: Figures) => number): string {
  const lost = figures.filter((each) => gain(each) <= 0);
  if (lost.length === 0) return `${name} beats the majority at equal cost in all ${figures.length} rows.`;
  const where = lost.map(
    (each) => `- ${nameOf(each)}, ${percent(each.good)} % good: ${(100 * gain(each)).toFixed(1)} points`,
  );
  return `${name} beats the majority at equal cost in ${figures.length - lost.length} of ${figures.length} rows, and not in:\n\n${where.join("\n")}`;
}

function nameOf({ quality, spammers, spam }: Figures): string {
  const others = spammers === 0 ? "no spammers" : `${percent(spammers)} % ${spam}`;
  return `right in ${percent(quality)} %, ${others}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(0);
}

function digits(share: number): string {
  return (share * 100).toFixed(1);
}
