import { sql } from "kysely";
import type { Trx } from "../context.ts";
import type { Candidate, CandidateIndex, KnownCandidate } from "./candidates.ts";
import { rank } from "./rank.ts";
import {
  type AskingRow,
  SHORTLIST,
  askedByJob,
  fitting,
  onlyWorkerOf,
  partiesOf,
  requirementsOfJob,
} from "./requirements.ts";

/** A job that asks, with whoever must not review the case where it is a review. */
export type AskingJob = AskingRow & { wave: number; barred?: readonly string[]; review?: boolean };

/** Whoever was found by the index is looked at in the database, so many at a time beyond those wanted. */
const SPARE = 4;
/** Later they are looked at in larger numbers: something keeps them from this job, such as offers made before. */
const SPARE_LATER = 60;

/**
 * Finds the best free workers for a job and locks them until the transaction ends, so that none of their places is offered
 * to two jobs at once: who is being reserved by another transaction is passed over, who was reserved a moment ago is seen
 * as it is now. The job's row must be locked.
 *
 * Tiers widen: those of the job's own tier come first, then the next; a tier in which nobody is free costs no time.
 * @param candidates Whom to look at first; where they are not enough, the database is searched.
 * @returns at most `count`, the best first
 */
export async function reserveWorkers(
  trx: Trx,
  candidates: CandidateIndex,
  job: AskingJob,
  count: number,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const known = candidates.complete && onlyWorkerOf(job) === null;
  const named = known ? candidates.find(requirementsOfJob(job), Date.now()) : [];
  for (let at = 0, spare = SPARE; at < named.length && found.length < count; spare = SPARE_LATER) {
    const looked = named.slice(at, at + count - found.length + spare);
    at += looked.length;
    found.push(...(await reserveAmong(trx, candidates, job, count - found.length, looked)));
  }
  if (found.length === count) return found;
  const except = found.map(({ workerId }) => workerId);
  return [...found, ...(await lock(trx, job, count - found.length, sql`p.worker_id <> all (${except}::text[])`))];
}

async function reserveAmong(
  trx: Trx,
  candidates: CandidateIndex,
  job: AskingJob,
  count: number,
  looked: readonly KnownCandidate[],
): Promise<Candidate[]> {
  // So that who looks at the same time in this process takes others, and none waits or has to look again.
  const held = looked.slice(0, count).map(({ workerId }) => workerId);
  candidates.hold(held);
  const ids = looked.map(({ workerId }) => workerId);
  const revisions = looked.map(({ revision }) => revision);
  const { rows } = await sql<{ id: string }>`
    select reserve_places(
      ${ids}::text[], ${revisions}::int8[], ${job.id}, ${job.round}::int4, ${partiesOf(job)}::text[], ${count}::int4
    ) as id
  `.execute(trx);
  candidates.release(held);
  const barred = job.review === true && rows.length > 0 ? (await barredNow(trx, job.id)).ids : new Set();
  const free = rows.filter(({ id }) => !barred.has(id));
  const reserved = free.flatMap(({ id }) => looked.filter(({ workerId }) => workerId === id));
  candidates.hold(reserved.map(({ workerId }) => workerId));
  return reserved;
}

/** Looks at one worker alone. */
export async function reserveWorker(trx: Trx, job: AskingJob, workerId: string): Promise<Candidate | undefined> {
  const [reserved] = await lock(trx, job, 1, sql`p.worker_id = ${workerId}`);
  return reserved;
}

/** Whether somebody fits and is free whom another transaction only holds at this moment. */
export async function someoneIsHeld(trx: Trx, job: AskingJob): Promise<boolean> {
  const { rows } = await sql`
    select from ${fitting(askedByJob(job))} and p.available
      and w.presence = 'online' and w.load + w.offered < w.capacity
    limit 1
  `.execute(trx);
  return rows.length > 0;
}

/** Locks the best of those who fit, are free and are `among` profiles `p`. */
async function lock(trx: Trx, job: AskingJob, count: number, among: ReturnType<typeof sql>): Promise<Candidate[]> {
  const { rows } = await sql<{ worker_id: string; profile_id: string }>`
    with shortlist as materialized (
      select p.worker_id, p.id as profile_id, p.tier, ${rank} as rank
      from ${fitting(askedByJob(job))} and p.available and ${among}
      order by p.tier, p.reputation desc
      limit ${sql.lit(SHORTLIST)}
    ),
    best as (select distinct on (worker_id) * from shortlist order by worker_id, tier, rank desc)
    select best.worker_id, best.profile_id
    from best
    join workers w on w.id = best.worker_id
    where w.presence = 'online' and w.load + w.offered < w.capacity
    order by best.tier, best.rank desc, w.idle_since, w.id
    limit ${count}
    for no key update of w skip locked
  `.execute(trx);
  const reserved = rows.map((row) => ({ workerId: row.worker_id, profileId: row.profile_id }));
  if (job.review !== true || rows.length === 0) return reserved;
  const barred = await barredNow(trx, job.id);
  if (!reserved.some(({ workerId }) => barred.ids.has(workerId))) return reserved;
  return lock(trx, { ...job, barred: barred.addresses }, count, among);
}

/**
 * Who must not get a review, now: another of the same case may have been offered meanwhile. Call it while the workers' rows
 * are held, so that whatever was offered to them before is seen.
 */
async function barredNow(trx: Trx, jobId: string): Promise<{ ids: Set<string>; addresses: string[] }> {
  const { rows } = await sql<{ id: string; address: string }>`
    select id, address from workers where address = any (barred_from_review(${jobId}))
  `.execute(trx);
  return { ids: new Set(rows.map(({ id }) => id)), addresses: rows.map(({ address }) => address) };
}
