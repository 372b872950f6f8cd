import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { askingColumns } from "./requirements.ts";

/**
 * Locks a job that looks for a worker, with what matching needs of it.
 * @returns undefined where it is not open (any more), is being cancelled, or its deadline is over on chain
 */
export async function lockOpenJob(ctx: Context, trx: Trx, jobId: string): Promise<OpenJob | undefined> {
  const [job] = await lockOpenJobs(ctx, trx, [jobId]);
  return job;
}

/** The same for many, in one order, so that no two groups wait for each other. */
export async function lockOpenJobs(ctx: Context, trx: Trx, jobIds: readonly string[]) {
  return (
    trx
      .selectFrom("jobs")
      .select([...askingColumns, "wave", "next_wave_at", "unmatched_at", "request", "packet"])
      .select(sql<boolean>`coalesce(next_wave_at <= now(), false)`.as("due"))
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
