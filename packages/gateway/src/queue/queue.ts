import type { Trx } from "../context.ts";

/** What is queued: the work, and the prefix of the id that its jobs carry. */
export type QueueName = "match" | "verify" | "webhook" | "settle";

/** Work that must happen soon, at least once, in whichever process is free. A job carries an id, never a state. */
export interface Queue {
  /** Within `trx` the job exists only once that commits; null sends at once. */
  send(trx: Trx | null, name: QueueName, id: string): Promise<void>;
  /** Call it before `start`. A handler that throws is called again, later each time; it must be idempotent. */
  work(name: QueueName, handler: (id: string) => Promise<void>): void;
  /**
   * Runs `run` every so often, never two at a time in one process, and again at once while it handles rows. `run`
   * claims due rows with `for update skip locked` and returns how many it handled. Call it before `start`.
   */
  sweep(name: string, everyMs: number, run: () => Promise<number>): void;
  start(): Promise<void>;
  /** Waits for the work in hand. */
  stop(): Promise<void>;
}
