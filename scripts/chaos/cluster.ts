import { execFile, spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../stack/stack.ts";

const execute = promisify(execFile);

/** A PostgreSQL server of the campaign's own, which may be crashed. */
export interface Cluster {
  /** Makes a database. @returns its URL */
  createDatabase(name: string): Promise<string>;
  /** `fast`: open transactions are ended; `immediate`: as by a crash, with recovery at the start. */
  restart(how: "fast" | "immediate", downMs: number): Promise<void>;
  /** Ends connections to a database that are in the middle of a transaction. @returns how many */
  breakTransactions(url: string): Promise<number>;
  stop(): Promise<void>;
}

/** Where Debian and others keep the programs; the newest first. */
async function findPrograms(): Promise<string> {
  const root = "/usr/lib/postgresql";
  const versions = await readdir(root).catch(() => []);
  const [newest] = versions.sort((a, b) => Number(b) - Number(a));
  if (newest !== undefined) return join(root, newest, "bin");
  const { stdout } = await execute("pg_config", ["--bindir"]).catch(() => {
    throw new Error(
      "PostgreSQL's programs (initdb, pg_ctl) were not found; install them, or play with --only embedded.",
    );
  });
  return stdout.trim();
}

/** The server refuses to be run by root; Debian's package makes this account. */
const account = "postgres";

async function idOf(flag: "-u" | "-g"): Promise<number> {
  return Number((await execute("id", [flag, account])).stdout);
}

export async function startCluster(): Promise<Cluster> {
  const programs = await findPrograms();
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-chaos-postgres-"));
  const isRoot = userInfo().uid === 0;
  if (isRoot) await chown(folder, await idOf("-u"), await idOf("-g"));
  const data = join(folder, "data");
  const port = await freePort();
  const run = async (program: string, args: string[]): Promise<void> => {
    const path = join(programs, program);
    const [command, rest] = isRoot ? ["runuser", ["-u", account, "--", path, ...args]] : [path, args];
    await new Promise<void>((resolve, reject) => {
      // Files of the server must not be held open by pipes of ours.
      const child = spawn(command, rest, { stdio: "ignore", cwd: folder });
      child.once("error", reject);
      child.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`${program} ended with exit code ${code}`)),
      );
    });
  };
  await run("initdb", ["-D", data, "-U", account, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
  const sockets = join(folder, "sockets");
  await mkdir(sockets);
  if (isRoot) await chown(sockets, await idOf("-u"), await idOf("-g"));
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${sockets} -c max_connections=300`;
  const start = () => run("pg_ctl", ["-D", data, "-o", settings, "-l", join(folder, "log"), "-w", "start"]);
  await start();
  const adminUrl = `postgresql://${account}@127.0.0.1:${port}/postgres`;
  return {
    async createDatabase(name) {
      await ask(adminUrl, `create database "${name}"`);
      return `postgresql://${account}@127.0.0.1:${port}/${name}`;
    },
    async restart(how, downMs) {
      await run("pg_ctl", ["-D", data, "-m", how, "-w", "stop"]);
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await start();
    },
    async breakTransactions(url) {
      const name = new URL(url).pathname.slice(1);
      const rows = await ask(
        adminUrl,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = '${name}' and xact_start is not null and application_name <> ''`,
      );
      return rows.length;
    },
    async stop() {
      await run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, statement: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(statement)).rows;
  } finally {
    await client.end();
  }
}
