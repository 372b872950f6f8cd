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
export function matchingListeners(queue: Queue): Pick<ProjectionListeners, "onOpened" | "onTaken" | "onEnded"> {
  return {
    onOpened: async (trx, opened) => {
      await lookForWorkers(
        queue,
        trx,
        opened.map(({ jobId }) => jobId),
      );
      await wakeWorkers(
        queue,
        trx,
        opened.flatMap(({ workerId }) => workerId ?? []),
      );
    },
    onTaken: async (trx, jobIds) => {
      await trx.updateTable("jobs").set({ next_wave_at: null }).where("id", "in", jobIds).execute();
      const asked = await endOffers(trx, jobIds, { status: "rescinded", reason: "another worker has taken the job" });
      await wakeWorkers(queue, trx, asked);
    },
    onEnded: async (trx, jobIds) => {
      const jobs = await trx
        .updateTable("jobs")
        .set({ next_wave_at: null })
        .where("id", "in", jobIds)
        .returning("worker_id")
        .execute();
      const asked = await endOffers(trx, jobIds, { status: "canceled", reason: "the job ended" });
      await wakeWorkers(queue, trx, [...asked, ...jobs.flatMap(({ worker_id }) => worker_id ?? [])]);
    },
  };
}

/** Begins the waves of a round of each of these jobs. */
export async function lookForWorkers(queue: Queue, trx: Trx, jobIds: readonly string[]): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ wave: 0, next_wave_at: sql`now()`, unmatched_at: null })
    .where("id", "in", jobIds)
    .execute();
  await queue.sendAll(trx, "match", jobIds);
}
