import { type ContextPacket, type EvidenceBundle, MAX_REVIEWERS, type VerdictReasons } from "@hireforhumans/protocol";
import { type LinkCopy, type PeerReviews, judgeReviews } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { newId } from "../ids.ts";
import { postGoldenReview } from "./golden.ts";
import { reviewCaseOf } from "./review-case.ts";
import { postReview } from "./review-job.ts";
import { keyedHash, lotOf } from "./secret.ts";

/** As many again may be taken and left, or find nobody. */
const MOST_POSTED = 2 * MAX_REVIEWERS;
/** A review posted later than this before the verifier's window ends would come too late. */
const LEAST_SECONDS_LEFT = 480n;

export interface Reviewed {
  evidenceId: string;
  evidenceHash: string;
  jobId: string;
  packet: ContextPacket;
  bundle: EvidenceBundle;
  links: readonly LinkCopy[];
  reviews: PeerReviews;
}

/**
 * Posts the reviews that evidence still needs, once all that is automatic has passed: two at first, then one by one
 * while they disagree. The caller holds the job's row, so two verifications at once don't post the same review twice.
 */
export async function askForReviews(
  ctx: Context,
  trx: Trx,
  evidence: Reviewed,
  { checks }: Pick<VerdictReasons, "checks">,
): Promise<void> {
  const { reviewFund } = ctx.config;
  const { needed } = judgeReviews(evidence.reviews);
  const waitsForReviewsOnly = checks.every(({ check, outcome }) => outcome === "pass" || check === "peer_review");
  if (reviewFund === undefined || needed === 0 || !waitsForReviewsOnly) return;

  const { posted, live, answered, unpaid } = await countReviews(trx, evidence.evidenceId);
  // Another came while this was judged, and has the evidence judged again.
  if (answered > evidence.reviews.answers.length) return;
  if (unpaid) {
    ctx.log.error({ job_id: evidence.jobId, review_fund: reviewFund }, "the review fund can't pay for reviews");
    return;
  }
  const missing = Math.min(needed - live, MOST_POSTED - posted);
  if (missing <= 0) return;
  const job = await trx
    .selectFrom("jobs")
    .leftJoin("workers", "workers.id", "jobs.worker_id")
    .select(["domain", "languages", "chain_status", "chain_until_seconds", "terms", "workers.name"])
    .where("jobs.id", "=", evidence.jobId)
    .executeTakeFirstOrThrow();
  const now = ctx.chain.head().timestampSeconds;
  const until = job.chain_status === "submitted" ? job.chain_until_seconds : null;
  if (until !== null && until - now < LEAST_SECONDS_LEFT) return;

  const linkTo = (sha256: string) => `${ctx.config.publicUrl}/v1/files/${sha256}`;
  const names = [job.terms.client, ...(job.name === null ? [] : [job.name])];
  const reviewCase = reviewCaseOf(evidence.packet, evidence.bundle, names, linkTo, evidence.links);
  const { domain, languages } = job;
  const { evidenceId, evidenceHash } = evidence;
  for (let i = 0; i < missing; i += 1) {
    // Beside the real one, before or after it, so that neither hour nor order tell which it is.
    const golden = goldenPlace(ctx);
    if (golden === "before") await postGoldenReview(ctx, trx, reviewFund, { domain, languages });
    await postReview(ctx, trx, reviewFund, { of: { evidenceId, evidenceHash }, domain, languages, reviewCase });
    if (golden === "after") await postGoldenReview(ctx, trx, reviewFund, { domain, languages });
  }
}

/** So many golden reviews for each real one that they are the wanted share of all. */
function goldenPlace(ctx: Context): "before" | "after" | undefined {
  const { goldenShare } = ctx.config;
  const lot = keyedHash(ctx.config, "golden lot", newId("rev"));
  if (goldenShare >= 1 || lotOf(lot) >= goldenShare / (1 - goldenShare)) return undefined;
  return (lot.at(-1) ?? 0) < 128 ? "before" : "after";
}

interface ReviewCounts {
  /** Those whose funding was refused on chain left out. */
  posted: number;
  live: number;
  answered: number;
  /** The funding of one was refused within some minutes: another would cost gas and be refused too. */
  unpaid: boolean;
}

async function countReviews(trx: Trx, evidenceId: string): Promise<ReviewCounts> {
  const { rows } = await sql<ReviewCounts>`
    select count(*) filter (where j.status <> 'failed')::int4 as posted,
      count(*) filter (where r.answer is null and j.status in ('funding', 'open', 'accepted', 'submitted'))::int4 as live,
      count(r.answer)::int4 as answered,
      coalesce(bool_or(j.status = 'failed' and j.created_at > now() - interval '5 minutes'), false) as unpaid
    from reviews r join jobs j on j.id = r.job_id
    where r.evidence_id = ${evidenceId}
  `.execute(trx);
  return rows[0] ?? { posted: 0, live: 0, answered: 0, unpaid: false };
}
