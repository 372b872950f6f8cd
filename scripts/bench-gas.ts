import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import {
  boundPaths,
  committeePaths,
  disputePaths,
  otherPaths,
  warmUp,
  type BoundPath,
  type Path,
} from "./gas/paths.ts";
import { setStage } from "./gas/stage.ts";

const PAGE = new URL("../docs/gas.md", import.meta.url);

const number = (value: number): string => value.toLocaleString("en");

/**
 * Measures what the contracts' ways cost and writes docs/gas.md.
 * `--json` adds one last line `{"paths": [{"name", "gas", "bound"}]}`, where `bound` is null for a path of which no bound
 * is promised. Exits 1 when a path is above its bound.
 */
const stage = await setStage();
await warmUp(stage);
const other = [...(await measure(otherPaths)), ...(await measure(disputePaths))];
const committee = await measure(committeePaths);
const bound = await measure(boundPaths);
console.log(`${boundTableOf(bound)}\n\n${tableOf(committee)}`);
await writeFile(PAGE, await page());

const over = bound.filter((path) => path.gas > path.bound);
for (const path of over) console.error(`Above its bound by ${number(path.gas - path.bound)}: ${path.name}`);
if (process.argv.includes("--json")) {
  const paths = [
    ...bound.map(({ name, gas, bound }) => ({ name, gas, bound })),
    ...committee.map(({ name, gas }) => ({ name, gas, bound: null })),
  ];
  console.log(JSON.stringify({ paths }));
}
process.exitCode = over.length > 0 ? 1 : 0;

async function measure<P extends Path>(paths: P[]): Promise<(P & { gas: number })[]> {
  const measured: (P & { gas: number })[] = [];
  for (const path of paths) measured.push({ ...path, gas: await path.measure(stage) });
  return measured;
}

function boundTableOf(rows: (BoundPath & { gas: number })[]): string {
  return [
    "| path | gas | at most | aim | best known system |",
    "| --- | ---: | ---: | ---: | --- |",
    ...rows.map(
      ({ name, gas, bound, aim, bestKnown }) =>
        `| ${name} | ${number(gas)} | ${number(bound)} | ${number(aim)} | ${bestKnown} |`,
    ),
  ].join("\n");
}

function tableOf(rows: (Path & { gas: number })[]): string {
  return ["| path | gas |", "| --- | ---: |", ...rows.map(({ name, gas }) => `| ${name} | ${number(gas)} |`)].join(
    "\n",
  );
}

async function page(): Promise<string> {
  const template = await readFile(new URL("gas/page.md", import.meta.url), "utf8");
  const text = template
    .replace("{{bound paths}}", boundTableOf(bound))
    .replace("{{committee paths}}", tableOf(committee))
    .replace("{{other paths}}", tableOf(other));
  return format(text, { parser: "markdown", printWidth: 120 });
}
