/**
 * `npx pnpm@12 soak [--calls N] [--seed S]`: the money rules over a long random sequence of calls, see docs/invariants.md.
 *
 * --calls <number>: at least so many, a million by default.
 * --seed <0x and 64 hex digits>: that of an earlier run, to repeat it; a fresh one by default.
 */
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import config from "../hardhat.config.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tests = "test/escrow/invariants/MoneyRules.t.sol";
/** Each sequence of calls adds a line: `succeeded:refused` of every operation, in the order of `Op`. */
const tallyFile = `${root}cache/invariants.csv`;
/** Calls in one sequence. */
const DEPTH = 200;

interface Tally {
  operation: string;
  succeeded: number;
  refused: number;
}

const { values } = parseArgs({ options: { calls: { type: "string" }, seed: { type: "string" } } });
const runs = Math.ceil(callsOf(values.calls ?? "1000000") / DEPTH);
const seed = seedOf(values.seed ?? `0x${randomBytes(32).toString("hex")}`);

console.log(`${(runs * DEPTH).toLocaleString("en")} calls in ${runs} sequences, seed ${seed}`);
const startedAtMs = performance.now();
await rm(tallyFile, { force: true });
const passed = await holds(await environment());
const seconds = Math.round((performance.now() - startedAtMs) / 1000);

const tallies = await readTallies();
console.table(Object.fromEntries(tallies.map(({ operation, ...counts }) => [operation, counts])));
const never = tallies.filter(({ succeeded }) => succeeded === 0).map(({ operation }) => operation);
if (never.length > 0) console.error(`never succeeded, so nothing is known of it: ${never.join(", ")}`);
console.log(`${passed ? "every rule held" : "a rule was broken"}: ${seconds} s, seed ${seed}`);
if (!passed || never.length > 0) process.exitCode = 1;

function callsOf(text: string): number {
  const calls = Number(text);
  if (!Number.isSafeInteger(calls) || calls < 1)
    throw new Error(`--calls must be a whole number from 1, it is ${text}`);
  return calls;
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

async function holds(hre: HardhatRuntimeEnvironment): Promise<boolean> {
  const result: unknown = await hre.tasks
    .getTask(["test", "solidity"])
    .run({ testFiles: [`${root}${tests}`], grep: "invariant" });
  return typeof result === "object" && result !== null && "success" in result && result.success === true;
}

async function readTallies(): Promise<Tally[]> {
  const store = await readFile(`${root}test/escrow/invariants/Store.sol`, "utf8");
  const operations =
    /enum Op \{([^}]*)\}/
      .exec(store)?.[1]
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  // The runner repeats the last sequence once more when all is done.
  const lines = (await readFile(tallyFile, "utf8")).trimEnd().split("\n").slice(0, runs);
  const rows = lines.map((line) => line.split(",").map((cell) => cell.split(":").map(Number)));
  const sum = (operation: number, outcome: number) =>
    rows.reduce((total, row) => total + (row[operation]?.[outcome] ?? 0), 0);
  return operations.map((operation, i) => ({ operation, succeeded: sum(i, 0), refused: sum(i, 1) }));
}
