import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { type Case, casesOf, engines, isBad, type Result, run } from "./chaos/campaign.ts";
import { longForm, shortForm } from "./chaos/forms.ts";
import { Kept } from "./chaos/kept.ts";
import { pointsTableOf, tableOf, writePage } from "./chaos/report.ts";

const usage = `npx pnpm@12 chaos [--long] [--seed SEED] [--only FAULT]... [--engine ENGINE] [--worlds N] [--minutes N]
                    [--write] [--json]

Kills processes and makes trouble while jobs are played on a real local chain, and looks whether anything got lost,
came twice or stuck; see docs/reliability.md. Ends with 1 where it did.

  --long          All points, 25 deaths each, and all other faults: about four hours of two cores. Default: some of
                  each, a minute. What went well is kept in scripts/chaos/played: the same seed goes on where a run ended.
  --seed SEED     That of an earlier run, to play the same cases. Default: a fresh one.
  --only FAULT    Cases whose fault or title has this text; may be given more than once.
  --engine NAME   postgres or embedded. Default: both.
  --worlds N      Stacks of each engine that play at the same time. Default: 1, with --long 3.
  --minutes N     Begins no case after so long. Default: plays all.
  --write         Writes the tables into docs/reliability.md.
  --json          Prints the results as JSON too.`;

const { values } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    seed: { type: "string", default: randomBytes(4).toString("hex") },
    only: { type: "string", multiple: true, default: [] },
    engine: { type: "string", multiple: true, default: [...engines] },
    worlds: { type: "string" },
    minutes: { type: "string" },
    write: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const startedAt = performance.now();

function wanted(): Case[] {
  const unknown = values.engine.find((name) => !engines.some((engine) => engine === name));
  if (unknown !== undefined) throw new Error(`--engine is ${engines.join(" or ")}; it is ${unknown}`);
  const form = values.long || values.only.length > 0 ? longForm : shortForm;
  const cases = casesOf(values.seed, form).filter(
    ({ engine, fault, title }) =>
      values.engine.includes(engine) &&
      (values.only.length === 0 || values.only.some((text) => fault.includes(text) || title.includes(text))),
  );
  if (cases.length === 0) throw new Error("no case is left to play; see --help");
  return cases;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${option} must be a whole number from 1, it is ${text}`);
}

async function main(): Promise<void> {
  const cases = wanted();
  const worlds = wholeNumber("worlds", values.worlds ?? (values.long ? "3" : "1"));
  const over = new AbortController();
  if (values.minutes !== undefined)
    setTimeout(() => over.abort(), wholeNumber("minutes", values.minutes) * 60_000).unref();
  const kept = values.long ? await Kept.open(values.seed) : undefined;
  const results = cases.flatMap((one) => kept?.resultOf(one) ?? []);
  const played = new Set(results.map(({ number }) => number));
  console.log(`seed ${values.seed}: ${cases.length} cases${played.size > 0 ? `, ${played.size} played before` : ""}`);
  await run(
    cases.filter(({ number }) => !played.has(number)),
    {
      worlds,
      signal: over.signal,
      async onResult(result) {
        results.push(result);
        tell(result, results.length, cases.length);
        await kept?.add(result);
      },
    },
  );
  if (results.length < cases.length) console.log(`${cases.length - results.length} cases are left for another run`);
  results.sort((a, b) => a.number - b.number);
  const bad = results.filter(({ outcome }) => isBad(outcome));
  console.log(`\n${tableOf(results)}\n`);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.log(
    `${bad.length === 0 ? "nothing was lost, doubled or stuck" : `${bad.length} cases went wrong`}: ${seconds} s, seed ${values.seed}`,
  );
  if (values.write) await writePage({ Faults: tableOf(results), "Where processes die": pointsTableOf(results) });
  if (values.json) console.log(JSON.stringify({ seed: values.seed, results }));
  if (bad.length > 0) process.exitCode = 1;
}

function tell({ number, engine, title, outcome }: Result, done: number, all: number): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const word = isBad(outcome) ? "WRONG" : "ok";
  console.log(
    `${seconds.padStart(5)} s  ${done}/${all}  case ${number}, ${engine}: ${title}: ${word}, ${outcome.faults} faults, longest ${(outcome.longestMs / 1_000).toFixed(1)} s`,
  );
  for (const kind of ["lost", "doubled", "stuck"] as const)
    for (const what of outcome[kind]) console.log(`  ${kind}: ${what}`);
}

// An end by a signal clears up like any other.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

if (values.help) console.log(usage);
else await main();
