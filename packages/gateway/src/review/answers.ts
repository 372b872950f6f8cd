import type { GoldenRecord, PeerReview, PeerReviews } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Database } from "../context.ts";

/** What peers said of evidence so far, each with how often its reviewer was right where the answer was known. */
export interface ReviewsSoFar extends PeerReviews {
  answers: readonly (PeerReview & { id: string })[];
}

export async function reviewsOf(
  db: Database,
  evidenceId: string,
  domain: string,
  wanted: number,
): Promise<ReviewsSoFar> {
  return { wanted, crowd: await crowdOf(db, domain), answers: await answersOn(db, evidenceId) };
}

async function crowdOf(db: Database, domain: string): Promise<GoldenRecord> {
  const { rows } = await sql<GoldenRecord>`
    select count(*) filter (where r.answer = t.answer)::int4 as "goldenRight",
      count(*) filter (where r.answer <> t.answer)::int4 as "goldenWrong"
    from reviews r join golden_tasks t on t.id = r.golden_id and t.retired_at is null
    where t.domain = ${domain} and r.answer is not null
  `.execute(db);
  return rows[0] ?? { goldenRight: 0, goldenWrong: 0 };
}

async function answersOn(db: Database, evidenceId: string): Promise<(PeerReview & { id: string })[]> {
  const { rows } = await sql<PeerReview & { id: string }>`
    select r.id, r.answer, r.reason,
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
