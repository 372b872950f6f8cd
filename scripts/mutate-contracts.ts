/**
 * `npx pnpm@12 mutate:contracts`: changes the contracts in one place at a time and counts which changes the tests notice,
 * see docs/mutation.md. Exits 1 when they notice less than 95 % of them.
 *
 * --count <number>: how many mutants, 400 by default.
 * --seed <text>: draws them; `1` by default.
 * --only <path>: those of files whose path begins so, such as `contracts/escrow/Escrow.sol`.
 * --invariants: runs the Solidity tests on those that survive the others, minutes each.
 * --workers <number>: processes; as many as there are cores by default.
 * --write: writes docs/mutation.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { parse, readSources } from "./mutate/compile.ts";
import { Imports } from "./mutate/imports.ts";
import { Invariants } from "./mutate/invariants.ts";
import { mutantsOf, type Mutant } from "./mutate/mutants.ts";
import { killedPart, pageOf, percent, type Reasons, type Result } from "./mutate/page.ts";
import { Rehearsals } from "./mutate/rehearsals.ts";
import { strataOf, type Stratum } from "./mutate/sample.ts";
import { State, type Verdict } from "./mutate/state.ts";
import { Tests } from "./mutate/tests.ts";
import { WorkerProcess } from "./mutate/worker-process.ts";

const PAGE = new URL("../docs/mutation.md", import.meta.url);
const TEMPLATE = new URL("mutate/page.md", import.meta.url);
const REASONS = new URL("mutate/survivors.json", import.meta.url);
const LEAST_KILLED = 0.95;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    invariants: { type: "boolean", default: false },
    workers: { type: "string", default: String(availableParallelism()) },
    write: { type: "boolean", default: false },
  },
});
const { seed, only } = values;
const count = wholeNumber("count", values.count);
if (values.write && only !== "") throw new Error("--write is for the whole, leave out --only");

const startedAtMs = performance.now();
const sources = await readSources();
const trees = parse(sources);
const imports = new Imports(trees);
const known = mutantsOf(sources, trees).filter(({ path }) => path.startsWith(only));
const reasons = JSON.parse(await readFile(REASONS, "utf8")) as Reasons;
const tests = await Tests.find(sources);
const rehearsals = await Rehearsals.open(sources, tests.sources);
const state = await State.open(tests.sources);
const results: Result[] = [];
console.log(`${count} of ${known.length} mutants, seed ${seed}`);

const workers = await startWorkers(wholeNumber("workers", values.workers));
console.log(`run on fully optimized code only: ${tests.mocha.filter(isGasBound).join(", ") || "none"}`);
try {
  const strata = strataOf(known, count, seed);
  await Promise.all(workers.map((worker) => work(worker, strata)));
} finally {
  for (const worker of workers) worker.stop();
}
if (values.invariants) await runInvariants();

results.sort((a, b) => known.indexOf(a.mutant) - known.indexOf(b.mutant));
const survivors = results.filter(({ verdict }) => verdict.outcome === "survived");
for (const { mutant } of survivors)
  console.log(`survived: ${wordsOf(mutant)}\n  ${reasons[mutant.id] ?? "not explained"}`);
const part = killedPart(results);
const seconds = Math.round((performance.now() - startedAtMs) / 1000);
console.log(
  `${percent(part)} of ${results.length} mutants killed, ${survivors.length} survived: ${seconds} s, seed ${seed}`,
);
if (values.write) {
  await writeFile(
    PAGE,
    await pageOf(await readFile(TEMPLATE, "utf8"), { seed, known: known.length, results, reasons }),
  );
}
if (part < LEAST_KILLED) process.exitCode = 1;

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`--${option} must be a whole number from 1, it is ${text}`);
}

async function startWorkers(number: number): Promise<WorkerProcess[]> {
  const started = await Promise.all(Array.from({ length: number }, () => WorkerProcess.start(tests.mocha)));
  try {
    const files = tests.mocha.filter((file) => rehearsals.get(file) === undefined);
    await Promise.all(started.map((worker) => rehearse(worker, files)));
    return started;
  } catch (error) {
    for (const worker of started) worker.stop();
    throw error;
  }
}

/** Runs test files on the contracts as they are, to know how long each takes and which code it needs. */
async function rehearse(worker: WorkerProcess, files: string[]): Promise<void> {
  const contracts = [...sources.keys()];
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    const begunAtMs = performance.now();
    const quick = await worker.try({ profile: "quick", contracts, tests: [file] });
    const durationMs = performance.now() - begunAtMs;
    const gasBound = quick.outcome === "killed";
    if (gasBound) {
      const deployed = await worker.try({ profile: "deployed", contracts, tests: [file] });
      if (deployed.outcome === "killed") throw new Error(`a test fails without any mutant: ${deployed.by}`);
    }
    await rehearsals.set(file, { durationMs, gasBound });
  }
}

function isGasBound(file: string): boolean {
  return rehearsals.get(file)?.gasBound ?? false;
}

/** Takes mutants of each stratum until its quota is full; those that are none don't count. */
async function work(worker: WorkerProcess, strata: Stratum[]): Promise<void> {
  for (let stratum = strata.find(isOpen); stratum !== undefined; stratum = strata.find(isOpen)) {
    const mutant = stratum.mutants.shift();
    if (mutant === undefined) break;
    stratum.quota -= 1;
    const verdict = await judge(worker, mutant);
    if (verdict.outcome === "void") {
      stratum.quota += 1;
    } else {
      results.push({ mutant, verdict });
    }
  }
}

function isOpen({ quota, mutants }: Stratum): boolean {
  return quota > 0 && mutants.length > 0;
}

async function judge(worker: WorkerProcess, mutant: Mutant): Promise<Verdict> {
  const program = imports.programOf(mutant.path, sources);
  const earlier = state.get(mutant.id, program);
  if (earlier !== undefined) return earlier;
  const begunAtMs = performance.now();
  const edit = { ...mutant.edit, path: mutant.path };
  const contracts = imports.dependentsOf(mutant.path);
  const order = tests.orderFor(mutant, contracts, (file) => rehearsals.get(file)?.durationMs ?? 0);
  const outcome = await worker.try({
    edit,
    contracts,
    tests: order.filter((file) => !isGasBound(file)),
    gasBound: order.filter(isGasBound),
  });
  const verdict: Verdict = outcome.outcome === "survived" ? { outcome: "survived", invariants: false } : outcome;
  await state.set(mutant.id, program, verdict);
  const tookSeconds = ((performance.now() - begunAtMs) / 1000).toFixed(1);
  const by = verdict.outcome === "killed" ? ` by ${verdict.by}` : "";
  console.log(`${results.length}. ${verdict.outcome} after ${tookSeconds} s: ${wordsOf(mutant)}${by}`);
  return verdict;
}

async function runInvariants(): Promise<void> {
  const left = results.filter(({ verdict }) => verdict.outcome === "survived" && !verdict.invariants);
  if (left.length === 0) return;
  const invariants = await Invariants.prepare(sources, tests.solidity);
  for (const result of left) {
    const killed = await invariants.kill(result.mutant);
    result.verdict = killed
      ? { outcome: "killed", by: "the Solidity tests" }
      : { outcome: "survived", invariants: true };
    await state.set(result.mutant.id, imports.programOf(result.mutant.path, sources), result.verdict);
    console.log(`${result.verdict.outcome} the invariants: ${wordsOf(result.mutant)}`);
  }
}

function wordsOf({ id, path, line, operator, original, mutated }: Mutant): string {
  return `${id} ${path}:${line} ${operator}: ${original} → ${mutated}`;
}
