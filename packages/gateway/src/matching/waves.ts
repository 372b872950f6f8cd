import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { giveUp } from "./fallback.ts";
import { makeOffers, wakeWorkers } from "./offers.ts";
import { type OpenJob, lockOpenJob } from "./open-job.ts";
import { reserveWorkers, someoneIsHeld } from "./reserve.ts";

/** Once all waves are over, whoever comes is offered the job at once; this looks again in case one was overlooked. */
const LOOK_AGAIN_SECONDS = 60;
/** Who is passed over because another transaction holds them is free again in a moment. */
const HELD_SECONDS = 0.5;
/** So many offers without an answer in a row, and a worker is taken to be away. */
const MISSES_UNTIL_AWAY = 2;

const batchSize = 50;

/**
 * Takes the next step of a job's matching, if it is due: unanswered offers time out, and the next wave is offered. A wave
 * for which nobody is free waits its time out too, so that who comes meanwhile is asked before the job is given up.
 * @returns false where there was nothing to do
 */
export async function advanceJob(ctx: Context, jobId: string): Promise<boolean> {
  return ctx.db.transaction().execute(async (trx) => {
    const job = await lockOpenJob(ctx, trx, jobId);
    if (job?.due !== true) return false;
    const open = await timeOutOffers(ctx, trx, jobId);
    await setNextWave(trx, job, open === null ? await nextWave(ctx, trx, job) : { wave: job.wave, at: open });
    return true;
  });
}

interface Wave {
  /** Waves made in this round. */
  wave: number;
  /** When to look again, or in how many seconds. */
  at: Date | number;
}

async function nextWave(ctx: Context, trx: Trx, job: OpenJob): Promise<Wave> {
  const { offerWaveSizes: sizes, offerWaveSeconds: waits } = ctx.config;
  const last = sizes.length - 1;
  const wave = Math.min(job.wave, last);
  const seconds = waits[wave] ?? LOOK_AGAIN_SECONDS;
  const exhausted = job.wave > last;
  const staysOpen = !exhausted || job.unmatched_at !== null || (await giveUp(ctx, trx, job));
  if (!staysOpen) return { wave: job.wave, at: LOOK_AGAIN_SECONDS };
  const candidates = await reserveWorkers(trx, ctx.candidates, job, sizes[wave] ?? 1);
  if (candidates.length === 0 && (await someoneIsHeld(trx, job))) return { wave: job.wave, at: HELD_SECONDS };
  await makeOffers(trx, { job, wave: wave + 1, candidates, seconds });
  const idle = exhausted && candidates.length === 0;
  return { wave: wave + 1, at: idle ? LOOK_AGAIN_SECONDS : seconds };
}

async function setNextWave(trx: Trx, job: OpenJob, { wave, at }: Wave): Promise<void> {
  const next = typeof at === "number" ? sql<Date>`now() + make_interval(secs => ${at})` : at;
  await trx.updateTable("jobs").set({ wave, next_wave_at: next }).where("id", "=", job.id).execute();
}

/** @returns until when the first of the job's offers runs that are still open; null where there is none */
async function timeOutOffers(ctx: Context, trx: Trx, jobId: string): Promise<Date | null> {
  const { rows } = await sql<{ missed: string[]; until: Date | null }>`
    with ended as (
      update offers set status = 'timeout', reason = 'no answer in time', decided_at = now()
      where job_id = ${jobId} and status = 'pending' and expires_at <= now()
      returning worker_id
    )
    select array(select worker_id from ended) as missed,
      (select min(expires_at) from offers where job_id = ${jobId} and status = 'pending' and expires_at > now()) as until
  `.execute(trx);
  const { missed = [], until = null } = rows[0] ?? {};
  if (missed.length > 0) await countMisses(ctx, trx, missed);
  return until;
}

async function countMisses(ctx: Context, trx: Trx, missed: readonly string[]): Promise<void> {
  await lockWorkers(trx, missed);
  await sql`
    update workers
    set misses = misses + 1,
      presence = case when presence = 'online' and misses + 1 >= ${MISSES_UNTIL_AWAY} then 'away' else presence end
    where id = any (${missed}::text[])
  `.execute(trx);
  await recountPlaces(trx, missed);
  await wakeWorkers(ctx.queue, trx, missed);
}

/**
 * Steps the jobs whose time has come; the queue has stepped most of them before.
 * @returns how many moved
 */
export async function sweepWaves(ctx: Context): Promise<number> {
  const due = await ctx.db
    .selectFrom("jobs")
    .select("id")
    .where("next_wave_at", "<=", sql<Date>`now()`)
    .orderBy("next_wave_at")
    .limit(batchSize)
    .execute();
  let moved = 0;
  for (const { id } of due) moved += Number(await advanceOrPostpone(ctx, id));
  return moved;
}

/** One job that can't be stepped must not keep the others from it. */
async function advanceOrPostpone(ctx: Context, jobId: string): Promise<boolean> {
  try {
    if (await advanceJob(ctx, jobId)) return true;
  } catch (error) {
    ctx.log.error({ err: error, job_id: jobId }, "a job could not be matched; it is tried again in a minute");
  }
  await ctx.db
    .updateTable("jobs")
    .set({
      next_wave_at: sql`case when status in ('funding', 'open') then now() + make_interval(secs => ${LOOK_AGAIN_SECONDS}) end`,
    })
    .where("id", "=", jobId)
    .where("next_wave_at", "<=", sql<Date>`now()`)
    .execute();
  return false;
}
