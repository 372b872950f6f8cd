import { Kysely, PGliteDialect, PostgresDialect } from "kysely";
import { join } from "node:path";
import { type Db, fromPglite } from "pg-boss";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Database } from "../context.ts";
import { EmbeddedDatabase } from "./embedded.ts";
import { lockFolder } from "./folder-lock.ts";
import type { Listen } from "./notifications.ts";
import { createPostgresListener, openPool } from "./postgres.ts";
import type { Schema } from "./schema.ts";

/** Where pg-boss keeps its jobs: the same database, by its own connections or by the embedded one. */
export type QueueConnection = { connectionString: string } | { db: Db; backend: "pglite" };

export interface OpenDatabase {
  engine: "postgres" | "embedded";
  db: Database;
  listen: Listen;
  queue: QueueConnection;
  /** How the connections stand; undefined: the embedded database, which has one. */
  connections?: () => { idle: number; busy: number; waiting: number };
  close(): Promise<void>;
}

/** The embedded database was asked to hold real money. */
export class EmbeddedRefused extends Error {
  override readonly name = "EmbeddedRefused";

  constructor(chainId: number) {
    super(
      `Chain ${chainId} moves real money, and the embedded database never forces its writes to the disk: a power cut ` +
        `could lose them all. Set DATABASE_URL to a PostgreSQL server.`,
    );
  }
}

const POLYGON = 137;

/**
 * Opens PostgreSQL where DATABASE_URL is set, else the embedded database in HFH_DATA_DIR. In both, int8 comes out as
 * bigint, numeric as text, timestamptz as Date and jsonb parsed, and errors carry the SQLSTATE as `code`.
 * @throws EmbeddedRefused, FolderInUse
 */
export async function openDatabase(
  config: Pick<Config, "databaseUrl" | "databaseConnections" | "dataDir" | "chainId">,
  log: Logger,
): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) {
    return openPostgres(config.databaseUrl.reveal(), config.databaseConnections, log);
  }
  if (config.chainId === POLYGON) throw new EmbeddedRefused(config.chainId);
  const lock = lockFolder(config.dataDir);
  try {
    return await openEmbedded({ folder: join(config.dataDir, "database"), template: undefined }, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

export function openPostgres(connectionString: string, connections: number, log: Logger): OpenDatabase {
  const pool = openPool(connectionString, connections, log);
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const listener = createPostgresListener(connectionString, log);
  return {
    engine: "postgres",
    db,
    listen: listener.listen,
    queue: { connectionString },
    connections: () => ({
      idle: pool.idleCount,
      busy: pool.totalCount - pool.idleCount,
      waiting: pool.waitingCount,
    }),
    async close() {
      await listener.close();
      await db.destroy();
    },
  };
}

/** @param released called once the database is closed */
export async function openEmbedded(
  data: { folder: string | undefined; template: string | undefined },
  released: () => void = () => undefined,
): Promise<OpenDatabase> {
  const embedded = await EmbeddedDatabase.open(data);
  const db = new Kysely<Schema>({ dialect: new PGliteDialect({ pglite: embedded }) });
  return {
    engine: "embedded",
    db,
    listen: (channel, onNotification) => embedded.listen(channel, onNotification),
    queue: {
      db: fromPglite({
        query: (sql, parameters) => embedded.queryNumbers(sql, parameters),
        exec: (sql) => embedded.exec(sql),
        listen: (channel, onNotification) => embedded.listen(channel, onNotification),
      }),
      backend: "pglite",
    },
    async close() {
      await db.destroy();
      await embedded.close();
      released();
    },
  };
}
