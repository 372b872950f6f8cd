import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { inTurns } from "../turns.ts";
import type { EmbeddedAnswer, EmbeddedFailure, EmbeddedRequest, EmbeddedResult } from "./embedded-protocol.ts";
import type { EmbeddedThreadData } from "./embedded-thread.ts";
import type { Unlisten } from "./notifications.ts";

interface Rows<T> {
  rows: T[];
  affectedRows?: number;
  fields: { name: string; dataTypeID: number }[];
}

interface EmbeddedTransaction {
  query<T>(sql: string, parameters?: readonly unknown[]): Promise<Rows<T>>;
  rollback(): Promise<void>;
}

/** An error of the embedded database, with the properties that node-postgres gives its own (`code` is the SQLSTATE). */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";

  constructor(failure: EmbeddedFailure) {
    super(failure.message);
    Object.assign(this, failure);
  }
}

const IN_FAILED_TRANSACTION = "25P02";

/** The embedded database as kysely's PGlite dialect and pg-boss's PGlite adapter take it. One connection, one use at a time. */
export class EmbeddedDatabase {
  readonly waitReady = Promise.resolve();
  readonly ready = true;
  closed = false;
  readonly #thread: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<EmbeddedResult[]>>();
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #nextId = 0;
  readonly #alone = inTurns();

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on("message", (answer: EmbeddedAnswer) => this.#hear(answer));
    thread.on("error", (error) => this.#end(error));
    thread.on("exit", (code) => this.#end(new Error(`The embedded database's thread ended with exit code ${code}.`)));
  }

  /**
   * @param data `folder`: where the data lives, undefined for memory; `template`: a file with a dumped folder to begin with
   * @throws the database's own error when it can't be opened
   */
  static async open(data: EmbeddedThreadData): Promise<EmbeddedDatabase> {
    // What the process was started with (a test runner's hooks, say) is none of the thread's business.
    const thread = new Worker(new URL("./embedded-thread.ts", import.meta.url), { workerData: data, execArgv: [] });
    const [answer] = (await once(thread, "message")) as [EmbeddedAnswer];
    if (answer.kind === "ready") return new EmbeddedDatabase(thread);
    await thread.terminate();
    throw answer.kind === "unusable" ? new EmbeddedError(answer.failure) : new Error(`Unexpected: ${answer.kind}`);
  }

  query<T>(sql: string, parameters: readonly unknown[] = []): Promise<Rows<T>> {
    return this.#alone(() => this.#query<T>(sql, parameters));
  }

  /** Runs statements without parameters as one, for pg-boss: int8 as numbers, results of all statements. */
  exec(sql: string): Promise<{ rows: unknown[] }[]> {
    return this.#alone(() => this.#ask("script", sql, [], "number"));
  }

  /** One statement for pg-boss, which reckons with numbers. */
  queryNumbers<T>(sql: string, parameters: readonly unknown[] = []): Promise<Rows<T>> {
    return this.#alone(() => this.#query<T>(sql, parameters, "number"));
  }

  /** Commits what `work` did, or rolls it back where `work` throws. Nothing else runs meanwhile. */
  transaction<T>(work: (transaction: EmbeddedTransaction) => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      await this.#query("begin");
      try {
        const result = await work({
          query: (sql, parameters) => this.#query(sql, parameters),
          rollback: async () => {
            await this.#query("rollback");
          },
        });
        await this.#commit();
        return result;
      } catch (error) {
        await this.#query("rollback");
        throw error;
      }
    });
  }

  async listen(channel: string, onNotification: (payload: string) => void): Promise<Unlisten> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(onNotification));
    await this.query(`listen "${channel}"`);
    return () => {
      listeners.delete(onNotification);
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await this.#alone(() => this.#ask("close", "", [], "bigint"));
    this.closed = true;
    await this.#thread.terminate();
  }

  /** A statement that failed inside a transaction turns its commit into a rollback, which must not look like success. */
  async #commit(): Promise<void> {
    const [result] = await this.#ask("query", "commit", [], "bigint");
    if (result?.command === "COMMIT") return;
    throw new EmbeddedError({
      code: IN_FAILED_TRANSACTION,
      message: "The transaction was rolled back instead of committed, because a statement in it had failed.",
    });
  }

  async #query<T>(sql: string, parameters: readonly unknown[] = [], int8: "bigint" | "number" = "bigint") {
    const [result] = await this.#ask("query", sql, parameters, int8);
    return result as Rows<T>;
  }

  #ask(
    kind: EmbeddedRequest["kind"],
    sql: string,
    parameters: readonly unknown[],
    int8: EmbeddedRequest["int8"],
  ): Promise<EmbeddedResult[]> {
    if (this.closed) return Promise.reject(new Error("The embedded database is closed."));
    const id = this.#nextId++;
    const pending = Promise.withResolvers<EmbeddedResult[]>();
    this.#pending.set(id, pending);
    this.#thread.postMessage({ id, kind, sql, parameters, int8 } satisfies EmbeddedRequest);
    return pending.promise;
  }

  #hear(answer: EmbeddedAnswer): void {
    if (answer.kind === "notification") {
      for (const listener of this.#listeners.get(answer.channel) ?? []) listener(answer.payload);
    } else if (answer.kind === "result" || answer.kind === "failure") {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (answer.kind === "result") pending?.resolve(answer.results);
      else pending?.reject(new EmbeddedError(answer.failure));
    }
  }

  #end(reason: unknown): void {
    this.closed = true;
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
  }
}
