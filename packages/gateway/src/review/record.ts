import { answerIn } from "@hireforhumans/oracle";
import type { EvidenceBundle } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { retireIfBad } from "./golden.ts";

/**
 * Notes what a review job's evidence says once it has passed, and has the reviewed evidence looked at again. Does nothing
 * for other jobs. Idempotent: the first answer stays.
 */
export async function recordReview(
  ctx: Context,
  trx: Trx,
  jobId: string,
  workerId: string,
  bundle: EvidenceBundle,
): Promise<void> {
  const review = await trx
    .selectFrom("reviews")
    .select(["id", "evidence_id", "golden_id"])
    .where("job_id", "=", jobId)
    .where("answer", "is", null)
    .executeTakeFirst();
  const answer = answerIn(bundle);
  if (review === undefined || answer === undefined) return;
  await trx
    .updateTable("reviews")
    .set({ ...answer, worker_id: workerId, answered_at: sql<Date>`now()` })
    .where("id", "=", review.id)
    .execute();
  if (review.evidence_id !== null) await ctx.queue.send(trx, "verify", review.evidence_id);
  if (review.golden_id !== null && (await retireIfBad(trx, review.golden_id))) {
    ctx.log.warn({ golden_id: review.golden_id }, "a golden task was retired: its answers speak against it");
  }
}
