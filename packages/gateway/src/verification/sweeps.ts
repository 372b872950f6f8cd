import type { Context } from "../context.ts";

const batchSize = 100;

/**
 * Has evidence looked at again that the oracle was unsure about, while the verifier's window is open: what it lacked (a
 * mined transaction, an answer of the client's system) may be there now.
 * @returns how many were queued
 */
export async function sweepUnsure(ctx: Context): Promise<number> {
  const now = ctx.chain.head().timestampSeconds;
  return ctx.db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("verdicts")
      .innerJoin("jobs", "jobs.id", "verdicts.job_id")
      .select("evidence_id")
      .where("outcome", "=", "unsure")
      .where("checked_at", "<", new Date(Date.now() - 60_000))
      .where("jobs.chain_status", "=", "submitted")
      .where("jobs.until_seconds", ">", now)
      .limit(batchSize)
      .forUpdate("verdicts")
      .skipLocked()
      .execute();
    for (const { evidence_id } of rows) {
      await trx
        .updateTable("verdicts")
        .set({ checked_at: new Date() })
        .where("evidence_id", "=", evidence_id)
        .execute();
      await ctx.queue.send(trx, "verify", evidence_id);
    }
    return rows.length;
  });
}
