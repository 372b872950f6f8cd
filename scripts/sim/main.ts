/**
 * `npx pnpm@12 sim:arbitration [--cases N] [--seed S]`: plays cases of the arbitration pool without a chain and writes
 * what came of them to docs/arbitration.md and docs/images. The same cases and seed give the same bytes.
 *
 * --cases <number>: at least so many, 100,000 by default.
 * --seed <text>: "1" by default.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chartsOf } from "./charts.ts";
import { runExperiments } from "./experiments.ts";
import { sectionOf, withSection } from "./section.ts";

const PAGE = new URL("../../docs/arbitration.md", import.meta.url);
const IMAGES = new URL("../../docs/images/", import.meta.url);

const { values } = parseArgs({
  options: { cases: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const cases = Number(values.cases);
if (!Number.isSafeInteger(cases) || cases < 1) {
  throw new Error(`--cases must be a whole number from 1, it is ${values.cases}`);
}

console.log(`at least ${cases.toLocaleString("en")} cases, seed ${values.seed}`);
const startedAt = process.cpuUsage();
const figures = runExperiments(cases, values.seed);
const { user, system } = process.cpuUsage(startedAt);
const section = await sectionOf(figures, values.seed);
for (const [name, svg] of Object.entries(chartsOf(figures))) await writeFile(new URL(name, IMAGES), svg);
await writeFile(PAGE, withSection(await readFile(PAGE, "utf8"), section, "sim"));
console.log(section);
console.log(
  `${figures.cases.toLocaleString("en")} cases, seed ${values.seed}: ${((user + system) / 1e6).toFixed(1)} s of one core`,
);
