import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./stack.ts";

const execute = promisify(execFile);
const debian = "/usr/lib/postgresql";
/** PostgreSQL refuses to be run by root; Debian's package makes this account. */
const account = "postgres";
const withinMs = 30_000;

/** PostgreSQL's own words: `fast` ends what is open, `immediate` is a crash, from which the next start has to recover. */
export type Shutdown = "fast" | "immediate";
/** A crash too is asked for by a signal that can be heard: of a server that is killed, shared memory stays behind. */
const signals = { fast: "SIGINT", immediate: "SIGQUIT" } as const;

interface Programs {
  folder: string;
  /** Who runs them: PostgreSQL's own account where this process is root's, else this one's. */
  user: { uid: number; gid: number } | undefined;
}

/** A server of PostgreSQL that a run makes for itself and may crash. It ends with this process, however that exits. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #programs: Programs;
  #process: ChildProcess;
  #gone: Promise<unknown>;

  private constructor(folder: string, port: number, programs: Programs) {
    this.port = port;
    this.#folder = folder;
    this.#programs = programs;
    [this.#process, this.#gone] = this.#spawn();
  }

  /**
   * @param folder to be made, in one that the server's account can reach
   * @throws where PostgreSQL is not installed
   */
  static async create(folder: string): Promise<PostgresServer> {
    const settings = ["-U", account, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"];
    return PostgresServer.#make(folder, "initdb", settings);
  }

  /**
   * A standby that follows a server by streaming replication.
   * @param port where it reaches that server, now and later
   */
  static async createStandby(folder: string, name: string, port: number): Promise<PostgresServer> {
    const primary = `host=127.0.0.1 port=${port} user=${account} application_name=${name}`;
    return PostgresServer.#make(folder, "pg_basebackup", [
      "-d",
      primary,
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
      "--no-sync",
    ]);
  }

  static async #make(folder: string, program: string, args: string[]): Promise<PostgresServer> {
    const programs = await findPrograms();
    const { user } = programs;
    await mkdir(folder, { mode: 0o700 });
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    await execute(join(programs.folder, program), ["-D", folder, ...args], { cwd: folder, ...user });
    const server = new PostgresServer(folder, await freePort(), programs);
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

  /** Idempotent. Resolves once it is gone. */
  async stop(how: Shutdown): Promise<void> {
    this.#process.kill(signals[how]);
    await this.#gone;
  }

  async restart(how: Shutdown, downMs: number): Promise<void> {
    await this.stop(how);
    await sleep(downMs);
    [this.#process, this.#gone] = this.#spawn();
    await this.#ready();
  }

  #spawn(): [ChildProcess, Promise<unknown>] {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: this.#folder,
      max_connections: "300",
      log_min_messages: "fatal",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const { folder, user } = this.#programs;
    const child = spawn(join(folder, "postgres"), ["-D", this.#folder, "-p", String(this.port), ...args], {
      stdio: "ignore",
      cwd: this.#folder,
      ...user,
    });
    const end = () => child.kill(signals.immediate);
    process.once("exit", end);
    return [child, once(child, "exit").finally(() => process.removeListener("exit", end))];
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
      if (performance.now() > endsAt) {
        await this.stop("immediate");
        throw new Error(`PostgreSQL does not answer on port ${this.port} within ${withinMs / 1_000} s`);
      }
      await sleep(50);
    }
  }
}

/** Debian's newest, else those that pg_config knows. */
async function findPrograms(): Promise<Programs> {
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
    if (whole) return { folder, user: await findUser() };
  }
  throw new Error(
    `This needs the programs of a PostgreSQL server (initdb, postgres, pg_basebackup); neither ${debian}/*/bin nor ` +
      `pg_config --bindir has them. On Debian: apt-get install postgresql.`,
  );
}

async function findUser(): Promise<Programs["user"]> {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (flag: string) => Number((await execute("id", [flag, account])).stdout);
  return { uid: await idOf("-u"), gid: await idOf("-g") };
}
