import { spawn } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { makeScratch } from "./stack/scratch.ts";

interface Counts {
  passed: number;
  failed: number;
  /** What failed and why, a line each: said once more at the end, since a log is often kept only from its end. */
  failures?: string[];
}

interface Suite {
  name: string;
  command: string[];
  /** Reads the counts from what was printed, or from where the runner wrote them. */
  counts: (printed: string) => Counts | Promise<Counts>;
}

const scratch = await makeScratch("test");
const vitestReport = join(scratch, "vitest.json");

/** Mocha and Hardhat's Solidity runner print "12 passing", "1 failing", "2 pending"; one that is pending was not run. */
function hardhatCounts(printed: string): Counts {
  const sum = (word: string) =>
    [...printed.matchAll(new RegExp(`(\\d+) ${word}\\b`, "g"))].reduce((total, match) => total + Number(match[1]), 0);
  // After its summary line come the failures, numbered from the first column's indentation, each to an empty line.
  const [, report = ""] = printed.split(/^\s*\d+ failing$/m, 2);
  const failures = report
    .split(/\n(?= +\d+\) )/)
    .slice(1)
    .map((failure) => failure.trim().split("\n").slice(0, 4).join(" ").replace(/\s+/g, " "));
  return { passed: sum("passing"), failed: sum("failing") + sum("pending") + sum("skipped"), failures };
}

interface VitestReport {
  numPassedTests: number;
  numTotalTests: number;
  numFailedTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] | null }[];
  }[];
}

async function vitestCounts(): Promise<Counts> {
  const report = JSON.parse(await readFile(vitestReport, "utf8")) as VitestReport;
  const { numPassedTests, numTotalTests, numFailedTestSuites } = report;
  const firstLine = (message: string) => message.split("\n", 1)[0] ?? "";
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(".", name);
    const bad = assertionResults.filter((test) => test.status !== "passed");
    if (bad.length === 0) return status === "passed" ? [] : [`${file}: ${firstLine(message)}`];
    return bad.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages?.[0] ?? "")}`);
  });
  // A file that could not be loaded has no tests to count, and fails all the same.
  const failed = Math.max(numTotalTests - numPassedTests, numFailedTestSuites > 0 ? 1 : 0);
  return { passed: numPassedTests, failed, failures };
}

/** By name, since Hardhat would load every file below test/, also the programs that tests start as processes. */
const mochaFiles: string[] = [];
for await (const file of glob("test/**/*.test.ts")) mochaFiles.push(file);
mochaFiles.sort();

/** Those of one line run at the same time: the first two use one core each, the last keeps all of them busy. */
const suites: Suite[][] = [
  [
    { name: "contracts", command: ["hardhat", "test", "mocha", "--no-compile", ...mochaFiles], counts: hardhatCounts },
    { name: "money rules", command: ["hardhat", "test", "solidity", "--no-compile"], counts: hardhatCounts },
  ],
  [
    {
      name: "packages",
      command: ["vitest", "run", "--reporter=dot", "--reporter=json", `--outputFile.json=${vitestReport}`],
      counts: vitestCounts,
    },
  ],
];

/**
 * Runs a suite. A runner that ends badly without a count has failed once.
 * @param turn what it prints is held back until then, and shown as it comes from then on
 */
async function run({ name, command, counts }: Suite, turn: Promise<unknown>): Promise<Counts> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  let printed = "";
  let shown = false;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    if (shown) process.stdout.write(chunk);
  });
  void turn.then(() => {
    shown = true;
    process.stdout.write(`\n== ${name}: ${command.slice(0, 3).join(" ")}\n\n${printed}`);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (exit) => resolve(exit ?? 1));
  });
  const counted: Counts = await Promise.resolve()
    .then(() => counts(printed))
    .catch((error: unknown) => ({ passed: 0, failed: 1, failures: [`no counts: ${String(error)}`] }));
  const ran = counted.passed + counted.failed > 0;
  const failed = code !== 0 || !ran ? Math.max(counted.failed, 1) : counted.failed;
  if (failed > 0 && !counted.failures?.length) counted.failures = [`ended with ${code}`];
  return { ...counted, failed, failures: (counted.failures ?? []).map((failure) => `${name}: ${failure}`) };
}

const database = process.env["TEST_DATABASE_URL"];
console.log(
  database === undefined
    ? "The store suites run on the embedded database. Set TEST_DATABASE_URL to run them on PostgreSQL too."
    : "The store suites run on the embedded database and on the PostgreSQL of TEST_DATABASE_URL.",
);
const total = { passed: 0, failed: 0 };
const failures: string[] = [];
for (const together of suites) {
  let turn: Promise<unknown> = Promise.resolve();
  const running = together.map((suite) => {
    const counted = run(suite, turn);
    turn = counted;
    return counted;
  });
  for (const suite of await Promise.all(running)) {
    total.passed += suite.passed;
    total.failed += suite.failed;
    failures.push(...(suite.failures ?? []));
  }
}
for (const failure of failures) console.log(`!! ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
