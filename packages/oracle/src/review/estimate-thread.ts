import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DawidSkene, TaskAnswer } from "./dawid-skene.ts";

export interface EstimateQuestion {
  answers: readonly TaskAnswer[];
  /** The answers of golden tasks. */
  known: ReadonlyMap<string, string>;
}

/**
 * `dawidSkene` in a thread of its own: tens of thousands of answers take it seconds, in which nothing else may wait.
 * @throws RangeError where there is no answer
 */
export async function estimateInThread(question: EstimateQuestion): Promise<DawidSkene> {
  const thread = new Worker(new URL("./estimate-worker.ts", import.meta.url), { workerData: question });
  try {
    return ((await once(thread, "message")) as [DawidSkene])[0];
  } finally {
    await thread.terminate();
  }
}
