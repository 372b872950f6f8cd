import { answerIn } from "@hireforhumans/oracle";
import { evidenceBundleSchema } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import type { RecordOf } from "../records/record.ts";
import { type Settling, settleVerdicts } from "../settlement/verdict.ts";
import type { Restored } from "./documents.ts";

/** A transaction has to be mined inside the verdict's time. */
const MARGIN_SECONDS = 60n;

/**
 * Writes the row of a recorded verdict that the chain has, or that can still be brought there. Any other was never
 * carried and is out of date: the oracle is asked anew.
 */
export async function restoreVerdict(trx: Trx, record: RecordOf<"verdict">, nowSeconds: bigint): Promise<Restored> {
  const { reasons, reasons_hash } = record;
  const evidence = await trx
    .selectFrom("evidence")
    .innerJoin("jobs", "jobs.id", "evidence.job_id")
    .select(["evidence.id", "evidence.job_id"])
    .where("jobs.chain_job_id", "=", reasons.chain_job_id)
    .where("evidence_hash", "=", reasons.evidence_hash)
    .executeTakeFirst();
  if (evidence === undefined) return "unwanted";
  const { rows } = await sql<{ judged: boolean; carried: boolean }>`
    select coalesce(bool_or(args ? 'reasonsHash' or name in ('Settled', 'Cancelled', 'Refunded', 'Reopened')), false) as judged,
      coalesce(bool_or(args ->> 'reasonsHash' = ${reasons_hash}), false) as carried
    from chain_events where chain_job_id = ${reasons.chain_job_id}`.execute(trx);
  const [{ judged, carried } = { judged: false, carried: false }] = rows;
  if (!carried && (judged || BigInt(record.valid_until) < nowSeconds + MARGIN_SECONDS)) return "unwanted";
  const inserted = await trx
    .insertInto("verdicts")
    .values({
      evidence_id: evidence.id,
      job_id: evidence.job_id,
      outcome: record.outcome,
      reasons: JSON.stringify(reasons),
      reasons_hash,
      signature: record.signature,
      valid_until_seconds: BigInt(record.valid_until),
      created_at: new Date(record.created_at),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("evidence_id")
    .executeTakeFirst();
  return inserted === undefined ? "known" : "added";
}

/** Has the signed verdicts that no block holds carried, as they would have been. @returns how many */
export async function carryVerdicts(ctx: Settling & { db: Database }): Promise<number> {
  const { rows } = await sql<{ id: string; jobId: string }>`
    select e.id, j.id as "jobId"
    from verdicts v join evidence e on e.id = v.evidence_id join jobs j on j.id = e.job_id
    where v.signature is not null and j.ended_at is null and j.round = e.round and j.worker_id = e.worker_id
      and j.chain_status in ('accepted', 'submitted')`.execute(ctx.db);
  for (const { id, jobId } of rows) {
    await ctx.db.transaction().execute(async (trx) => {
      await trx.selectFrom("jobs").select("id").where("id", "=", jobId).forUpdate().executeTakeFirstOrThrow();
      await settleVerdicts(ctx, trx, [id]);
    });
  }
  return rows.length;
}

/** Reads the answers of reviews out of the evidence of review jobs that have passed. @returns how many */
export async function restoreReviewAnswers(db: Database): Promise<number> {
  const rows = await db
    .selectFrom("reviews")
    .innerJoin("verdicts", "verdicts.job_id", "reviews.job_id")
    .innerJoin("evidence", "evidence.id", "verdicts.evidence_id")
    .select(["reviews.id", "evidence.worker_id", "evidence.bundle", "evidence.created_at"])
    .where("reviews.answer", "is", null)
    .where("verdicts.outcome", "=", "pass")
    .execute();
  let restored = 0;
  for (const { id, worker_id, bundle, created_at } of rows) {
    const answer = answerIn(evidenceBundleSchema.parse(bundle));
    if (answer === undefined) continue;
    await db
      .updateTable("reviews")
      .set({ ...answer, worker_id, answered_at: created_at })
      .where("id", "=", id)
      .execute();
    restored += 1;
  }
  return restored;
}
