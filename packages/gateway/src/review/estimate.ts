import { type DawidSkene, estimateInThread, type TaskAnswer } from "@hireforhumans/oracle";
import type { ReviewAnswer, ReviewEstimate } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Context, Database } from "../context.ts";

/** Of a domain's answers, so many of the newest count: some ten thousand cases. */
const NEWEST = 50_000;

/**
 * Estimates by Dawid and Skene, out of all answered reviews of a domain at once, how much of its evidence is good and how
 * often its reviewers are wrong on either side. Each domain once an hour, by whichever gateway comes first.
 * @returns how many domains were estimated
 */
export async function sweepEstimates({ db, log }: Context): Promise<number> {
  const { rows } = await sql<{ domain: string }>`
    insert into review_estimates (domain, claimed_at)
    select distinct j.domain, now() from reviews r join jobs j on j.id = r.job_id
    where r.answer is not null and r.evidence_id is not null
    on conflict (domain) do update set claimed_at = excluded.claimed_at
      where review_estimates.claimed_at < now() - interval '1 hour'
    returning domain`.execute(db);
  for (const { domain } of rows) {
    const estimate = await estimateOf(db, domain);
    await sql`update review_estimates set estimate = ${JSON.stringify(estimate)}::jsonb, estimated_at = now()
      where domain = ${domain}`.execute(db);
    log.info({ domain, ...estimate }, "estimated how good reviews are");
  }
  return rows.length;
}

interface Answered extends TaskAnswer {
  /** Of a golden task. */
  known: ReviewAnswer | null;
  /** How the case was settled by its reviews; null where it was not. */
  settled: ReviewAnswer | null;
}

async function estimateOf(db: Database, domain: string): Promise<ReviewEstimate> {
  const answers = await answersIn(db, domain);
  const known = new Map(answers.flatMap(({ task, known }) => (known === null ? [] : [[task, known] as const])));
  const said = answers.map(({ task, reviewer, answer }) => ({ task, reviewer, answer }));
  const found = await estimateInThread({ answers: said, known });
  const settled = new Map(answers.flatMap(({ task, settled }) => (settled === null ? [] : [[task, settled] as const])));
  const pass = found.classes.indexOf("pass");
  const differing = [...settled].filter(([task, outcome]) => {
    const good = found.posteriors.get(task)?.[pass] ?? 0;
    return good !== 0.5 && good > 0.5 !== (outcome === "pass");
  });
  return {
    good_share: rounded(found.shares[pass] ?? 0),
    passed_bad: errorOn("fail", found, said),
    failed_good: errorOn("pass", found, said),
    settled: settled.size,
    settled_otherwise: differing.length,
  };
}

async function answersIn(db: Database, domain: string): Promise<Answered[]> {
  const { rows } = await sql<Answered>`
    select coalesce(r.evidence_id, r.golden_id) as task, r.worker_id as reviewer, r.answer, t.answer as known,
      case when v.reasons->'checks' @> jsonb_build_array(jsonb_build_object('check', 'peer_review', 'outcome', v.outcome))
        then v.outcome end as settled
    from reviews r join jobs j on j.id = r.job_id
    left join golden_tasks t on t.id = r.golden_id
    left join verdicts v on v.evidence_id = r.evidence_id and v.outcome in ('pass', 'fail')
    where j.domain = ${domain} and r.answer is not null and t.retired_at is null
    order by r.answered_at desc
    limit ${sql.lit(NEWEST)}`.execute(db);
  return rows;
}

/** How often an answer on evidence of this kind is wrong, each reviewer counted as often as it answered. */
function errorOn(
  truth: ReviewAnswer,
  { classes, errorRates }: DawidSkene,
  answers: readonly TaskAnswer[],
): number | null {
  const at = classes.indexOf(truth);
  if (at < 0) return null;
  const errors = answers.map(({ reviewer }) => 1 - (errorRates.get(reviewer)?.[at]?.[at] ?? 1));
  return rounded(errors.reduce((sum, error) => sum + error, 0) / errors.length);
}

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000;
