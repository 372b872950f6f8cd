import { type Selectable, sql } from "kysely";
import type { ContextPacket } from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { type AskingRow, askingColumns } from "./requirements.ts";

/**
 * Locks those of the jobs that look for a worker, with what matching needs of them, in one order, so that no two groups
 * wait for each other. Those that are not open (any more), are being cancelled, or whose deadline is over on chain are left
 * out.
 */
export async function lockOpenJobs(ctx: Context, trx: Trx, jobIds: readonly string[]) {
  return (
    trx
      .selectFrom("jobs")
      .select([...askingColumns, "wave", "next_wave_at", "unmatched_at", "request"])
      // Only an offer of a job without a preview needs it, and it can be a megabyte.
      .select(sql<ContextPacket | null>`case when preview is null then packet end`.as("packet"))
      .select(sql<boolean>`exists (select 1 from reviews where job_id = jobs.id)`.as("review"))
      // Asked of reviews only: of other jobs it would find nothing, at the price of a search.
      .select(
        sql<
          string[]
        >`case when exists (select 1 from reviews where job_id = jobs.id) then barred_from_review(id) else '{}' end`.as(
          "barred",
        ),
      )
      .where("id", "=", sql<string>`any (${jobIds}::text[])`)
      .where("status", "=", "open")
      .where("chain_status", "=", "open")
      .where("cancel_requested_at", "is", null)
      .where("deadline_seconds", ">", ctx.chain.head().timestampSeconds)
      .orderBy("id")
      .forUpdate()
      .execute()
  );
}

export type OpenJob = Awaited<ReturnType<typeof lockOpenJobs>>[number];

/** A job whose next step is due. Unanswered offers of it have timed out. */
export type DueJob = AskingRow &
  Pick<Selectable<Schema["jobs"]>, "wave" | "unmatched_at" | "request" | "packet"> & {
    /** It is the review of another job's case; then `barred` must not get it, and `barredWorkers` are those who work here. */
    review: boolean;
    barred: string[];
    barredWorkers: string[];
    /** Who did not answer in time. */
    missed: string[];
    /** How long the first of its offers runs that are still open. */
    until: Date | null;
    /** Who was asked in this round. */
    workers: string[];
  };

/** A job whose next wave is due and can be made at once: nobody is being asked, and it is no review. */
export type ReadyJob = AskingRow &
  Pick<DueJob, "wave" | "workers"> & {
    /** The webhook endpoints that want to hear of its offers. */
    endpoints: string[];
  };

/** Those of the jobs whose next wave can be made at once, as they are now: they are not locked. */
export async function readyJobs({ db, chain }: Context, jobIds: readonly string[]): Promise<ReadyJob[]> {
  const { rows } = await sql<ReadyJob>`
    select * from due_jobs(${jobIds}::text[], ${chain.head().timestampSeconds}::int8)
  `.execute(db);
  return rows;
}

/** Locks those of the jobs that are due, see `lockOpenJobs`. */
export async function lockDueJobs(ctx: Context, trx: Trx, jobIds: readonly string[]): Promise<DueJob[]> {
  const { timestampSeconds } = ctx.chain.head();
  const { rows } = await sql<DueJob>`
    select due.*,
      case when due.review then array(select id from workers where address = any (due.barred)) else '{}' end
        as "barredWorkers"
    from lock_due_jobs(${jobIds}::text[], ${timestampSeconds}::int8) due
  `.execute(trx);
  return rows;
}

/** What becomes of a job: waves made in this round, and when to look again, or in how many seconds. */
export interface Wave {
  wave: number;
  at: Date | number;
}

/** Says of each of these locked jobs what its next wave is, and when. */
export async function setNextWaves(trx: Trx, next: ReadonlyMap<string, Wave>): Promise<void> {
  if (next.size === 0) return;
  const rows = [...next].map(([id, { wave, at }]) => ({
    id,
    wave,
    ...(typeof at === "number" ? { seconds: at } : { at: at.toISOString() }),
  }));
  await sql`
    update jobs set wave = next.wave, next_wave_at = coalesce(next.at, clock_timestamp() + make_interval(secs => next.seconds))
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as next (id text, wave int4, at timestamptz, seconds float8)
    where jobs.id = next.id`.execute(trx);
}
