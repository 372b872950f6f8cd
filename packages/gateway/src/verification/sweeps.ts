import { sql } from "kysely";
import type { Context } from "../context.ts";
import { wantsLinks } from "../evidence/links.ts";

const batchSize = 100;

/**
 * Has evidence looked at again that no verdict is signed on, while the verifier's window is open: what the oracle lacked
 * (a mined transaction, an answer of the client's system, a page that a link leads to) may be there now, and an oracle that was away may be back.
 * @returns how many were queued
 */
export async function sweepUndecided(ctx: Context): Promise<number> {
  const now = ctx.chain.head().timestampSeconds;
  return ctx.db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("evidence")
      .innerJoin("jobs", "jobs.id", "evidence.job_id")
      .leftJoin("verdicts", "verdicts.evidence_id", "evidence.id")
      .select(["evidence.id", wantsLinks.as("wants_links")])
      .where("verify_again_at", "<=", sql<Date>`now()`)
      .where((where) => where.or([where("outcome", "is", null), where("outcome", "=", "unsure")]))
      .whereRef("jobs.round", "=", "evidence.round")
      .whereRef("jobs.worker_id", "=", "evidence.worker_id")
      .where("jobs.chain_status", "=", "submitted")
      .where("jobs.chain_until_seconds", ">", now)
      .limit(batchSize)
      .forUpdate("evidence")
      .skipLocked()
      .execute();
    for (const { id, wants_links } of rows) {
      await trx
        .updateTable("evidence")
        .set({ verify_again_at: sql`now() + interval '15 minutes'` })
        .where("id", "=", id)
        .execute();
      await ctx.queue.send(trx, wants_links ? "links" : "verify", id);
    }
    return rows.length;
  });
}
