import pg from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Listen } from "./notifications.ts";

const RELISTEN_AFTER_MS = 1_000;

/** int8 as bigint; timestamptz is a Date, numeric a string and jsonb parsed by node-postgres already. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, BigInt);

/**
 * Plans are not compiled, which costs more than it saves. Those of our statements are made for the values at hand, since
 * they come without a name; those by which foreign keys are checked are kept. A lock does not hold others up for ever. A
 * process that is frozen in the middle of a transaction keeps its row locks, the lease's among them, only for less time
 * than that lease lasts: nothing waits for the network inside a transaction, so a pause of seconds is no honest one.
 */
const sessionOptions = "-c jit=off -c statement_timeout=30s -c idle_in_transaction_session_timeout=5s";

export function openPool(connectionString: string, max: number, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    types,
    options: sessionOptions,
    connectionTimeoutMillis: 10_000,
    application_name: "hireforhumans",
  });
  // One that breaks is replaced at next use. In the middle of a transaction the next statement fails, and with it the
  // transaction; between two statements, the error is nobody's, and unheard it would end the process.
  pool.on("connect", (client) =>
    client.on("error", (error) => log.warn({ err: error }, "a database connection broke")),
  );
  pool.on("error", () => undefined);
  return pool;
}

export interface PostgresListener {
  listen: Listen;
  close(): Promise<void>;
}

/** Listens on one connection of its own, opened at first use and again whenever it breaks. */
export function createPostgresListener(connectionString: string, log: Logger): PostgresListener {
  const channels = new Map<string, Set<(payload: string) => void>>();
  let connection: Promise<pg.Client> | undefined;
  let closed = false;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString, keepAlive: true, application_name: "hireforhumans listener" });
    client.on("notification", ({ channel, payload }) => {
      for (const listener of channels.get(channel) ?? []) listener(payload ?? "");
    });
    client.on("error", (error) => log.warn({ err: error }, "the database's notifications broke off"));
    await client.connect();
    for (const channel of channels.keys()) await client.query(`listen "${channel}"`);
    client.on("end", () => void reconnect());
    return client;
  }

  async function reconnect(): Promise<void> {
    while (!closed) {
      connection = connect();
      try {
        await connection;
        return;
      } catch (error) {
        log.warn({ err: error }, "the database's notifications can't be heard yet");
        await sleep(RELISTEN_AFTER_MS);
      }
    }
  }

  return {
    async listen(channel, onNotification) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(onNotification));
      connection ??= connect();
      await (await connection).query(`listen "${channel}"`);
      return () => {
        listeners.delete(onNotification);
        return Promise.resolve();
      };
    },
    async close() {
      closed = true;
      await (await connection)?.end();
    },
  };
}
