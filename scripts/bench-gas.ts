import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { boundPaths, disputePaths, otherPaths, warmUp, type BoundPath, type Path } from "./gas/paths.ts";
import { setStage } from "./gas/stage.ts";

const PAGE = new URL("../docs/gas.md", import.meta.url);

const number = (value: number): string => value.toLocaleString("en");

/**
 * Measures what the contracts' ways cost and writes docs/gas.md.
 * `--json` adds one last line `{"paths": [{"name", "gas", "bound"}]}`. Exits 1 when a path is above its bound.
 */
const stage = await setStage();
await warmUp(stage);
const other = [...(await measure(otherPaths)), ...(await measure(disputePaths))];
const bound = await measure(boundPaths);
console.log(boundTableOf(bound));
await writeFile(PAGE, await pageOf(boundTableOf(bound), otherTableOf(other)));

const over = bound.filter((path) => path.gas > path.bound);
for (const path of over) console.error(`Above its bound by ${number(path.gas - path.bound)}: ${path.name}`);
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ paths: bound.map(({ name, gas, bound }) => ({ name, gas, bound })) }));
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

function otherTableOf(rows: (Path & { gas: number })[]): string {
  return ["| path | gas |", "| --- | ---: |", ...rows.map(({ name, gas }) => `| ${name} | ${number(gas)} |`)].join(
    "\n",
  );
}

async function pageOf(boundTable: string, otherTable: string): Promise<string> {
  const template = await readFile(new URL("gas/page.md", import.meta.url), "utf8");
  const text = template.replace("{{bound paths}}", boundTable).replace("{{other paths}}", otherTable);
  return format(text, { parser: "markdown", printWidth: 120 });
}
