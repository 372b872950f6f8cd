import type { Trx } from "../context.ts";
import { newId } from "../ids.ts";
import type { RecordOf } from "../records/record.ts";

/** Tells again what a review job is a review of. @returns false where that is known, or is not there any more */
export async function restoreReview(trx: Trx, { job_id, review }: RecordOf<"job">): Promise<boolean> {
  if (review === null) return false;
  const of =
    "evidence_id" in review
      ? { evidence_id: review.evidence_id, golden_id: null }
      : { evidence_id: null, golden_id: review.golden_id };
  const known = await trx.selectFrom("reviews").select("id").where("job_id", "=", job_id).executeTakeFirst();
  const job = await trx.selectFrom("jobs").select("id").where("id", "=", job_id).executeTakeFirst();
  const reviewed =
    of.evidence_id !== null
      ? await trx.selectFrom("evidence").select("id").where("id", "=", of.evidence_id).executeTakeFirst()
      : await trx.selectFrom("golden_tasks").select("id").where("id", "=", of.golden_id).executeTakeFirst();
  if (known !== undefined || job === undefined || reviewed === undefined) return false;
  await trx
    .insertInto("reviews")
    .values({ id: newId("rev"), job_id, ...of })
    .execute();
  return true;
}
