import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Json } from "@hireforhumans/protocol";

export type SchemaResult = { outcome: "fits" } | { outcome: "misfit" | "undecided"; reason: string };

/** Far more than any schema needs that people write; a pattern made to run for ever is stopped by it. */
const limitMs = 2000;

let thread: Worker | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Whether a value fits a JSON Schema (draft 2020-12). Both come from strangers, and a pattern can take for ever to match,
 * so it is decided in a thread of its own, one after the other, that is ended when it takes too long.
 */
export function fitsSchema(schema: Record<string, Json>, value: Json, signal: AbortSignal): Promise<SchemaResult> {
  return inTurn({ schema, value }, signal);
}

/** What must hold of a document: each value that a JSONPath query (RFC 9535) selects, and there must be one, is `equals`. */
export interface Expectation {
  path: string;
  equals?: Json | undefined;
}

/** Whether a document meets all expectations; with the same care, since a query can hold a pattern too. */
export function meetsExpectations(
  expectations: Expectation[],
  value: Json,
  signal: AbortSignal,
): Promise<SchemaResult> {
  return inTurn({ expectations, value }, signal);
}

/** What is asked of the thread. Without a value it is whether the schema, or the queries, can be used at all. */
export type Question = { schema: Record<string, Json>; value?: Json } | { expectations: Expectation[]; value?: Json };

/** Why a schema or queries can't be used; undefined where they can. */
export async function problemOfQuestion(question: Question, signal: AbortSignal): Promise<string | undefined> {
  const result = await inTurn(question, signal);
  return result.outcome === "fits" ? undefined : result.reason;
}

function inTurn(question: Question, signal: AbortSignal): Promise<SchemaResult> {
  const result = last.then(() => ask(question, signal));
  last = result.catch(() => undefined);
  return result;
}

async function ask(question: Question, signal: AbortSignal): Promise<SchemaResult> {
  thread ??= await startThread(signal);
  const current = thread;
  const stop = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  try {
    const answer = once(current, "message", { signal: stop });
    current.postMessage(question);
    return ((await answer) as [SchemaResult])[0];
  } catch (error) {
    thread = undefined;
    await current.terminate();
    if (stop.aborted) return { outcome: "undecided", reason: `it takes longer than ${limitMs} ms.` };
    throw error;
  }
}

/** Resolves when the thread can be asked: what a busy machine takes to start it must not count against a schema. */
async function startThread(signal: AbortSignal): Promise<Worker> {
  const started = new Worker(new URL("./schema-worker.ts", import.meta.url));
  started.unref();
  try {
    await once(started, "message", { signal });
    return started;
  } catch (error) {
    await started.terminate();
    throw error;
  }
}
