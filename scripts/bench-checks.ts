/**
 * `npx pnpm@12 bench:checks`: how fast evidence is checked, see docs/performance.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { measureChecks } from "./bench/checks.ts";
import { type Figure, tableOf } from "./bench/figures.ts";
import { measureLikeness } from "./bench/likeness.ts";

const usage = `npx pnpm@12 bench:checks [--database-url URL] [--earlier N] [--runs N] [--json] [--write]

  --runs N             How often each is measured. Default: 500.
  --database-url URL   A PostgreSQL server, for the search for near-duplicates. It gets a database that is dropped.
  --earlier N          The earlier texts that are searched. Default: 1000000.
  --json               Adds one last line {"figures": [{"name", "what", "value", "unit", "aim"}]}.
  --write              Writes the table into docs/performance.md.`;

const page = new URL("../docs/performance.md", import.meta.url);
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "500" },
    earlier: { type: "string", default: "1000000" },
    "database-url": { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function numberOf(option: "runs" | "earlier"): number {
  const number = Number(values[option]);
  if (Number.isSafeInteger(number) && number >= 10) return number;
  throw new Error(`--${option} must be a whole number from 10, it is ${values[option]}`);
}

async function measure(): Promise<Figure[]> {
  const url = values["database-url"];
  const checks = await measureChecks(numberOf("runs"));
  return [...checks, ...(url === undefined ? [] : await measureLikeness(url, numberOf("earlier"), numberOf("runs")))];
}

async function writePage(figures: readonly Figure[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const section = /(^### Checking evidence\n\n)(?:\|.*\n)*\n?/m;
  if (!section.test(text)) throw new Error('docs/performance.md has no heading "### Checking evidence"');
  const written = text.replace(section, (_, heading: string) => `${heading}${tableOf(figures)}\n\n`);
  await writeFile(page, await format(written, { parser: "markdown", printWidth: 120 }));
}

if (values.help) {
  console.log(usage);
} else {
  const figures = await measure();
  console.log(tableOf(figures));
  if (values.write) await writePage(figures);
  if (values.json) console.log(JSON.stringify({ figures }));
}
