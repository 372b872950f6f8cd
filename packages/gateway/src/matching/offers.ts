import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { redactPacket } from "../handoff/redact.ts";
import { newId } from "../ids.ts";
import { appendJobEvents } from "../jobs/events.ts";
import type { Queue } from "../queue/queue.ts";
import type { Candidate } from "./candidates.ts";
import type { OpenJob, ReadyJob } from "./open-job.ts";
import { partiesOf } from "./requirements.ts";
import { SPARE, type Wanted, withNamed } from "./reserve.ts";

export interface NewOffers {
  job: Pick<OpenJob, "id" | "round" | "packet">;
  wave: number;
  candidates: readonly Candidate[];
  seconds: number;
}

/**
 * Offers jobs to workers that `reserveWorkers` locked, nobody twice; each offer holds a place of its worker until it ends.
 */
export async function makeOffers(trx: Trx, wanted: readonly NewOffers[]): Promise<void> {
  const rows = wanted.flatMap(({ job, wave, candidates, seconds }) => {
    const packet = candidates.length === 0 || job.packet === null ? {} : redactPacket(job.packet);
    return candidates.map(({ workerId, profileId }) => {
      return {
        id: newId("off"),
        job: job.id,
        worker: workerId,
        profile: profileId,
        round: job.round,
        wave,
        packet,
        seconds,
      };
    });
  });
  if (rows.length === 0) return;
  // The places are counted when all offers are there: the count asks for the workers of those that were made.
  const { rows: made } = await sql<{ id: string; job_id: string; wave: number; expires_at: Date }>`
    with made as (
      insert into offers (id, job_id, worker_id, profile_id, round, wave, packet, expires_at)
      select id, job, worker, profile, round, wave, packet, clock_timestamp() + make_interval(secs => seconds)
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as offer
        (id text, job text, worker text, profile text, round int4, wave int4, packet jsonb, seconds float8)
      returning id, job_id, worker_id, wave, expires_at
    ),
    counted as materialized (select recount_places(array(select worker_id from made)))
    select id, job_id, wave, expires_at from made, counted
  `.execute(trx);
  await appendJobEvents(
    trx,
    [...Map.groupBy(made, ({ job_id }) => job_id)].flatMap(([jobId, offers]) =>
      offers.slice(0, 1).map(({ id, wave, expires_at }) => ({
        jobId,
        type: "job.offered" as const,
        once: `offered:${id}`,
        data: { wave, offers: offers.length, expires_at: expires_at.toISOString() },
      })),
    ),
  );
}

/** A job that is to make this wave at once, and for how long its offers run. */
export interface NextWave extends Wanted {
  job: ReadyJob;
  wave: number;
  seconds: number;
}

/**
 * Most jobs find all whom they want among the first whom the index names: those are reserved and offered the job, told and
 * set to wait for the answers by one statement, a transaction of its own. Nothing becomes of the others, nor of those that
 * were changed since they were read.
 * @returns the jobs that were offered, and those for which the index names too few
 */
export async function offerToNamed(
  { db, candidates, chain }: Context,
  wanted: readonly NextWave[],
): Promise<{ offered: Set<string>; short: NextWave[] }> {
  const short: NextWave[] = [];
  if (wanted.length === 0) return { offered: new Set(), short };
  const offered = await withNamed(candidates, wanted, async (all) => {
    const rows = all.flatMap(({ wanted: next, named }) => {
      const { job, count, wave, seconds } = next;
      if (named.length < count) {
        short.push(next);
        return [];
      }
      const first = named.slice(0, count + SPARE);
      return {
        id: job.id,
        round: job.round,
        parties: partiesOf(job),
        count,
        workers: first.map(({ workerId }) => workerId),
        profiles: first.map(({ profileId }) => profileId),
        revisions: first.map(({ revision }) => revision),
        offers: Array.from({ length: count }, () => newId("off")),
        wave,
        seconds,
        event: newId("evt"),
        endpoints: job.endpoints,
        deliveries: job.endpoints.map(() => newId("dlv")),
      };
    });
    if (rows.length === 0) return [];
    const told = await sql<{ job: string; workers: string[] }>`
      select * from offer_jobs(${JSON.stringify(rows)}::jsonb, ${chain.head().timestampSeconds}::int8)
    `.execute(db);
    return told.rows;
  });
  candidates.hold(offered.flatMap(({ workers }) => workers));
  return { offered: new Set(offered.map(({ job }) => job)), short };
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
