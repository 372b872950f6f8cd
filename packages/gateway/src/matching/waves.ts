import { type RawBuilder, sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { giveUp } from "./fallback.ts";
import type { Candidate, KnownCandidate } from "./candidates.ts";
import { makeOffers, offerToNamed, wakeWorkers } from "./offers.ts";
import { type DueJob, type Wave, lockDueJobs, readyJobs, setNextWaves } from "./open-job.ts";
import type { AskingRow } from "./requirements.ts";
import { type Wanted, isNamedFor, namedFor, reserveWorkers, someoneIsHeld } from "./reserve.ts";

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

/**
 * The index of candidates named too few for a job who could be reserved: it may not have heard of somebody yet, or take
 * those whom it named for what they are not.
 */
interface Unheard {
  named: readonly KnownCandidate[];
}
type Step = boolean | Unheard;

/** Jobs that are due while others are being stepped are stepped together, each by its own rules. */
export function createWaves(ctx: Context): Waves {
  const step = inGroups(
    async (jobIds: string[]) => {
      const answered = await offerAtOnce(ctx, jobIds);
      const left = jobIds.filter((jobId) => !answered.has(jobId));
      const stepped = await stepLocked(ctx, left, false);
      const outcomes = new Map(left.map((jobId, index) => [jobId, stepped[index]]));
      return jobIds.map((jobId): Outcome<Step> => outcomes.get(jobId) ?? { answer: answered.get(jobId) ?? false });
    },
    { most: MOST },
  );
  const lastStep = inGroups((jobIds: string[]) => stepLocked(ctx, jobIds, true), { most: MOST });
  const hear = inGroups((unheard: Unheard[]) =>
    ctx.feed.refresh(unheard.flatMap(({ named }) => named)).then(() => unheard),
  );

  async function advance(jobId: string): Promise<boolean> {
    const stepped = answerOf(await step(jobId));
    if (typeof stepped === "boolean") return stepped;
    await hear(stepped);
    return answerOf(await lastStep(jobId)) === true;
  }

  return {
    advance,
    async sweep() {
      const due = await dueJobs(ctx);
      const moved = await Promise.all(due.map((job) => advanceOrPostpone(ctx, advance, job)));
      return moved.filter(Boolean).length;
    },
  };
}

/**
 * Makes the next wave of those jobs for which the index names enough, by two statements for all of them. Where it names too
 * few it is to hear of others before anything is locked.
 * @returns what became of these jobs; with the others there is more to it
 */
async function offerAtOnce(ctx: Context, jobIds: readonly string[]): Promise<Map<string, Step>> {
  const { candidates, config } = ctx;
  if (!candidates.complete) return new Map();
  try {
    const ready = inTurn(jobIds, await readyJobs(ctx, jobIds));
    const { offered, short } = await offerToNamed(
      ctx,
      ready.flatMap((job) => {
        const { exhausted, ...next } = nextWaveOf(config, job);
        return exhausted || !isNamedFor(candidates, job) ? [] : [next];
      }),
    );
    return new Map<string, Step>([
      ...[...offered].map((jobId) => [jobId, true] as const),
      ...short.map((next) => [next.job.id, { named: namedFor(candidates, next) }] as const),
    ]);
  } catch (error) {
    ctx.log.warn(
      { err: error, members: jobIds.length },
      "a group was not offered at once; its jobs are locked and looked at",
    );
    return new Map();
  }
}

function stepLocked(ctx: Context, jobIds: readonly string[], heard: boolean): Promise<Outcome<Step>[]> {
  let reserved: readonly string[] = [];
  return inOneTransaction(ctx, jobIds, async (trx, group) => {
    // What was tried before was taken back: those whom it reserved are free.
    ctx.candidates.release(reserved);
    return advanceAll(ctx, trx, group, { heard, onReserved: (workerIds) => (reserved = workerIds) });
  });
}

interface Due extends Wanted {
  job: DueJob;
  /** The wave that is to be made. */
  wave: number;
  /** For how long its offers run. */
  seconds: number;
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
    const due = nextWaveOf(ctx.config, job);
    if (due.exhausted && job.unmatched_at === null && !(await giveUp(ctx, trx, job))) {
      next.set(job.id, { wave: job.wave, at: OVERLOOKED_SECONDS });
    } else looking.push(due);
  }
  const reserved = await reserveWorkers(trx, ctx.candidates, looking);
  onReserved([...reserved.values()].flatMap(ids));
  const found = ({ job }: Due) => reserved.get(job.id) ?? [];
  const [left, decided] = [new Map<string, Unheard>(), [] as Due[]];
  for (const due of looking) {
    if (!heard && isNamedFor(ctx.candidates, due.job) && found(due).length < due.count) {
      ctx.candidates.release(ids(found(due)));
      left.set(due.job.id, { named: namedFor(ctx.candidates, due) });
    } else decided.push(due);
  }
  await makeOffers(
    trx,
    decided.map((due) => ({ ...due, candidates: found(due) })),
  );
  for (const due of decided) next.set(due.job.id, await waveAfter(ctx, trx, due, found(due).length));
  await setNextWaves(trx, next);
  return jobIds.map((jobId) => ({ answer: left.get(jobId) ?? next.has(jobId) }));
}

const ids = (candidates: readonly Candidate[]): string[] => candidates.map(({ workerId }) => workerId);

/** In the order in which they came, each once. */
function inTurn<Job extends { id: string }>(jobIds: readonly string[], jobs: readonly Job[]): Job[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return [...new Set(jobIds)].flatMap((jobId) => byId.get(jobId) ?? []);
}

/** What a job's next wave is; once all are over, the last one for as long as somebody may have been overlooked. */
function nextWaveOf<Job extends AskingRow & { wave: number; workers: string[]; barredWorkers?: string[] }>(
  { offerWaveSizes: sizes, offerWaveSeconds: waits }: Context["config"],
  job: Job,
) {
  const last = sizes.length - 1;
  const wave = Math.min(job.wave, last);
  const [count, seconds] = [sizes[wave] ?? 1, waits[wave] ?? OVERLOOKED_SECONDS];
  const asked = new Set([...job.workers, ...(job.barredWorkers ?? [])]);
  return { job, wave: wave + 1, count, asked, seconds, exhausted: job.wave > last };
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

interface SweptJob {
  id: string;
  /** Its next wave's time as it was read, to the microsecond. */
  dueAt: string;
}

/** A job whose funding was taken back is left as it is: nobody says that it goes on once it is funded again. */
async function dueJobs({ db }: Context): Promise<SweptJob[]> {
  return db
    .selectFrom("jobs")
    .select(["id", sql<string>`next_wave_at::text`.as("dueAt")])
    .where("next_wave_at", "<=", sql<Date>`now()`)
    .where("status", "<>", "funding")
    .orderBy("next_wave_at")
    .limit(batchSize)
    .execute();
}

/** One job that can't be stepped must not keep the others from it. */
async function advanceOrPostpone(ctx: Context, advance: Waves["advance"], job: SweptJob): Promise<boolean> {
  try {
    if (await advance(job.id)) return true;
    await postpone(ctx, job, sql<boolean>`not is_due(jobs, ${ctx.chain.head().timestampSeconds}::int8)`);
  } catch (error) {
    ctx.log.error({ err: error, job_id: job.id }, "a job could not be matched; it is tried again in a minute");
    await postpone(ctx, job, sql<boolean>`true`);
  }
  return false;
}

/** Only where the job is still what it was when it was swept: who has said meanwhile that it goes on at once is right. */
async function postpone({ db }: Context, { id, dueAt }: SweptJob, where: RawBuilder<boolean>): Promise<void> {
  await db
    .updateTable("jobs")
    .set({ next_wave_at: sql`case when status = 'open' then now() + make_interval(secs => ${TRY_AGAIN_SECONDS}) end` })
    .where("id", "=", id)
    .where("status", "<>", "funding")
    .where(sql<string>`next_wave_at::text`, "=", dueAt)
    .where(where)
    .execute();
}
