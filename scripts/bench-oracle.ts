/**
 * `npx pnpm@12 bench:oracle [--jobs N] [--seed S] [--write]`: how often reviews by simulated crowds are right, and what
 * they cost: a single check, a majority at equal cost, the weighted vote, and the batch estimate of the same reviews.
 *
 * --jobs <number>: of each kind of crowd, 8,000 by default.
 * --seed <text>: "1" by default. The same jobs and seed give the same bytes.
 * --write: also writes them to docs/review.md and docs/images.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chartOf } from "./oracle/chart.ts";
import { measure } from "./oracle/figures.ts";
import { sectionOf } from "./oracle/section.ts";
import { withSection } from "./sim/section.ts";

const PAGE = new URL("../docs/review.md", import.meta.url);
const CHART = new URL("../docs/images/review-crowds.svg", import.meta.url);

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "8000" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const jobs = Number(values.jobs);
if (!Number.isSafeInteger(jobs) || jobs < 1) {
  throw new Error(`--jobs must be a whole number from 1, it is ${values.jobs}`);
}

console.log(`${jobs.toLocaleString("en")} jobs of each kind of crowd, seed ${values.seed}`);
const startedAt = process.cpuUsage();
const figures = measure(jobs, values.seed);
const { user, system } = process.cpuUsage(startedAt);
const section = await sectionOf(figures, jobs, values.seed);
if (values.write) {
  await writeFile(CHART, chartOf(figures));
  await writeFile(PAGE, withSection(await readFile(PAGE, "utf8"), section, "bench"));
}
console.log(section);
console.log(`${((user + system) / 1e6).toFixed(1)} s of one core`);
