/**
 * `npx pnpm@12 soak [--calls N] [--seed S] [--suite escrow|pool]`: the money rules and the rules of the arbitration pool over long random sequences of calls, see docs/invariants.md.
 *
 * --calls <number>: at least so many of each of the two suites; a million by default.
 * --seed <0x and 64 hex digits>: that of an earlier run, to repeat it; a fresh one by default.
 * --suite <escrow or pool>: only the one; both, one after the other, by default.
 */
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import config from "../hardhat.config.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const suites: Suite[] = [
  {
    name: "escrow",
    tests: "test/escrow/invariants/MoneyRules.t.sol",
    store: "test/escrow/invariants/Store.sol",
    operations: "Op",
    tally: "cache/invariants.csv",
    notAwaited: [],
  },
  {
    name: "pool",
    tests: "test/arbitration/invariants/CourtRules.t.sol",
    store: "test/arbitration/invariants/CourtStore.sol",
    operations: "CourtOp",
    tally: "cache/court-invariants.csv",
    notAwaited: ["Replay", "SeedByAnyone", "DrewTooFew", "LastWordStood"],
  },
];
/** Calls in one sequence. */
const DEPTH = 200;

/** Paths are relative to the repository. */
interface Suite {
  name: string;
  tests: string;
  store: string;
  /** The enum in `store` that names its operations. */
  operations: string;
  /** Each sequence of calls adds a line: `succeeded:refused` of every operation, in the enum's order. */
  tally: string;
  /** What may never succeed here: it is always to be refused, or so rare that a test of its own goes for it. */
  notAwaited: string[];
}

interface Tally {
  operation: string;
  succeeded: number;
  refused: number;
}

const { values } = parseArgs({
  options: { calls: { type: "string" }, seed: { type: "string" }, suite: { type: "string" } },
});
const runs = Math.ceil(callsOf(values.calls ?? "1000000") / DEPTH);
const seed = seedOf(values.seed ?? `0x${randomBytes(32).toString("hex")}`);

const chosen = suitesOf(values.suite);

const sequences = runs * chosen.length;
console.log(`${(sequences * DEPTH).toLocaleString("en")} calls in ${sequences} sequences, seed ${seed}`);
const startedAtMs = performance.now();
const hre = await environment();
let passed = true;
for (const suite of chosen) if (!(await soaks(hre, suite))) passed = false;
const seconds = Math.round((performance.now() - startedAtMs) / 1000);
console.log(
  `${passed ? "every rule held" : "a rule was broken, or an operation never succeeded"}: ${seconds} s, seed ${seed}`,
);
if (!passed) process.exitCode = 1;

async function soaks(hre: HardhatRuntimeEnvironment, suite: Suite): Promise<boolean> {
  await rm(`${root}${suite.tally}`, { force: true });
  const held = await holds(hre, suite.tests);
  const tallies = await readTallies(suite);
  console.table(Object.fromEntries(tallies.map(({ operation, ...counts }) => [operation, counts])));
  const never = tallies
    .filter(({ operation, succeeded }) => succeeded === 0 && !suite.notAwaited.includes(operation))
    .map(({ operation }) => operation);
  if (never.length > 0) console.error(`never succeeded, so nothing is known of it: ${never.join(", ")}`);
  return held && never.length === 0;
}

function callsOf(text: string): number {
  const calls = Number(text);
  if (!Number.isSafeInteger(calls) || calls < 1)
    throw new Error(`--calls must be a whole number from 1, it is ${text}`);
  return calls;
}

function suitesOf(name: string | undefined): Suite[] {
  const named = suites.filter((suite) => name === undefined || suite.name === name);
  if (named.length === 0)
    throw new Error(`--suite must be ${suites.map((suite) => suite.name).join(" or ")}, it is ${name}`);
  return named;
}

function seedOf(text: string): string {
  if (!/^0x[0-9a-f]{64}$/i.test(text)) throw new Error(`--seed must be 0x and 64 hex digits, it is ${text}`);
  return text;
}

function environment(): Promise<HardhatRuntimeEnvironment> {
  const solidity = config.test?.solidity;
  if (solidity === undefined || "profiles" in solidity)
    throw new Error("hardhat.config.ts has no test.solidity settings");
  const longer = { ...solidity, fuzz: { seed }, invariant: { ...solidity.invariant, runs, depth: DEPTH } };
  return createHardhatRuntimeEnvironment({ ...config, test: { ...config.test, solidity: longer } }, {}, root);
}

async function holds(hre: HardhatRuntimeEnvironment, tests: string): Promise<boolean> {
  const result: unknown = await hre.tasks
    .getTask(["test", "solidity"])
    .run({ testFiles: [`${root}${tests}`], grep: "invariant" });
  return typeof result === "object" && result !== null && "success" in result && result.success === true;
}

async function readTallies(suite: Suite): Promise<Tally[]> {
  const store = await readFile(`${root}${suite.store}`, "utf8");
  const members = new RegExp(`enum ${suite.operations} \\{([^}]*)\\}`).exec(store)?.[1] ?? "";
  const operations = members
    .replaceAll(/\/\/.*/g, "")
    .split(",")
    .map((name) => name.trim());
  // The runner repeats the last sequence once more when all is done.
  const lines = (await readFile(`${root}${suite.tally}`, "utf8")).trimEnd().split("\n").slice(0, runs);
  const rows = lines.map((line) => line.split(",").map((cell) => cell.split(":").map(Number)));
  const sum = (operation: number, outcome: number) =>
    rows.reduce((total, row) => total + (row[operation]?.[outcome] ?? 0), 0);
  return operations.map((operation, i) => ({ operation, succeeded: sum(i, 0), refused: sum(i, 1) }));
}
