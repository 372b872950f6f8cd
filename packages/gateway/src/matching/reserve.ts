import { sql } from "kysely";
import type { Trx } from "../context.ts";
import { rank } from "./rank.ts";
import { type AskingRow, askedByJob, fitting } from "./requirements.ts";

/** The profile by which a worker is to get an offer. */
export interface Candidate {
  workerId: string;
  profileId: string;
}

/** Of those who fit, the ones with the best reputation are ranked in full; ranking thousands would cost the time of the match. */
const SHORTLIST = 200;

/**
 * Finds the best free workers for a job and locks them until the transaction ends, so that none of their places is offered
 * to two jobs at once: who is being reserved by another transaction is passed over, who was reserved a moment ago is seen
 * as it is now. The job's row must be locked.
 *
 * Tiers widen: those of the job's own tier come first, then the next; a tier in which nobody is free costs no time.
 * @param onlyWorkerId Look at this worker alone.
 * @returns at most `count`, the best first
 */
export async function reserveWorkers(
  trx: Trx,
  job: AskingRow & { barred?: readonly string[]; review?: boolean },
  count: number,
  onlyWorkerId?: string,
): Promise<Candidate[]> {
  // A plan made for all jobs alike would be wrong for the rare and the common.
  await sql`set local plan_cache_mode = force_custom_plan`.execute(trx);
  const { rows } = await sql<{ worker_id: string; profile_id: string }>`
    with shortlist as materialized (
      select p.worker_id, p.id as profile_id, p.tier, ${rank} as rank
      from ${fitting(askedByJob(job))}
        and p.available and ${onlyWorkerId === undefined ? sql`true` : sql`p.worker_id = ${onlyWorkerId}`}
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
  const candidates = rows.map((row) => ({ workerId: row.worker_id, profileId: row.profile_id }));
  if (job.review !== true || rows.length === 0) return candidates;
  // Another review of the same case may have been offered meanwhile. The workers' rows are held now, so that whatever was
  // offered to them before is seen.
  const barred = await barredNow(trx, job.id);
  if (!candidates.some(({ workerId }) => barred.ids.has(workerId))) return candidates;
  return reserveWorkers(trx, { ...job, barred: barred.addresses }, count, onlyWorkerId);
}

async function barredNow(trx: Trx, jobId: string): Promise<{ ids: Set<string>; addresses: string[] }> {
  const { rows } = await sql<{ id: string; address: string }>`
    select id, address from workers where address = any (barred_from_review(${jobId}))
  `.execute(trx);
  return { ids: new Set(rows.map(({ id }) => id)), addresses: rows.map(({ address }) => address) };
}
