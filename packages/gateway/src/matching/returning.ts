import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { inGroups } from "../groups.ts";
import { recountPlaces } from "../workers/places.ts";
import { makeOffers } from "./offers.ts";
import { lockOpenJobs } from "./open-job.ts";
import { askedByWaitingJobs, fitting } from "./requirements.ts";
import { reserveWorker } from "./reserve.ts";

/** Some of the oldest are taken by others between the look and the lock; so many are tried before the sweep has to help. */
const OLDEST_LOOKED_AT = 10;

/**
 * Offers a worker who has come back, or has a place free again, the oldest jobs that fit and that nobody is being asked
 * about, until the places are taken. The worker's places are counted anew first. Workers of one moment are counted together,
 * each once.
 */
export type PlaceWorker = (workerId: string) => Promise<void>;

export function createPlacement(ctx: Context): PlaceWorker {
  const place = inGroups(async (workerIds: string[]) => {
    const free = await countAnew(ctx, [...new Set(workerIds)]);
    const placed = new Map(free.map((id) => [id, placeOne(ctx, id)]));
    await Promise.allSettled(placed.values());
    return workerIds.map((id) => placed.get(id));
  });
  return async (workerId) => {
    await place(workerId);
  };
}

/**
 * @returns those who have a place, where some job waits that nobody is being asked about. That is looked at once the count
 * is committed: a job that comes later is matched by what was counted.
 */
async function countAnew({ db }: Context, workerIds: readonly string[]): Promise<string[]> {
  await recountPlaces(db, workerIds);
  const { rows } = await sql<{ id: string }>`
    select id from workers
    where id = any (${workerIds}::text[]) and presence = 'online' and load + offered < capacity
      and exists (select from ${askedByWaitingJobs} j)
  `.execute(db);
  return rows.map(({ id }) => id);
}

async function placeOne(ctx: Context, workerId: string): Promise<void> {
  const oldest = await oldestFittingJobs(ctx, workerId);
  if (oldest.length > 0) await ctx.db.transaction().execute((trx) => offerOldest(ctx, trx, workerId, oldest));
}

interface FittingJob {
  id: string;
  /** How many more the worker has place for. */
  places: number;
}

async function oldestFittingJobs({ db }: Context, workerId: string): Promise<FittingJob[]> {
  const { rows } = await sql<FittingJob>`
    select j.id, min(w.capacity - w.load - w.offered) as places
    from ${fitting(askedByWaitingJobs)}
      and p.available and p.worker_id = ${workerId}
    group by j.id, j.funded_at
    order by j.funded_at, j.id
    limit ${sql.lit(OLDEST_LOOKED_AT)}
  `.execute(db);
  return rows;
}

/**
 * Offers a worker those of the jobs that are still free for it, in their order. All are locked at once and before the
 * worker: one by one each would cost a transaction, and most are taken by others who have just come back too.
 */
async function offerOldest(ctx: Context, trx: Trx, workerId: string, oldest: readonly FittingJob[]): Promise<void> {
  const ids = oldest.map(({ id }) => id);
  const open = new Map((await lockOpenJobs(ctx, trx, ids)).map((job) => [job.id, job]));
  const offered = await offeredOf(trx, [...open.keys()]);
  const { offerWaveSeconds } = ctx.config;
  let places = Math.max(...oldest.map((job) => job.places));
  for (const id of ids) {
    const job = open.get(id);
    if (places <= 0) break;
    if (job === undefined || job.next_wave_at === null || offered.has(id)) continue;
    const candidate = await reserveWorker(trx, job, workerId);
    if (candidate === undefined) continue;
    const seconds = offerWaveSeconds[Math.min(job.wave, offerWaveSeconds.length - 1)] ?? 0;
    // Made before the next is looked at: of two reviews of one case the worker may get one.
    await makeOffers(trx, [{ job, wave: job.wave, candidates: [candidate], seconds }]);
    await trx
      .updateTable("jobs")
      .set({ next_wave_at: sql`now() + make_interval(secs => ${seconds})` })
      .where("id", "=", id)
      .execute();
    places -= 1;
  }
}

async function offeredOf(trx: Trx, jobIds: readonly string[]): Promise<Set<string>> {
  if (jobIds.length === 0) return new Set();
  const pending = await trx
    .selectFrom("offers")
    .select("job_id")
    .where("job_id", "in", jobIds)
    .where("status", "=", "pending")
    .execute();
  return new Set(pending.map(({ job_id }) => job_id));
}
