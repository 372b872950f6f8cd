/**
 * Loaded before a gateway or an oracle's node (`node --import`). It looks at what leaves the process, and once the
 * campaign has named a point, ends the process there as a loss of power would: at once, between two lines.
 */
import { promises as files } from "node:fs";
import { ServerResponse } from "node:http";
import { createRequire, flushCompileCache, syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type * as Pg from "pg";
import { type Moment, pointOf } from "./points.ts";

/** What the campaign tells its processes: where to die, to die nowhere, or by how much their wall clock is wrong. */
export type Order = DeathOrder | "live" | { clockMs: number };

interface DeathOrder {
  point: string;
  victim: "gateway" | "oracle";
  /** The process dies the so-manieth time that it gets there, from 1. */
  hit: number;
}

let armed: { moment: Moment; left: number } | undefined;

let clockMs = 0;

process.on("message", (order: Order) => {
  if (order === "live") armed = undefined;
  else if ("clockMs" in order) clockMs = order.clockMs;
  else armed = { moment: pointOf(order.point, order.victim).moment, left: order.hit };
  process.send?.("heard");
});
// Who is killed compiles for nobody otherwise, and half of a start is that.
process.once("message", () => flushCompileCache());
process.channel?.unref();
// However the campaign ends, its processes end with it.
process.once("disconnect", () => process.exit());

function die(): void {
  if (armed === undefined || (armed.left -= 1) > 0) return;
  process.kill(process.pid, "SIGKILL");
}

/** The statements of one connection, or of a database that has one. */
class Conversation {
  #inTransaction = false;
  /** The armed statement was in the transaction that is open. */
  #marked = false;

  before(sql: string, parameters: unknown): void {
    if (/^\s*begin\b/i.test(sql)) [this.#inTransaction, this.#marked] = [true, false];
    if (isArmed("before", sql, parameters)) die();
  }

  after(sql: string, parameters: unknown): void {
    if (isArmed("written", sql, parameters)) die();
    if (isArmed("committed", sql, parameters)) {
      if (this.#inTransaction) this.#marked = true;
      else die();
    }
    if (/^\s*commit\b/i.test(sql)) {
      if (this.#marked) die();
      [this.#inTransaction, this.#marked] = [false, false];
    }
    if (/^\s*rollback\b/i.test(sql)) [this.#inTransaction, this.#marked] = [false, false];
  }
}

function isArmed(edge: "before" | "written" | "committed", sql: string, parameters: unknown): boolean {
  if (armed?.moment.kind !== "statement" || armed.moment.edge !== edge) return false;
  return armed.moment.of.test(`${sql} ${textOf(parameters)}`);
}

const textOf = (parameters: unknown): string =>
  JSON.stringify(parameters ?? [], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));

const methodOf = (prototype: object, name: string) => Reflect.get(prototype, name) as (...args: unknown[]) => unknown;

watchPostgres();
watchEmbedded();
watchSqlite();
watchFiles();
watchAnswers();
shiftClock();

interface PgQuery {
  text?: string;
  values?: unknown;
}

function watchPostgres(): void {
  const { Client } = createRequire(import.meta.url)("pg") as typeof Pg;
  const conversations = new WeakMap<object, Conversation>();
  const query = methodOf(Client.prototype, "query");
  const watched = function (this: Pg.Client, ...args: unknown[]): unknown {
    const [first, second] = args as [string | PgQuery | undefined, unknown];
    const sql = typeof first === "string" ? first : first?.text;
    if (sql === undefined) return query.apply(this, args);
    const parameters = typeof first === "string" ? (Array.isArray(second) ? second : []) : (first?.values ?? second);
    const conversation = conversations.get(this) ?? new Conversation();
    conversations.set(this, conversation);
    conversation.before(sql, parameters);
    const last = args.at(-1);
    if (typeof last === "function") {
      const heard = (error: unknown, result: unknown) => {
        if (error === null || error === undefined) conversation.after(sql, parameters);
        (last as (error: unknown, result: unknown) => void)(error, result);
      };
      return query.apply(this, [...args.slice(0, -1), heard]);
    }
    return (query.apply(this, args) as Promise<unknown>).then((result) => {
      conversation.after(sql, parameters);
      return result;
    });
  };
  Client.prototype.query = watched as typeof Client.prototype.query;
}

/** The embedded database is a thread: what is posted to it leaves the gateway, what it posts is the answer. */
function watchEmbedded(): void {
  interface Request {
    id?: number;
    sql?: string;
    parameters?: unknown;
  }
  const asked = new WeakMap<Worker, Map<number, Request>>();
  const conversation = new Conversation();
  const postMessage = methodOf(Worker.prototype, "postMessage");
  const watched = function (this: Worker, ...args: unknown[]): void {
    const request = args[0] as Request;
    if (typeof request.sql === "string" && typeof request.id === "number") {
      const requests = asked.get(this) ?? listenTo(this);
      requests.set(request.id, request);
      conversation.before(request.sql, request.parameters);
    }
    postMessage.apply(this, args);
  };
  function listenTo(worker: Worker): Map<number, Request> {
    const requests = new Map<number, Request>();
    asked.set(worker, requests);
    worker.prependListener("message", ({ kind, id }: { kind: string; id: number }) => {
      const request = requests.get(id);
      requests.delete(id);
      if (kind === "result" && request?.sql !== undefined) conversation.after(request.sql, request.parameters);
    });
    return requests;
  }
  Worker.prototype.postMessage = watched as typeof Worker.prototype.postMessage;
}

function watchSqlite(): void {
  const conversation = new Conversation();
  const exec = methodOf(DatabaseSync.prototype, "exec");
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    conversation.before(sql, []);
    exec.call(this, sql);
    conversation.after(sql, []);
  };
  const run = methodOf(StatementSync.prototype, "run");
  const watched = function (this: StatementSync, ...parameters: unknown[]) {
    conversation.before(this.sourceSQL, parameters);
    const result = run.apply(this, parameters);
    conversation.after(this.sourceSQL, parameters);
    return result;
  };
  StatementSync.prototype.run = watched as typeof StatementSync.prototype.run;
}

function watchFiles(): void {
  const { rename } = files;
  files.rename = async (from, to) => {
    const isDue = (edge: string) => armed?.moment.kind === "rename" && armed.moment.edge === edge;
    if (isDue("before")) die();
    await rename(from, to);
    if (isDue("after")) die();
  };
  syncBuiltinESMExports();
}

function watchAnswers(): void {
  const end = methodOf(ServerResponse.prototype, "end");
  const watched = function (this: ServerResponse, ...args: unknown[]) {
    const { method = "", originalUrl = "" } = this.req as { method?: string; originalUrl?: string };
    if (armed?.moment.kind === "answer" && armed.moment.of.test(`${method} ${originalUrl}`)) die();
    return end.apply(this, args);
  };
  ServerResponse.prototype.end = watched as typeof ServerResponse.prototype.end;
}

/** The wall clock alone: what measures pauses (`performance.now`, timers) goes on, as it does on a real machine. */
function shiftClock(): void {
  const { now } = Date;
  const shifted = () => now() + clockMs;
  globalThis.Date = new Proxy(Date, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [shifted()] : values, newTarget) as Date,
    get: (target, name, receiver): unknown => (name === "now" ? shifted : Reflect.get(target, name, receiver)),
  });
}
