/**
 * `npx pnpm@12 coverage`: runs the tests of the contracts' operations with Hardhat's coverage and writes docs/coverage.md.
 * Exits 1 when a test fails, or a line or a statement of a contract is run by none.
 */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { readSources } from "./mutate/compile.ts";
import { Tests } from "./mutate/tests.ts";

const PAGE = new URL("../docs/coverage.md", import.meta.url);
const TEMPLATE = new URL("coverage/page.md", import.meta.url);
const LINES = new URL("../coverage/lcov.info", import.meta.url);

/** What is known of a file: parts of 100, and the lines that no test runs. */
interface Coverage {
  path: string;
  linePercent: string;
  statementPercent: string;
  uncovered: number[];
}

const { mocha } = await Tests.find(await readSources());
const printed = await hardhat("test", "mocha", "--coverage", ...mocha);
// The artifacts are now those with markers, which are none to deploy.
await hardhat("build", "--quiet", "--no-tests");

const files = coverageOf(printed, await readFile(LINES, "utf8"));
await writeFile(PAGE, await pageOf(files));
const gaps = files.filter(({ statementPercent, uncovered }) => uncovered.length > 0 || statementPercent !== "100.00");
for (const { path, uncovered } of gaps)
  console.error(`not run by any test: ${path}, lines ${uncovered.join(", ") || "in part"}`);
if (gaps.length > 0) process.exitCode = 1;

/** Runs Hardhat and gives what it printed. */
async function hardhat(...args: string[]): Promise<string> {
  const child = spawn("hardhat", args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`hardhat ${args.slice(0, 2).join(" ")} ended with code ${String(code)}`);
  return text;
}

/** Statements are in the printed table only, and all uncovered lines in the LCOV file only. */
function coverageOf(table: string, lcov: string): Coverage[] {
  const uncoveredOf = (path: string): number[] => {
    const section = lcov.split("end_of_record").find((part) => part.includes(`SF:${path}\n`)) ?? "";
    return [...section.matchAll(/^DA:(\d+),0$/gm)].map(([, line]) => Number(line)).sort((a, b) => a - b);
  };
  const rows = [...table.matchAll(/║ (contracts\/\S+) +│ ([\d.]+) +│ ([\d.]+) +│/g)];
  if (rows.length === 0) throw new Error("Hardhat printed no table of coverage that can be read here");
  return rows
    .map(([, path = "", linePercent = "", statementPercent = ""]) => ({
      path,
      linePercent,
      statementPercent,
      uncovered: uncoveredOf(path),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function pageOf(files: Coverage[]): Promise<string> {
  const rows = files.map(
    ({ path, linePercent, statementPercent, uncovered }) =>
      `| [${path}](../${path}) | ${linePercent} | ${statementPercent} | ${uncovered.join(", ") || "none"} |`,
  );
  const table = [
    "| contract | lines, % | statements, % | lines that no test runs |",
    "| --- | ---: | ---: | --- |",
    ...rows,
  ];
  const text = (await readFile(TEMPLATE, "utf8")).replace("{{files}}", table.join("\n"));
  return await format(text, { parser: "markdown", printWidth: 120 });
}
