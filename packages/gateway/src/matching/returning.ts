import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { recountPlaces } from "../workers/places.ts";
import { makeOffers } from "./offers.ts";
import { lockOpenJob } from "./open-job.ts";
import { askedByWaitingJobs, fitting } from "./requirements.ts";
import { reserveWorker } from "./reserve.ts";

/** Some of the oldest are taken by others between the look and the lock; so many are tried before the sweep has to help. */
const OLDEST_LOOKED_AT = 10;

/**
 * Offers a worker who has come back, or has a place free again, the oldest jobs that fit and that nobody is being asked
 * about, until the places are taken. The worker's places are counted anew first.
 */
export async function placeWorker(ctx: Context, workerId: string): Promise<void> {
  await ctx.db.transaction().execute((trx) => recountPlaces(trx, [workerId]));
  for (const jobId of await oldestFittingJobs(ctx, workerId)) await offerTo(ctx, workerId, jobId);
}

async function oldestFittingJobs({ db }: Context, workerId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select j.id
    from ${fitting(askedByWaitingJobs)}
      and p.available and p.worker_id = ${workerId}
      and not exists (select 1 from offers where offers.job_id = j.id and offers.status = 'pending')
    group by j.id, j.funded_at
    order by j.funded_at, j.id
    limit ${sql.lit(OLDEST_LOOKED_AT)}
  `.execute(db);
  return rows.map(({ id }) => id);
}

/** Offers one job to one worker, if both are still free for it. */
async function offerTo(ctx: Context, workerId: string, jobId: string): Promise<void> {
  await ctx.db.transaction().execute(async (trx) => {
    const job = await lockOpenJob(ctx, trx, jobId);
    if (job === undefined || job.next_wave_at === null || (await isOffered(trx, jobId))) return;
    const { offerWaveSeconds } = ctx.config;
    const seconds = offerWaveSeconds[Math.min(job.wave, offerWaveSeconds.length - 1)] ?? 0;
    const candidate = await reserveWorker(trx, job, workerId);
    if (candidate === undefined) return;
    await makeOffers(trx, [{ job, wave: job.wave, candidates: [candidate], seconds }]);
    await trx
      .updateTable("jobs")
      .set({ next_wave_at: sql`now() + make_interval(secs => ${seconds})` })
      .where("id", "=", jobId)
      .execute();
  });
}

async function isOffered(trx: Trx, jobId: string): Promise<boolean> {
  const pending = await trx
    .selectFrom("offers")
    .select("id")
    .where("job_id", "=", jobId)
    .where("status", "=", "pending")
    .executeTakeFirst();
  return pending !== undefined;
}
