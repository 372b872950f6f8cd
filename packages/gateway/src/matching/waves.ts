import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { giveUp } from "./fallback.ts";
import type { Candidate } from "./candidates.ts";
import { type NextWave, makeOffers, offerToNamed, wakeWorkers } from "./offers.ts";
import { type DueJob, type Wave, lockDueJobs, setNextWaves } from "./open-job.ts";
import { isNamedFor, reserveWorkers, someoneIsHeld } from "./reserve.ts";

/**
 * Once all waves are over, whoever comes is offered the job at once; this looks again in case one was overlooked. Seldom:
 * of a hundred thousand jobs that wait for somebody, 160 are looked at in a second.
 */
const OVERLOOKED_SECONDS = 600;
/** After an error. */
const TRY_AGAIN_SECONDS = 60;
/** Who is passed over because another transaction holds them is free again in a moment. */
const HELD_SECONDS = 0.5;
/** So many offers without an answer in a row, and a worker is taken to be away. */
const MISSES_UNTIL_AWAY = 2;
/** Jobs of one transaction: their rows and those of the workers asked are held until it ends. */
const MOST = 50;

const batchSize = 50;

export interface Waves {
  /**
   * Takes the next step of a job's matching, if it is due: unanswered offers time out, and the next wave is offered. A
   * wave for which nobody is free waits its time out too, so that who comes meanwhile is asked before the job is given up.
   * @returns false where there was nothing to do
   */
  advance(jobId: string): Promise<boolean>;
  /**
   * Steps the jobs whose time has come; the queue has stepped most of them before.
   * @returns how many moved
   */
  sweep(): Promise<number>;
}

/** The index of candidates named too few for a job, and may not have heard of somebody yet. */
const unheard = Symbol("unheard");
type Step = boolean | typeof unheard;

/** Jobs that are due while others are being stepped are stepped together, each by its own rules. */
export function createWaves(ctx: Context): Waves {
  const stepAll = (heard: boolean) =>
    inGroups(
      (jobIds: string[]) => {
        let reserved: readonly string[] = [];
        return inOneTransaction(ctx, jobIds, async (trx, group: readonly string[]) => {
          // What was tried before was taken back: those whom it reserved are free.
          ctx.candidates.release(reserved);
          return advanceAll(ctx, trx, group, { heard, onReserved: (ids) => (reserved = ids) });
        });
      },
      { most: MOST },
    );
  const step = stepAll(false);
  const lastStep = stepAll(true);
  const hear = inGroups((jobIds: string[]) => ctx.feed.refresh().then(() => jobIds));

  async function advance(jobId: string): Promise<boolean> {
    const stepped = answerOf(await step(jobId));
    if (stepped !== unheard) return stepped;
    await hear(jobId);
    return answerOf(await lastStep(jobId)) === true;
  }

  return {
    advance,
    async sweep() {
      const due = await dueJobs(ctx);
      const moved = await Promise.all(due.map((jobId) => advanceOrPostpone(ctx, advance, jobId)));
      return moved.filter(Boolean).length;
    },
  };
}

interface Due extends NextWave {
  /** All waves are over. */
  exhausted: boolean;
}

/**
 * @param heard The index of candidates has heard of everybody who was there when the job was looked at before; where it
 * names too few, there are no more.
 */
async function advanceAll(
  ctx: Context,
  trx: Trx,
  jobIds: readonly string[],
  { heard, onReserved }: { heard: boolean; onReserved: (workerIds: string[]) => void },
): Promise<Outcome<Step>[]> {
  const locked = await lockDueJobs(ctx, trx, jobIds);
  const missed = locked.flatMap((job) => job.missed);
  if (missed.length > 0) await countMisses(ctx, trx, missed);
  const next = new Map<string, Wave>();
  const looking: Due[] = [];
  for (const job of inTurn(jobIds, locked)) {
    if (job.until !== null) {
      next.set(job.id, { wave: job.wave, at: job.until });
      continue;
    }
    const due = await dueOf(ctx, trx, job);
    if (due === undefined) next.set(job.id, { wave: job.wave, at: OVERLOOKED_SECONDS });
    else looking.push(due);
  }
  const named = looking.filter(({ job }) => isNamedFor(ctx.candidates, job) && !job.review);
  const offered = await offerToNamed(trx, ctx.candidates, named);
  onReserved([...offered.values()].flat());
  const others = looking.filter(({ job }) => !offered.has(job.id));
  const reserved = await reserveWorkers(trx, ctx.candidates, others);
  onReserved([...offered.values(), ...[...reserved.values()].map(ids)].flat());
  const found = ({ job }: Due) => reserved.get(job.id) ?? [];
  const [left, decided] = [new Set<string>(), [] as Due[]];
  for (const due of others) {
    if (!heard && isNamedFor(ctx.candidates, due.job) && found(due).length < due.count) {
      ctx.candidates.release(ids(found(due)));
      left.add(due.job.id);
    } else decided.push(due);
  }
  await makeOffers(
    trx,
    decided.map((due) => ({ ...due, candidates: found(due) })),
  );
  for (const due of decided) next.set(due.job.id, await waveAfter(ctx, trx, due, found(due).length));
  await setNextWaves(trx, next);
  return jobIds.map((jobId) => ({ answer: left.has(jobId) ? unheard : next.has(jobId) || offered.has(jobId) }));
}

const ids = (candidates: readonly Candidate[]): string[] => candidates.map(({ workerId }) => workerId);

/** In the order in which they came, each once. */
function inTurn(jobIds: readonly string[], jobs: readonly DueJob[]): DueJob[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return [...new Set(jobIds)].flatMap((jobId) => byId.get(jobId) ?? []);
}

/** @returns undefined where the job is given up */
async function dueOf(ctx: Context, trx: Trx, job: DueJob): Promise<Due | undefined> {
  const { offerWaveSizes: sizes, offerWaveSeconds: waits } = ctx.config;
  const last = sizes.length - 1;
  const exhausted = job.wave > last;
  if (exhausted && job.unmatched_at === null && !(await giveUp(ctx, trx, job))) return undefined;
  const wave = Math.min(job.wave, last);
  const [count, seconds] = [sizes[wave] ?? 1, waits[wave] ?? OVERLOOKED_SECONDS];
  return { job, wave: wave + 1, count, asked: new Set(job.workers), seconds, exhausted };
}

async function waveAfter(ctx: Context, trx: Trx, due: Due, offers: number): Promise<Wave> {
  const { job, wave, seconds, exhausted } = due;
  if (offers === 0 && (await someoneIsHeld(trx, ctx.candidates, due))) return { wave: job.wave, at: HELD_SECONDS };
  return { wave, at: exhausted && offers === 0 ? OVERLOOKED_SECONDS : seconds };
}

async function countMisses(ctx: Context, trx: Trx, missed: readonly string[]): Promise<void> {
  const workerIds = [...new Set(missed)];
  await lockWorkers(trx, workerIds);
  await sql`
    update workers
    set misses = misses + offers.missed,
      presence = case
        when presence = 'online' and misses + offers.missed >= ${MISSES_UNTIL_AWAY} then 'away' else presence
      end
    from (select id, count(*)::int4 as missed from unnest(${missed}::text[]) one (id) group by id) offers
    where workers.id = offers.id
  `.execute(trx);
  await recountPlaces(trx, workerIds);
  await wakeWorkers(ctx.queue, trx, workerIds);
}

async function dueJobs({ db }: Context): Promise<string[]> {
  const rows = await db
    .selectFrom("jobs")
    .select("id")
    .where("next_wave_at", "<=", sql<Date>`now()`)
    .orderBy("next_wave_at")
    .limit(batchSize)
    .execute();
  return rows.map(({ id }) => id);
}

/** One job that can't be stepped must not keep the others from it. */
async function advanceOrPostpone(ctx: Context, advance: Waves["advance"], jobId: string): Promise<boolean> {
  try {
    if (await advance(jobId)) return true;
  } catch (error) {
    ctx.log.error({ err: error, job_id: jobId }, "a job could not be matched; it is tried again in a minute");
  }
  await ctx.db
    .updateTable("jobs")
    .set({
      next_wave_at: sql`case when status in ('funding', 'open') then now() + make_interval(secs => ${TRY_AGAIN_SECONDS}) end`,
    })
    .where("id", "=", jobId)
    .where("next_wave_at", "<=", sql<Date>`now()`)
    .execute();
  return false;
}
