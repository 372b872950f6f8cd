import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { GatewayTimes, StackProcessOptions, StackReport, StackUsage } from "./stack-process.ts";

export interface BenchStack extends StackReport {
  gatewayTimes(): Promise<GatewayTimes>;
  usage(): Promise<StackUsage>;
  /** Lets each worker of the stack have many jobs at a time. */
  raiseCapacity(): Promise<void>;
}

export interface BenchStackOptions {
  /** Of a PostgreSQL server, where a database is made for the run and dropped after it. Default: the embedded one. */
  databaseUrl: string | undefined;
  /** Where V8 writes a CPU profile of the gateway's process. Default: none. */
  profileDir?: string | undefined;
}

export const blockIntervalMs = 2_000;

const stackProcessPath = fileURLToPath(new URL("stack-process.ts", import.meta.url));
/** One caller sends what many would. */
const unlimited = { REQUESTS_PER_MINUTE: "10000000", STRANGER_REQUESTS_PER_MINUTE: "10000000", LOG_LEVEL: "error" };

/** Runs a whole stack in processes of its own while `work` measures it, and leaves nothing behind. */
export async function withStack<Result>(
  { databaseUrl, profileDir }: BenchStackOptions,
  work: (stack: BenchStack) => Promise<Result>,
): Promise<Result> {
  return withFolder((dataDir) =>
    withDatabase(databaseUrl, async (ownUrl) => {
      const env = { ...unlimited, ...(ownUrl === undefined ? {} : { DATABASE_URL: ownUrl }) };
      const options: StackProcessOptions = { dataDir, blockIntervalMs, env };
      const execArgv = profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
      const child = fork(stackProcessPath, [JSON.stringify(options)], { execArgv });
      const exited = once(child, "exit");
      try {
        const [report] = (await Promise.race([
          once(child, "message"),
          exited.then(() => {
            throw new Error("The stack ended before it was ready; what it printed tells why.");
          }),
        ])) as [StackReport];
        const ask = async (question: "times" | "usage" | "raise capacity"): Promise<unknown> => {
          const answered = once(child, "message");
          child.send(question);
          return ((await answered) as [unknown])[0];
        };
        return await work({
          ...report,
          gatewayTimes: async () => (await ask("times")) as GatewayTimes,
          usage: async () => (await ask("usage")) as StackUsage,
          raiseCapacity: async () => {
            await ask("raise capacity");
          },
        });
      } finally {
        if (child.connected) child.disconnect();
        await exited;
      }
    }),
  );
}

export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-bench-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function withDatabase<Result>(
  serverUrl: string | undefined,
  work: (url: string | undefined) => Promise<Result>,
): Promise<Result> {
  if (serverUrl === undefined) return work(undefined);
  const name = `hireforhumans_bench_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await execute(serverUrl, `create database ${name}`);
  try {
    return await work(url.href);
  } finally {
    await execute(serverUrl, `drop database ${name} with (force)`);
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
