import { sql } from "kysely";
import type { Trx } from "../context.ts";
import { redactPacket } from "../handoff/redact.ts";
import { newId } from "../ids.ts";
import { appendJobEvent } from "../jobs/events.ts";
import type { Queue } from "../queue/queue.ts";
import type { Candidate } from "./candidates.ts";
import type { OpenJob } from "./open-job.ts";

export interface NewOffers {
  job: Pick<OpenJob, "id" | "round" | "packet">;
  wave: number;
  candidates: readonly Candidate[];
  seconds: number;
}

/** Offers a job to workers that `reserveWorkers` locked; each offer holds a place of its worker until it ends. */
export async function makeOffers(trx: Trx, { job, wave, candidates, seconds }: NewOffers): Promise<void> {
  if (candidates.length === 0) return;
  const redacted = JSON.stringify(redactPacket(job.packet));
  const values = candidates.map(
    ({ workerId, profileId }) =>
      sql`(${newId("off")}, ${job.id}, ${workerId}, ${profileId}, ${job.round}::int4, ${wave}::int4, ${redacted}::jsonb,
        now() + make_interval(secs => ${seconds}))`,
  );
  // The places are counted when all offers are there: the count asks for the workers of those that were made.
  const { rows: offers } = await sql<{ id: string; expires_at: Date }>`
    with made as (
      insert into offers (id, job_id, worker_id, profile_id, round, wave, packet, expires_at) values ${sql.join(values)}
      returning id, worker_id, expires_at
    ),
    counted as materialized (select recount_places(array(select worker_id from made)))
    select id, expires_at from made, counted
  `.execute(trx);
  const [first] = offers;
  await appendJobEvent(trx, {
    jobId: job.id,
    type: "job.offered",
    once: `offered:${first?.id ?? ""}`,
    data: { wave, offers: offers.length, expires_at: first?.expires_at.toISOString() },
  });
}

/**
 * Ends the pending offers of a job or of several. The jobs' rows must be locked. The places they held are free once
 * `recountPlaces` was called, here or by the worker's turn in the queue.
 * @returns the workers whose offers ended
 */
export async function endOffers(
  trx: Trx,
  jobIds: string | readonly string[],
  ending: { status: "rescinded" | "canceled"; reason: string },
): Promise<string[]> {
  const ended = await trx
    .updateTable("offers")
    .set({ status: ending.status, reason: ending.reason, decided_at: sql`now()` })
    .where("job_id", "in", [jobIds].flat())
    .where("status", "=", "pending")
    .returning("worker_id")
    .execute();
  return ended.map((offer) => offer.worker_id);
}

/** Lets matching see, after the commit, what these workers could do now. */
export async function wakeWorkers(queue: Queue, trx: Trx, workerIds: readonly string[]): Promise<void> {
  await queue.sendAll(trx, "match", [...new Set(workerIds)]);
}
