import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { askingColumns } from "./requirements.ts";

/**
 * Locks a job that looks for a worker, with what matching needs of it.
 * @returns undefined where it is not open (any more), is being cancelled, or its deadline is over on chain
 */
export async function lockOpenJob(ctx: Context, trx: Trx, jobId: string) {
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
      .where("id", "=", jobId)
      .where("status", "=", "open")
      .where("chain_status", "=", "open")
      .where("cancel_requested_at", "is", null)
      .where("deadline_seconds", ">", ctx.chain.head().timestampSeconds)
      .forUpdate()
      .executeTakeFirst()
  );
}

export type OpenJob = NonNullable<Awaited<ReturnType<typeof lockOpenJob>>>;
