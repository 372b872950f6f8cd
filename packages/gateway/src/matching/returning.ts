import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { type NewOffers, makeOffers } from "./offers.ts";
import { type OpenJob, lockOpenJobs, setNextWaves } from "./open-job.ts";
import { askedByWaitingJobs, fitting } from "./requirements.ts";
import { reserveWorker } from "./reserve.ts";

/** Some of the oldest are taken by others between the look and the lock; so many are tried before the sweep has to help. */
const OLDEST_LOOKED_AT = 10;
/** Workers of one transaction: it holds the rows of the jobs that it looks at for them. */
const MOST = 20;

/**
 * Offers a worker who has come back, or has a place free again, the oldest jobs that fit and that nobody is being asked
 * about, until the places are taken. The worker's places are counted anew first. Workers of one moment are counted and
 * placed together, each once: one by one they would wait for each other, for the same oldest jobs.
 */
export type PlaceWorker = (workerId: string) => Promise<void>;

export function createPlacement(ctx: Context): PlaceWorker {
  const place = inGroups(
    async (workerIds: string[]) => {
      const oldest = await oldestFittingJobs(ctx, await countAnew(ctx, [...new Set(workerIds)]));
      const placing = [...oldest.keys()];
      const outcomes = await inOneTransaction(ctx, placing, (trx, group) => offerOldest(ctx, trx, group, oldest));
      const placed = new Map(placing.map((id, index) => [id, outcomes[index]]));
      return workerIds.map((id) => placed.get(id));
    },
    { most: MOST },
  );
  return async (workerId) => {
    const outcome = await place(workerId);
    if (outcome !== undefined) answerOf(outcome);
  };
}

/**
 * @returns those who have a place, where some job waits that nobody is being asked about. That is looked at once the count
 * is committed: a job that comes later is matched by what was counted.
 */
async function countAnew({ db, chain }: Context, workerIds: readonly string[]): Promise<string[]> {
  await recountPlaces(db, workerIds);
  const { rows } = await sql<{ id: string }>`
    select id from workers
    where id = any (${workerIds}::text[]) and presence = 'online' and load + offered < capacity
      and exists (select from ${askedByWaitingJobs(chain.head().timestampSeconds)} j)
  `.execute(db);
  return rows.map(({ id }) => id);
}

interface FittingJob {
  workerId: string;
  id: string;
  /** How many more the worker has place for. */
  places: number;
}

/**
 * Reviews from which the worker is barred are left out one by one, the oldest first, until there are enough jobs: `offset`
 * keeps the planner from asking of all that fit.
 * @returns the oldest jobs of each worker for whom there are any
 */
async function oldestFittingJobs(
  { db, chain }: Context,
  workerIds: readonly string[],
): Promise<ReadonlyMap<string, readonly FittingJob[]>> {
  if (workerIds.length === 0) return new Map();
  const { rows } = await sql<FittingJob>`
    select back.id as "workerId", oldest.id, oldest.places
    from unnest(${workerIds}::text[]) with ordinality back (id, place)
    cross join lateral (
      select fits.id, fits.funded_at, fits.places
      from (
        select j.id, j.funded_at, w.address, w.capacity - w.load - w.offered as places
        from ${fitting(askedByWaitingJobs(chain.head().timestampSeconds))}
          and p.available and p.worker_id = back.id
        group by j.id, j.funded_at, w.id
        order by j.funded_at, j.id
        offset 0
      ) fits
      where case
        when exists (select from reviews where job_id = fits.id) then fits.address <> all (barred_from_review(fits.id))
        else true
      end
      order by fits.funded_at, fits.id
      limit ${sql.lit(OLDEST_LOOKED_AT)}
    ) oldest
    order by back.place, oldest.funded_at, oldest.id
  `.execute(db);
  return Map.groupBy(rows, ({ workerId }) => workerId);
}

/** A worker with the jobs that were not looked at yet. */
interface Placing {
  workerId: string;
  jobIds: string[];
  places: number;
}

/**
 * Offers workers those of the jobs that are still free, in their order, in rounds of one job each: of two reviews of one
 * case a worker may get one, so the next is looked at when the offer before it is made. All jobs are locked at once, and
 * before the workers.
 */
async function offerOldest(
  ctx: Context,
  trx: Trx,
  workerIds: readonly string[],
  oldest: ReadonlyMap<string, readonly FittingJob[]>,
): Promise<Outcome<undefined>[]> {
  const jobIds = workerIds.flatMap((workerId) => oldest.get(workerId)?.map(({ id }) => id) ?? []);
  const open = new Map((await lockOpenJobs(ctx, trx, [...new Set(jobIds)])).map((job) => [job.id, job]));
  const offered = await offeredOf(trx, [...open.keys()]);
  const free = new Map([...open].filter(([id, job]) => job.next_wave_at !== null && !offered.has(id)));
  await lockWorkers(trx, workerIds);
  let placing = workerIds.map((workerId): Placing => {
    const jobs = oldest.get(workerId) ?? [];
    return { workerId, jobIds: jobs.map(({ id }) => id), places: Math.max(...jobs.map(({ places }) => places)) };
  });
  while (placing.length > 0) {
    const offers: NewOffers[] = [];
    for (const one of placing) {
      const offer = await nextOffer(ctx, trx, one, free);
      if (offer === undefined) continue;
      free.delete(offer.job.id);
      offers.push(offer);
      one.places -= 1;
    }
    await makeOffers(trx, offers);
    await setNextWaves(trx, new Map(offers.map(({ job, wave, seconds }) => [job.id, { wave, at: seconds }])));
    placing = placing.filter(({ places, jobIds: left }) => places > 0 && left.length > 0);
  }
  return workerIds.map(() => ({ answer: undefined }));
}

/** Of the first of a worker's jobs that is free and for which the worker can be reserved. */
async function nextOffer(
  { config: { offerWaveSeconds } }: Context,
  trx: Trx,
  { workerId, jobIds }: Placing,
  free: ReadonlyMap<string, OpenJob>,
): Promise<NewOffers | undefined> {
  for (let id = jobIds.shift(); id !== undefined; id = jobIds.shift()) {
    const job = free.get(id);
    const candidate = job && (await reserveWorker(trx, job, workerId));
    if (job === undefined || candidate === undefined) continue;
    const seconds = offerWaveSeconds[Math.min(job.wave, offerWaveSeconds.length - 1)] ?? 0;
    return { job, wave: job.wave, candidates: [candidate], seconds };
  }
  return undefined;
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
