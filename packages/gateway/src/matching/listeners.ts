import { sql } from "kysely";
import type { Trx } from "../context.ts";
import type { ProjectionListeners } from "../jobs/project.ts";
import type { Queue } from "../queue/queue.ts";
import { endOffers, wakeWorkers } from "./offers.ts";

/**
 * What matching does when the chain moves a job. Each runs in the transaction of the move, after the job's row has its
 * new status and worker, and locks no worker: that transaction goes on to other jobs. Places are counted by the workers'
 * own turns in the queue.
 */
export function matchingListeners(queue: Queue): Pick<ProjectionListeners, "onFunded" | "onReopened" | "onEnded"> {
  return {
    onFunded: (trx, jobId) => lookForWorker(queue, trx, jobId),
    onReopened: async (trx, jobId, workerId) => {
      await lookForWorker(queue, trx, jobId);
      if (workerId !== null) await wakeWorkers(queue, trx, [workerId]);
    },
    onEnded: async (trx, jobId) => {
      await trx.updateTable("jobs").set({ next_wave_at: null }).where("id", "=", jobId).execute();
      const asked = await endOffers(trx, jobId, { status: "canceled", reason: "the job ended" });
      const { worker_id } = await trx
        .selectFrom("jobs")
        .select("worker_id")
        .where("id", "=", jobId)
        .executeTakeFirstOrThrow();
      await wakeWorkers(queue, trx, worker_id === null ? asked : [...asked, worker_id]);
    },
  };
}

/** Begins the waves of a round. */
export async function lookForWorker(queue: Queue, trx: Trx, jobId: string): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ wave: 0, next_wave_at: sql`now()`, unmatched_at: null })
    .where("id", "=", jobId)
    .execute();
  await queue.send(trx, "match", jobId);
}
