/**
 * `npx pnpm@12 bench:matching`: how fast and how fair matching is, see docs/matching.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { type Figure, tableOf } from "./bench/figures.ts";
import { measureMatching } from "./bench/matching.ts";

const usage = `npx pnpm@12 bench:matching [--engine NAME] [--workers N] [--online N] [--seconds N] [--clients N] [--json] [--write]

  --engine NAME        postgres or embedded. Default: both.
  --workers N          Default: 1000000, embedded 10000.
  --online N           How many of them are there. Default: three in ten.
  --seconds N          How long each load lasts. Default: 10.
  --clients N          How many match at the same time. Default: 16.
  --database-url URL   The PostgreSQL server. It gets a database that is dropped.
                       Default: postgresql://postgres@127.0.0.1:5432/postgres
  --json               Adds one last line {"figures": [{"name", "what", "value", "unit", "aim"}]}.
  --write              Writes the tables into docs/matching.md.`;

const page = new URL("../docs/matching.md", import.meta.url);
const engines = { postgres: "PostgreSQL", embedded: "the embedded database" };

const { values } = parseArgs({
  options: {
    engine: { type: "string" },
    workers: { type: "string" },
    online: { type: "string" },
    seconds: { type: "string", default: "10" },
    clients: { type: "string", default: "16" },
    "database-url": { type: "string", default: "postgresql://postgres@127.0.0.1:5432/postgres" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Part {
  title: string;
  figures: Figure[];
}

function numberOf(option: "workers" | "online" | "seconds" | "clients", otherwise: number): number {
  const number = Number(values[option] ?? otherwise);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${option} must be a whole number from 1, it is ${values[option]}`);
}

async function measure(): Promise<Part[]> {
  if (values.engine !== undefined && !(values.engine in engines)) {
    throw new Error(`--engine knows postgres and embedded; not ${values.engine}`);
  }
  const parts: Part[] = [];
  for (const [engine, name] of Object.entries(engines)) {
    if (values.engine !== undefined && values.engine !== engine) continue;
    const workers = numberOf("workers", engine === "postgres" ? 1_000_000 : 10_000);
    const online = Math.min(workers, numberOf("online", Math.ceil(workers * 0.3)));
    const { speed, fairness } = await measureMatching({
      serverUrl: engine === "postgres" ? values["database-url"] : undefined,
      workers,
      online,
      seconds: numberOf("seconds", 10),
      clients: numberOf("clients", 16),
    });
    const add = (title: string, figures: Figure[]) => {
      console.log(`\n${title}\n\n${tableOf(figures)}\n`);
      parts.push({ title, figures });
    };
    add(`Matching, ${name}`, [population(workers, online), ...speed]);
    add(`Shares of equals, ${name}`, fairness);
  }
  return parts;
}

const population = (workers: number, online: number): Figure => ({
  name: "matching.online",
  what: `workers on line, of ${workers.toLocaleString("en")}`,
  value: online,
  unit: "",
});

/** Puts each table in the place of the one under its heading; what else the page says is written by hand. */
async function writePage(parts: readonly Part[]): Promise<void> {
  let text = await readFile(page, "utf8");
  for (const { title, figures } of parts) {
    const section = new RegExp(`(^### ${title}\\n\\n)(?:\\|.*\\n)*\\n?`, "m");
    if (!section.test(text)) throw new Error(`docs/matching.md has no heading "### ${title}"`);
    text = text.replace(section, (_, heading: string) => `${heading}${tableOf(figures)}\n\n`);
  }
  await writeFile(page, await format(text, { parser: "markdown", printWidth: 120 }));
}

if (values.help) {
  console.log(usage);
} else {
  const parts = await measure();
  if (values.write) await writePage(parts);
  if (values.json) console.log(JSON.stringify({ figures: parts.flatMap(({ figures }) => figures) }));
}
