/**
 * `npx pnpm@12 bench:gateway`: how fast the whole path is and where it ends, see docs/performance.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { withStack } from "./bench/bench-stack.ts";
import { measureCreation } from "./bench/creation.ts";
import { type Figure, tableOf } from "./bench/figures.ts";
import { measureEndurance } from "./bench/endurance.ts";
import { measureFollower } from "./bench/follower.ts";
import { measureLives } from "./bench/lives.ts";
import { measurePath } from "./bench/path.ts";
import { measureStartUp } from "./bench/start-up.ts";

const usage = `npx pnpm@12 bench:gateway [--only PART] [--database-url URL] [--json] [--write] …

  --only PART          One of start, creation, lives, path, follower; may be given again. Default: all.
  --seconds N          How long each load of POST /v1/jobs lasts. Default: 20.
  --jobs N             Jobs that are played to their payment. Default: 150.
  --history N          Jobs on the chain that the follower catches up with. Default: 10000.
  --database-url URL   A PostgreSQL server, measured beside the embedded database. It gets a database that is dropped.
  --engine NAME        embedded or postgres alone. Default: both, where there is a server.
  --minutes N          Beside the rest: jobs at an even rate for so long, and the memory over that time.
  --rate N             Jobs a second of that. Default: 150, half of what is aimed at.
  --profile DIR        Writes CPU profiles of the gateway there.
  --json               Adds one last line {"figures": [{"name", "what", "value", "unit", "aim"}]}.
  --write              Writes the tables of what was measured into docs/performance.md.`;

const parts = ["start", "creation", "lives", "path", "follower", "endurance"] as const;
const byDefault = parts.filter((part) => part !== "endurance");
const page = new URL("../docs/performance.md", import.meta.url);

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [...byDefault] },
    seconds: { type: "string", default: "20" },
    jobs: { type: "string", default: "150" },
    history: { type: "string", default: "10000" },
    "database-url": { type: "string" },
    engine: { type: "string" },
    minutes: { type: "string" },
    rate: { type: "string", default: "150" },
    profile: { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Part {
  title: string;
  figures: Figure[];
}

async function measure(): Promise<Part[]> {
  const measured: Part[] = [];
  const add = async (part: (typeof parts)[number], title: string, work: () => Promise<Figure[]>) => {
    if (!wanted.has(part)) return;
    const figures = await work();
    console.log(`\n${title}\n\n${tableOf(figures)}`);
    measured.push({ title, figures });
  };
  const wanted = new Set(values.minutes === undefined ? values.only : [...values.only, "endurance"]);
  const databaseUrl = values["database-url"];
  const engines = [
    ...(values.engine === "postgres" ? [] : [{ engine: "embedded", databaseUrl: undefined }]),
    ...(databaseUrl === undefined || values.engine === "embedded" ? [] : [{ engine: "PostgreSQL", databaseUrl }]),
  ];
  await add("start", "Start-up and memory", measureStartUp);
  for (const { engine, databaseUrl } of engines) {
    const options = { databaseUrl, profileDir: values.profile };
    await add("creation", `Creating jobs, ${engine}`, () =>
      withStack(options, (stack) => measureCreation(stack, { seconds: numberOf("seconds"), engine })),
    );
    await add("lives", `Whole lives, ${engine}`, () =>
      withStack(options, (stack) => measureLives(stack, { seconds: numberOf("seconds"), engine })),
    );
    await add("endurance", `Over long, ${engine}`, () =>
      withStack(options, (stack) =>
        measureEndurance(stack, { minutes: numberOf("minutes"), rate: numberOf("rate"), engine }),
      ),
    );
    await add("path", `From a job to its payment, ${engine}`, () =>
      withStack(options, (stack) => measurePath(stack, { jobs: numberOf("jobs"), engine })),
    );
  }
  await add("follower", "Catching up with the chain, embedded", () => measureFollower(numberOf("history")));
  return measured;
}

function numberOf(option: "seconds" | "jobs" | "history" | "minutes" | "rate"): number {
  const number = Number(values[option]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${option} must be a whole number from 1, it is ${values[option]}`);
}

function requireParts(): void {
  const unknown = values.only.filter((name) => !(parts as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`--only knows ${parts.join(", ")}; not ${unknown.join(", ")}`);
}

/** Puts each table in the place of the one under its heading; what else the page says is written by hand. */
async function writePage(measured: readonly Part[]): Promise<void> {
  let text = await readFile(page, "utf8");
  for (const { title, figures } of measured) {
    const section = new RegExp(`(^### ${title}\\n\\n)(?:\\|.*\\n)*\\n?`, "m");
    if (!section.test(text)) throw new Error(`docs/performance.md has no heading "### ${title}"`);
    text = text.replace(section, (_, heading: string) => `${heading}${tableOf(figures)}\n\n`);
  }
  await writeFile(page, await format(text, { parser: "markdown", printWidth: 120 }));
}

if (values.help) {
  console.log(usage);
} else {
  requireParts();
  const measured = await measure();
  if (values.write) await writePage(measured);
  if (values.json) console.log(JSON.stringify({ figures: measured.flatMap(({ figures }) => figures) }));
}
