import { krippendorffAlpha } from "@hireforhumans/oracle";
import type { ReviewQuality } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Database } from "../context.ts";

/** Of a domain's reviews, so many of the newest count. */
const NEWEST = 10_000;

/** How far reviewers agree in each domain, and how often they are right where the answer is known. */
export async function reviewQuality(db: Database): Promise<ReviewQuality[]> {
  const { rows: answers } = await sql<{ domain: string; units: string[][] }>`
    select domain, jsonb_agg(answers) as units
    from (
      select j.domain, r.evidence_id, jsonb_agg(r.answer) as answers,
        row_number() over (partition by j.domain order by max(r.answered_at) desc) as nth
      from reviews r join jobs j on j.id = r.job_id
      where r.answer is not null and r.evidence_id is not null
      group by j.domain, r.evidence_id
    ) cases
    where nth <= ${sql.lit(NEWEST)}
    group by domain
    order by domain
  `.execute(db);
  const { rows: golden } = await sql<{ domain: string; answers: number; right: number }>`
    select t.domain, count(*)::int4 as answers, count(*) filter (where r.answer = t.answer)::int4 as right
    from reviews r join golden_tasks t on t.id = r.golden_id and t.retired_at is null
    where r.answer is not null
    group by t.domain
  `.execute(db);
  const estimates = await db.selectFrom("review_estimates").selectAll().execute();
  return answers.map(({ domain, units }) => {
    const estimated = estimates.find((one) => one.domain === domain);
    const known = golden.find((one) => one.domain === domain);
    return {
      domain,
      cases: units.length,
      reviews: units.flat().length,
      alpha: krippendorffAlpha(units),
      golden_answers: known?.answers ?? 0,
      golden_accuracy: known === undefined ? null : known.right / known.answers,
      estimate: estimated?.estimate ?? null,
      estimated_at: estimated?.estimated_at?.toISOString() ?? null,
    };
  });
}
