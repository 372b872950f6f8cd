import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { type OpenDatabase, openEmbedded, openPostgres } from "../../src/database/open.ts";
import { silentLog } from "./log.ts";
import { createServerDatabase, serverUrl } from "./server-database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Databases with our schema and the queue's, to start from: opening a copy is five times as fast as making one. */
    databaseTemplates: {
      /** A data folder of the embedded database. */
      folder: string;
      /** The same as a file. */
      dump: string;
      /** The name of one on the server of TEST_DATABASE_URL; undefined where there is no server. */
      server: string | undefined;
    };
  }
}

export type Engine = OpenDatabase["engine"];

/** The embedded database always; PostgreSQL too where TEST_DATABASE_URL names a server on which databases may be made. */
export const engines: Engine[] = serverUrl === undefined ? ["embedded"] : ["embedded", "postgres"];

/**
 * A suite that runs once on each engine, on a database of its own with our schema.
 * @example describeOnDatabases("follower", (database) => { it("…", async () => { await database().db… }) })
 */
export function describeOnDatabases(name: string, suite: (database: () => OpenDatabase, engine: Engine) => void): void {
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
    }, engine);
  });
}

/** A fresh database with our schema, gone once closed. */
export async function openTestDatabase(engine: Engine): Promise<OpenDatabase> {
  if (engine === "postgres") return openOnServer();
  return openEmbedded({ folder: undefined, template: inject("databaseTemplates").dump });
}

async function openOnServer(): Promise<OpenDatabase> {
  const { url, drop } = await createServerDatabase(inject("databaseTemplates").server);
  const database = openPostgres(url, 10, silentLog);
  return {
    ...database,
    async close() {
      await database.close();
      await drop();
    },
  };
}

/** What lets a gateway find a fresh database with our schema. */
export interface GatewayDatabase {
  /** Settings of the gateway that uses it. */
  env: Record<string, string>;
  /** Call it once the gateway is gone. */
  drop: () => Promise<void>;
}

/** Makes the database of a gateway with that data folder, in which the embedded one lies, and with which it goes. */
export type MakeGatewayDatabase = (dataDir: string) => Promise<GatewayDatabase>;

export const gatewayDatabase = (engine: Engine): MakeGatewayDatabase =>
  engine === "postgres" ? createOnServer : copyEmbedded;

async function createOnServer(): Promise<GatewayDatabase> {
  const { url, drop } = await createServerDatabase(inject("databaseTemplates").server);
  return { env: { DATABASE_URL: url }, drop };
}

async function copyEmbedded(dataDir: string): Promise<GatewayDatabase> {
  await cp(inject("databaseTemplates").folder, join(dataDir, "database"), { recursive: true });
  return { env: {}, drop: () => Promise.resolve() };
}
