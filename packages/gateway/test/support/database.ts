import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { type OpenDatabase, openEmbedded, openPostgres } from "../../src/database/open.ts";
import { silentLog } from "./log.ts";

export type Engine = OpenDatabase["engine"];

const serverUrl = process.env["TEST_DATABASE_URL"];

/** The embedded database always; PostgreSQL too where TEST_DATABASE_URL names a server on which databases may be made. */
export const engines: Engine[] = serverUrl === undefined ? ["embedded"] : ["embedded", "postgres"];

/**
 * A suite that runs once on each engine, on a database of its own with our schema.
 * @example describeOnDatabases("follower", (database) => { it("…", async () => { await database().db… }) })
 */
export function describeOnDatabases(name: string, suite: (database: () => OpenDatabase) => void): void {
  describe.each(engines)(`${name} (%s)`, (engine) => {
    let open: OpenDatabase | undefined;
    beforeAll(async () => {
      open = await openTestDatabase(engine);
    });
    afterAll(async () => {
      await open?.close();
    });
    suite(() => {
      if (open === undefined) throw new Error("The database is open only while the suite's hooks and tests run.");
      return open;
    });
  });
}

/** A fresh database with our schema, gone once closed. */
export async function openTestDatabase(engine: Engine): Promise<OpenDatabase> {
  if (engine === "postgres") return openOnServer();
  return openEmbedded({ folder: undefined, template: inject("databaseTemplate") });
}

async function openOnServer(): Promise<OpenDatabase> {
  const { url, drop } = await createServerDatabase();
  const database = openPostgres(url, 10, silentLog);
  await migrate(database.db);
  return {
    ...database,
    async close() {
      await database.close();
      await drop();
    },
  };
}

/** An empty database on the server of TEST_DATABASE_URL. */
export async function createServerDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  if (serverUrl === undefined) throw new Error("TEST_DATABASE_URL is not set.");
  const name = `hireforhumans_test_${randomBytes(8).toString("hex")}`;
  await onServer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(serverUrl, `drop database ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
