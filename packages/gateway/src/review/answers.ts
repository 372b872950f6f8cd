import type { PeerReview } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";

/** The answers on a piece of evidence, each with how often its reviewer was right where the answer was known. */
export async function answersOn(db: Database | Trx, evidenceId: string): Promise<PeerReview[]> {
  const { rows } = await sql<PeerReview>`
    select r.answer, r.reason,
      count(t.id) filter (where g.answer = t.answer)::int4 as "goldenRight",
      count(t.id) filter (where g.answer <> t.answer)::int4 as "goldenWrong"
    from reviews r
    left join reviews g on g.worker_id = r.worker_id and g.golden_id is not null and g.answer is not null
    left join golden_tasks t on t.id = g.golden_id and t.retired_at is null
    where r.evidence_id = ${evidenceId} and r.answer is not null
    group by r.id
    order by r.answered_at, r.id
  `.execute(db);
  return rows;
}
