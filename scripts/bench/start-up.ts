import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deployLocal } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { startLocalChain } from "../chain/local-chain.ts";
import { withFolder } from "./bench-stack.ts";
import { type Figure, percentile } from "./figures.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hardhat = fileURLToPath(import.meta.resolve("hardhat/package.json")).replace("package.json", "dist/src/cli.js");
const RUNS = 3;
/** What is thrown away after a start is gone by then. */
const AT_REST_AFTER_MS = 10_000;
const START_AIM_S = 25;

type Memory = { what: string; mib: number }[];

/** How long it takes from the command to being of use, the middle of three runs, and what the processes hold at rest. */
export async function measureStartUp(): Promise<Figure[]> {
  const building = performance.now();
  await promisify(execFile)(process.execPath, [hardhat, "build", "--quiet", "--no-tests"], { cwd: root });
  const builtSeconds = (performance.now() - building) / 1000;
  const whole = await repeat((last) => withFolder((dataDir) => runDev(dataDir, last ? AT_REST_AFTER_MS : 0)));
  const chain = await startLocalChain();
  try {
    const { escrow, reputation, usdc, deployBlock } = await deployLocal(chain.url);
    const env = {
      CHAIN_ID: String(chain.chainId),
      RPC_URL: chain.url,
      ESCROW_ADDRESS: escrow,
      REPUTATION_ADDRESS: reputation,
      USDC_ADDRESS: usdc,
      START_BLOCK: String(deployBlock),
      RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
      ORACLE_PRIVATE_KEY: devAccounts.verifier.privateKey,
    };
    const anew = await repeat(() => withFolder((dataDir) => runGateway(dataDir, env)));
    const again = await withFolder(async (dataDir) => {
      await runGateway(dataDir, env);
      return repeat(() => runGateway(dataDir, env));
    });
    return [
      { name: "start.build", what: "before `dev`: that nothing needs to be compiled", value: builtSeconds, unit: "s" },
      { name: "start.dev", what: "`dev`, from spawn to Ready", ...seconds(whole), aim: START_AIM_S },
      {
        name: "start.gateway_new",
        what: "gateway alone, new embedded database, until it listens",
        ...seconds(anew),
      },
      {
        name: "start.gateway_again",
        what: "gateway alone, database of an earlier run, until it listens",
        ...seconds(again),
      },
      ...memoryOf(whole.at(-1)?.memory ?? []),
    ];
  } finally {
    await chain.stop();
  }
}

interface Run {
  seconds: number;
  memory: Memory;
}

async function repeat(run: (last: boolean) => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = [];
  for (let index = 1; index <= RUNS; index++) runs.push(await run(index === RUNS));
  return runs;
}

const seconds = (runs: readonly Run[]) => ({
  value: percentile(
    runs.map((run) => run.seconds),
    0.5,
  ),
  unit: "s" as const,
});

const memoryOf = (memory: Memory): Figure[] =>
  memory.map(({ what, mib }, index) => ({
    name: `memory.${index}`,
    what: `memory at rest, ${what}`,
    value: mib,
    unit: "MiB",
  }));

const runDev = (dataDir: string, restMs: number): Promise<Run> =>
  run(["scripts/dev.ts"], { PORT: "0", CHAIN_PORT: "0", HFH_DATA_DIR: dataDir }, /^Ready\./, restMs);

const runGateway = (dataDir: string, env: Record<string, string>): Promise<Run> =>
  run(["packages/gateway/src/main.ts"], { ...env, PORT: "0", HFH_DATA_DIR: join(dataDir, "data") }, /"listening"/);

/** Starts a process, waits for the line that says it is ready, lets it rest, and ends it as a person would. */
async function run(args: string[], env: Record<string, string>, ready: RegExp, restMs = 0): Promise<Run> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  try {
    const lines = createInterface({ input: child.stdout });
    await Promise.race([
      new Promise<void>((resolve) => lines.on("line", (line) => ready.test(line) && resolve())),
      exited.then(() => Promise.reject(new Error(`${args.join(" ")} ended before it was ready`))),
    ]);
    const seconds = (performance.now() - began) / 1000;
    await sleep(restMs);
    return { seconds, memory: await residentMemory(child.pid ?? 0) };
  } finally {
    child.kill("SIGINT");
    await exited;
  }
}

/** Resident memory of a process and its children, by `ps`. */
async function residentMemory(pid: number): Promise<Memory> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,rss=,args="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, own, parent, kib, args]) => ({
      pid: Number(own),
      parent: Number(parent),
      mib: Number(kib) / 1024,
      args: args ?? "",
    }));
  return processes
    .filter((each) => each.pid === pid || each.parent === pid)
    .map(({ args, mib }) => ({
      what: /node-process/.test(args) ? "the local chain" : "gateway, oracle, database and workers",
      mib,
    }));
}
