import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../stack/stack.ts";

/** Servers of PostgreSQL that a run makes for itself, and may kill. */

const execute = promisify(execFile);
const debian = "/usr/lib/postgresql";
/** PostgreSQL refuses to be run by root; Debian's package makes this account. */
export const account = "postgres";
const withinMs = 30_000;

/** The folder of `initdb` and its likes; undefined where PostgreSQL is not installed. Debian's newest, else pg_config's. */
export async function findPrograms(): Promise<string | undefined> {
  const versions = await readdir(debian).catch(() => []);
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, "bin"));
  const configured = await execute("pg_config", ["--bindir"]).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  );
  for (const folder of [...folders, ...configured]) {
    const whole = await access(join(folder, "initdb")).then(
      () => true,
      () => false,
    );
    if (whole) return folder;
  }
  return undefined;
}

/** @throws where PostgreSQL is not installed */
export async function requirePrograms(): Promise<string> {
  const programs = await findPrograms();
  if (programs !== undefined) return programs;
  throw new Error(
    `This needs the programs of a PostgreSQL server (initdb, postgres, pg_basebackup); neither ${debian}/*/bin nor ` +
      `pg_config --bindir has them. On Debian: apt-get install postgresql.`,
  );
}

/** Who runs the servers: PostgreSQL's own account where this process is root's, else this one's. */
export async function runner(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (flag: string) => Number((await execute("id", [flag, account])).stdout);
  return { uid: await idOf("-u"), gid: await idOf("-g") };
}

export class PostgresServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
    this.#gone = once(child, "exit");
  }

  /** @param folder an empty one, which the server's account can reach */
  static async create(folder: string): Promise<PostgresServer> {
    await mkdir(folder, { mode: 0o700 });
    await run("initdb", folder, [
      "-D",
      folder,
      "-U",
      account,
      "--auth=trust",
      "--no-sync",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
    ]);
    return PostgresServer.#start(folder);
  }

  /**
   * A standby that follows a server by streaming replication.
   * @param port where it reaches that server, now and later
   */
  static async createStandby(folder: string, name: string, port: number): Promise<PostgresServer> {
    await mkdir(folder, { mode: 0o700 });
    const primary = `host=127.0.0.1 port=${port} user=${account} application_name=${name}`;
    await run("pg_basebackup", folder, ["-D", folder, "-d", primary, "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
    return PostgresServer.#start(folder);
  }

  static async #start(folder: string): Promise<PostgresServer> {
    const port = await freePort();
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      max_connections: "300",
      log_min_messages: "fatal",
    };
    const args = [
      "-D",
      folder,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`]),
    ];
    const child = spawn(join(await requirePrograms(), "postgres"), args, {
      stdio: "ignore",
      cwd: folder,
      ...(await runner()),
    });
    const server = new PostgresServer(port, child);
    await server.#ready();
    return server;
  }

  urlOf(database: string): string {
    return `postgresql://${account}@127.0.0.1:${this.port}/${database}`;
  }

  async query(statement: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Makes a standby take writes. Resolves once it does. */
  async promote(): Promise<void> {
    await this.query(`select pg_promote(true, ${withinMs / 1_000})`);
  }

  /** Ends it like the loss of power: nothing is said to anybody. Idempotent. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#gone;
  }

  async #ready(): Promise<void> {
    const endsAt = performance.now() + withinMs;
    for (;;) {
      if (this.#process.exitCode !== null) throw new Error(`PostgreSQL ended with exit code ${this.#process.exitCode}`);
      const answers = await this.query("select 1").then(
        () => true,
        () => false,
      );
      if (answers) return;
      if (performance.now() > endsAt) throw new Error(`PostgreSQL does not answer on port ${this.port} within 30 s`);
      await sleep(50);
    }
  }
}

async function run(program: string, folder: string, args: string[]): Promise<void> {
  const as = await runner();
  if (as !== undefined) await chown(folder, as.uid, as.gid);
  await promisify(execFile)(join(await requirePrograms(), program), args, { cwd: folder, ...as });
}
