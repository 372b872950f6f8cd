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

/** A job that looks for so many, and who was asked about it before or must not be. */
export interface Wanted {
  job: AskingJob;
  count: number;
  asked: ReadonlySet<string>;
}

/** Whoever was found by the index is looked at in the database, so many at a time beyond those wanted. */
export const SPARE = 4;
/** Later they are looked at in larger numbers: something keeps them from this job, such as offers made before. */
const SPARE_LATER = 60;

/**
 * Finds the best free workers for jobs, each in its turn, and locks them until the transaction ends, so that none of their
 * places is offered to two jobs at once: who is being reserved by another transaction is passed over, who was reserved a
 * moment ago is seen as it is now. Nobody is given to two of the jobs. The jobs' rows must be locked.
 *
 * Tiers widen: those of the job's own tier come first, then the next; a tier in which nobody is free costs no time.
 * @param candidates Who is asked for whom; where it has not heard of everybody, the database is searched.
 * @returns by the job's id at most `count`, the best first
 */
export async function reserveWorkers(
  trx: Trx,
  candidates: CandidateIndex,
  wanted: readonly Wanted[],
): Promise<Map<string, Candidate[]>> {
  const reserved = new Map<string, Candidate[]>(wanted.map(({ job }) => [job.id, []]));
  await reserveNamed(
    trx,
    candidates,
    wanted.filter(({ job }) => isNamedFor(candidates, job)),
    reserved,
  );
  for (const { job, count } of wanted) {
    if (isNamedFor(candidates, job)) continue;
    const except = [...reserved.values()].flat().map(({ workerId }) => workerId);
    reserved.set(job.id, await lock(trx, job, count, sql`p.worker_id <> all (${except}::text[])`));
  }
  return reserved;
}

/** Whether the index is asked for a job's candidates. The only one whom a job names is found faster by their address. */
export const isNamedFor = (candidates: CandidateIndex, job: AskingJob): boolean =>
  candidates.complete && onlyWorkerOf(job) === null;

/** Whom the index names for a job, even those who are being reserved at this moment. */
export const namedFor = (candidates: CandidateIndex, { job, asked }: Pick<Wanted, "job" | "asked">): KnownCandidate[] =>
  candidates.find(requirementsOfJob(job), Date.now(), { asked, evenHeld: true });

/** Whoever the index names for a job, the best first. */
export interface Named<Job extends Wanted> {
  wanted: Job;
  named: KnownCandidate[];
}

/**
 * Asks the index for each of the jobs in its turn, and does `work` with whom it names. The first of each are held meanwhile,
 * so that the next job, and whoever looks at the same time in this process, take others and none has to look again.
 */
export async function withNamed<Job extends Wanted, Result>(
  candidates: CandidateIndex,
  wanted: readonly Job[],
  work: (all: Named<Job>[]) => Promise<Result>,
): Promise<Result> {
  const now = Date.now();
  const held: string[] = [];
  const all = wanted.map((each) => {
    const named = candidates.find(requirementsOfJob(each.job), now, { asked: each.asked });
    const first = named.slice(0, each.count).map(({ workerId }) => workerId);
    candidates.hold(first);
    held.push(...first);
    return { wanted: each, named };
  });
  try {
    return await work(all);
  } finally {
    candidates.release(held);
  }
}

/** What of a job's candidates has not been looked at, and how many of them it still needs. */
interface Looking {
  job: AskingJob;
  named: KnownCandidate[];
  missing: number;
}

async function reserveNamed(
  trx: Trx,
  candidates: CandidateIndex,
  wanted: readonly Wanted[],
  reserved: Map<string, Candidate[]>,
): Promise<void> {
  await withNamed(candidates, wanted, async (all) => {
    let looking: Looking[] = all.map(({ wanted: { job, count }, named }) => ({ job, named, missing: count }));
    for (let spare = SPARE; ; spare = SPARE_LATER) {
      looking = looking.filter(({ named, missing }) => named.length > 0 && missing > 0);
      if (looking.length === 0) break;
      await lockNamed(trx, looking, spare, reserved);
    }
  });
  candidates.hold([...reserved.values()].flat().map(({ workerId }) => workerId));
}

/** Looks at the next of each. */
async function lockNamed(
  trx: Trx,
  looking: readonly Looking[],
  spare: number,
  reserved: Map<string, Candidate[]>,
): Promise<void> {
  const looked = looking.map(({ job, named, missing }) => ({ job, missing, named: named.splice(0, missing + spare) }));
  const asked = looked.map(({ job, missing, named }) => ({
    id: job.id,
    round: job.round,
    parties: partiesOf(job),
    count: missing,
    workers: named.map(({ workerId }) => workerId),
    revisions: named.map(({ revision }) => revision),
  }));
  const given = [...reserved.values()].flat().map(({ workerId }) => workerId);
  const { rows } = await sql<{ job: string; worker: string }>`
    select job, worker from reserve_together(${JSON.stringify(asked)}::jsonb, ${given}::text[])
  `.execute(trx);
  const locked = Map.groupBy(rows, ({ job }) => job);
  for (const [index, { job, named }] of looked.entries()) {
    const ids = new Set(locked.get(job.id)?.map(({ worker }) => worker));
    const barred = job.review === true && ids.size > 0 ? (await barredNow(trx, job.id)).ids : new Set();
    const got = named.filter(({ workerId }) => ids.has(workerId) && !barred.has(workerId));
    reserved.get(job.id)?.push(...got);
    const one = looking[index];
    if (one !== undefined) one.missing -= got.length;
  }
}

/**
 * Looks at one worker alone, and waits for whoever holds it: nobody else would look at this worker again for the job. The
 * jobs' rows must be locked before it.
 */
export async function reserveWorker(trx: Trx, job: AskingJob, workerId: string): Promise<Candidate | undefined> {
  const [reserved] = await lock(trx, job, 1, sql`p.worker_id = ${workerId}`, sql``);
  return reserved;
}

/**
 * Whether somebody fits and is free whom another transaction only holds at this moment. Call it when the offers of this
 * one are made.
 */
export async function someoneIsHeld(trx: Trx, candidates: CandidateIndex, { job, asked }: Wanted): Promise<boolean> {
  let among = sql`true`;
  if (isNamedFor(candidates, job)) {
    const named = namedFor(candidates, { job, asked });
    if (named.length === 0) return false;
    among = sql`p.worker_id = any (${named.map(({ workerId }) => workerId)}::text[])`;
  }
  const { rows } = await sql`
    select from ${fitting(askedByJob(job))} and p.available and ${among}
      and w.presence = 'online' and w.load + w.offered < w.capacity
    limit 1
  `.execute(trx);
  return rows.length > 0;
}

/** Locks the best of those who fit, are free and are `among` profiles `p`. @param held What is done about who is held. */
async function lock(
  trx: Trx,
  job: AskingJob,
  count: number,
  among: ReturnType<typeof sql>,
  held = sql`skip locked`,
): Promise<Candidate[]> {
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
    for no key update of w ${held}
  `.execute(trx);
  const reserved = rows.map((row) => ({ workerId: row.worker_id, profileId: row.profile_id }));
  if (job.review !== true || rows.length === 0) return reserved;
  const barred = await barredNow(trx, job.id);
  if (!reserved.some(({ workerId }) => barred.ids.has(workerId))) return reserved;
  return lock(trx, { ...job, barred: barred.addresses }, count, among, held);
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
