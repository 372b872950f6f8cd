import { spawn } from "node:child_process";
import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { account, requirePrograms, runner } from "../cluster/postgres.ts";
import { freePort } from "../stack/stack.ts";

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

export async function startCluster(): Promise<Cluster> {
  const programs = await requirePrograms();
  const owner = await runner();
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-chaos-postgres-"));
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const port = await freePort();
  const run = async (program: string, args: string[]): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      // Files of the server must not be held open by pipes of ours.
      const child = spawn(join(programs, program), args, { stdio: "ignore", cwd: folder, ...owner });
      child.once("error", reject);
      child.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`${program} ended with exit code ${code}`)),
      );
    });
  };
  await run("initdb", ["-D", data, "-U", account, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
  const sockets = join(folder, "sockets");
  await mkdir(sockets);
  if (owner !== undefined) await chown(sockets, owner.uid, owner.gid);
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
