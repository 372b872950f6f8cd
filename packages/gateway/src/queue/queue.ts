import { PgBoss, type Job, type JobResult, fromKysely } from "pg-boss";
import type { Logger } from "pino";
import type { Trx } from "../context.ts";
import type { QueueConnection } from "../database/open.ts";
import type { Metrics } from "../observability/metrics.ts";
import { traced } from "../observability/traces.ts";
import { createSweeper } from "./sweeper.ts";

/** What is to be done with the id that a job carries. */
export const queueNames = ["match", "links", "verify", "webhook", "reputation"] as const;
export type QueueName = (typeof queueNames)[number];

/** Work that must happen soon, at least once, in whichever process is free. A job carries an id, never a state. */
export interface Queue {
  /** Within `trx` the job exists only once that commits; null sends at once. Call it after `start`. */
  send(trx: Trx | null, name: QueueName, id: string): Promise<void>;
  /** The same for many at once. */
  sendAll(trx: Trx | null, name: QueueName, ids: readonly string[]): Promise<void>;
  /**
   * Call it before `start`. A handler that throws is called again, later each time, for about a quarter of an hour; it
   * must be idempotent, and what has a deadline must be found by a sweep as well.
   */
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

export interface QueueOptions {
  connection: QueueConnection;
  log: Logger;
  metrics: Metrics;
}

interface Payload {
  id: string;
}

/** 1, 2, 4 … s apart, later a minute: about 15 minutes in all. */
const retries = { retryLimit: 20, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 };

const queueOptions = {
  ...retries,
  // No job takes so long, unless its process hangs.
  expireInSeconds: 120,
  // A job whose process does not say so often that it lives is given to another. pg-boss allows no less.
  heartbeatSeconds: 10,
  // Done is done: small tables keep the queue fast.
  deleteAfterSeconds: 60,
  notify: true,
};

const workOptions = {
  batchSize: 30,
  burstWhenBatchFull: true,
  localConcurrency: 2,
  perJobResults: true,
  includeMetadata: false,
  // Workers are woken by a notification; this is for retries, and for notifications that get lost.
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 1,
} as const;

/** How often jobs of processes that died are looked for. */
const LOOK_FOR_DEAD_SECONDS = 5;
const QUEUE_CONNECTIONS = 5;
const STOP_WITHIN_MS = 30_000;
const NO_JOB = "00000000-0000-0000-0000-000000000000";

export function createQueue({ connection, log, metrics }: QueueOptions): Queue {
  const embedded = "backend" in connection;
  const boss = new PgBoss({
    ...connection,
    ...(embedded ? { monitorVacuum: false, reindex: false } : { max: QUEUE_CONNECTIONS }),
    useListenNotify: true,
    superviseIntervalSeconds: LOOK_FOR_DEAD_SECONDS,
    monitorIntervalSeconds: LOOK_FOR_DEAD_SECONDS,
    schedule: false,
    registerInstance: false,
  });
  boss.on("error", (error) => log.warn({ err: error }, "the queue had an error"));
  boss.on("warning", (warning) => log.warn({ warning }, "the queue warns"));
  const handlers = new Map<QueueName, (id: string) => Promise<void>>();
  const sweeper = createSweeper({ log, metrics });

  async function run(name: QueueName, job: Job<Payload>): Promise<JobResult> {
    const { id } = job.data;
    const end = metrics.queueJobSeconds.startTimer({ queue: name });
    try {
      await traced(`queue ${name}`, { id, attempt: job.retryCount + 1 }, async () => handlers.get(name)?.(id));
      end({ outcome: "done" });
      return { id: job.id, status: "completed" };
    } catch (error) {
      end({ outcome: "failed" });
      const last = job.retryCount >= retries.retryLimit;
      const what = id.startsWith("job_") ? { job_id: id } : { id };
      const about = { err: error, queue: name, ...what, attempt: job.retryCount + 1 };
      log.error(about, last ? "queued work failed for the last time" : "queued work failed and is tried again");
      return { id: job.id, status: "failed" };
    }
  }

  return {
    async send(trx, name, id) {
      await boss.send(name, { id }, trx === null ? {} : { db: fromKysely(trx) });
    },
    async sendAll(trx, name, ids) {
      if (ids.length === 0) return;
      await boss.insert(
        name,
        ids.map((id) => ({ data: { id } })),
        trx === null ? {} : { db: fromKysely(trx) },
      );
    },
    work(name, handler) {
      if (handlers.has(name)) throw new Error(`There is a handler for the queue ${name} already.`);
      handlers.set(name, handler);
    },
    sweep: sweeper.sweep,
    async start() {
      await boss.start();
      for (const name of queueNames) {
        await boss.createQueue(name, queueOptions);
        // One that is there already may have been made with other options.
        await boss.updateQueue(name, queueOptions);
        // Lets pg-boss know the queue by heart: on the embedded database it could not look it up inside a transaction.
        await boss.findJobs(name, { id: NO_JOB });
      }
      for (const name of handlers.keys()) {
        await boss.work<Payload, JobResult[], typeof workOptions>(name, workOptions, (jobs: Job<Payload>[]) =>
          Promise.all(jobs.map((job) => run(name, job))),
        );
      }
      sweeper.start();
    },
    async stop() {
      await sweeper.stop();
      await boss.stop({ graceful: true, timeout: STOP_WITHIN_MS });
    },
  };
}
