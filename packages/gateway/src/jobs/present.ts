import { ZeroAddress } from "ethers";
import { type Selectable, sql } from "kysely";
import {
  type Evidence,
  type EvidenceBundle,
  type Job,
  type JobStatus,
  type Rating,
  type Tier,
  type Verdict,
  type VerdictReasons,
  bondOf,
  formatUsdc,
  reputationOf,
} from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import type { JobRow } from "./find.ts";

/** Where every worker starts in every domain, in WAD. */
const FIRST_REPUTATION = 5n * 10n ** 17n;

/** What a job's object holds beside its own row. */
export interface JobParts {
  worker: { id: string; address: string; name: string | null; score: string | null } | undefined;
  evidence: EvidenceRow[];
  verdict: Selectable<Schema["verdicts"]> | undefined;
  rating: Selectable<Schema["ratings"]> | undefined;
}

const noParts: JobParts = { worker: undefined, evidence: [], verdict: undefined, rating: undefined };

type Where = Pick<Context["chain"]["deployment"], "chainId" | "escrow">;

/** The wire's job objects of these rows, in their order. */
export async function presentJobs(ctx: Pick<Context, "db" | "chain">, rows: readonly JobRow[]): Promise<Job[]> {
  const parts = await partsOf(ctx.db, rows);
  return rows.map((row) => presentJob(ctx.chain.deployment, row, parts.get(row.id) ?? noParts));
}

export async function presentOneJob(ctx: Pick<Context, "db" | "chain">, row: JobRow): Promise<Job> {
  const parts = await partsOf(ctx.db, [row]);
  return presentJob(ctx.chain.deployment, row, parts.get(row.id) ?? noParts);
}

/** As its worker sees it: without what the client's agent keeps for itself. */
export function forWorker(job: Job): Job {
  return { ...job, metadata: {}, state: null };
}

/** What of a job its creation decides for good. */
export type CreatedJob = Pick<
  JobRow,
  | "id"
  | "chain_job_id"
  | "terms"
  | "request"
  | "deadline_seconds"
  | "reward"
  | "fee"
  | "category"
  | "domain"
  | "skills"
  | "languages"
  | "min_reputation"
  | "pool_id"
  | "tier"
  | "estimated_match_seconds"
  | "workers_available"
  | "created_at"
>;

/**
 * As it was when it was made, whatever became of it since: the answer to its creation, for a caller that asks again.
 * @param transactionHash of the first transaction that was signed to fund it
 */
export function presentCreatedJob(where: Where, row: CreatedJob, transactionHash: string | null): Job {
  return presentJob(
    where,
    {
      ...row,
      status: "funding",
      round: 0,
      until_seconds: null,
      worker_id: null,
      awaiting_answer: false,
      resolution: null,
      worker_notes: null,
      failure: null,
      escrow_transaction_hash: transactionHash,
      release_transaction_hash: null,
      refund_transaction_hash: null,
      sequence: 1,
      funded_at: null,
      accepted_at: null,
      submitted_at: null,
      ended_at: null,
    },
    noParts,
  );
}

type PresentedRow = Omit<JobRow, "client_id" | "chain_status" | "cancel_requested_at">;

function presentJob(
  { chainId, escrow }: Where,
  row: PresentedRow,
  { worker, evidence, verdict, rating }: JobParts,
): Job {
  return {
    job_id: row.id,
    status: row.status as JobStatus,
    category: row.category,
    description: row.request.description,
    reward: formatUsdc(row.reward),
    fee: formatUsdc(row.fee),
    total: formatUsdc(row.reward + row.fee),
    currency: "USDC",
    deadline_at: new Date(Number(row.deadline_seconds) * 1000).toISOString(),
    estimated_match_time: Math.round(row.estimated_match_seconds / 0.6) / 100,
    workers_available: row.workers_available,

    chain_id: Number(chainId),
    escrow,
    chain_job_id: row.chain_job_id,
    terms: row.terms,
    escrow_transaction_hash: row.escrow_transaction_hash,
    release_transaction_hash: row.release_transaction_hash,
    refund_transaction_hash: row.refund_transaction_hash,

    round: row.round,
    requirements: row.request.requirements,
    languages: row.languages,
    skills: row.skills,
    domain: row.domain,
    tier: row.tier as Tier,
    pool_id: row.pool_id,
    min_reputation: BigInt(row.min_reputation) === 0n ? null : reputationOf(BigInt(row.min_reputation)),
    fallback: row.request.fallback,

    worker: worker === undefined ? null : presentWorker(worker),
    awaiting_answer: row.awaiting_answer,
    resolution: row.resolution,
    worker_notes: row.worker_notes,
    evidence: evidence.map(presentEvidence),
    verdict: verdict === undefined ? null : presentVerdict(verdict, row),
    rating: rating === undefined ? null : presentRating(rating),
    failure: row.failure,

    metadata: row.request.metadata,
    state: row.request.state,
    sequence: row.sequence,
    created_at: row.created_at.toISOString(),
    funded_at: row.funded_at?.toISOString() ?? null,
    accepted_at: row.accepted_at?.toISOString() ?? null,
    submitted_at: row.submitted_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}

function presentWorker({ id, address, name, score }: NonNullable<JobParts["worker"]>) {
  return { id, address, name, reputation: reputationOf(score === null ? FIRST_REPUTATION : BigInt(score)) };
}

export type EvidenceRow = Selectable<Schema["evidence"]> & { links: Evidence["links"] };

/** Evidence with what was kept of its links. */
export function selectEvidence(db: Database) {
  return db
    .selectFrom("evidence")
    .selectAll("evidence")
    .select(
      sql<Evidence["links"]>`(
        select coalesce(jsonb_agg(jsonb_build_object('item', l.item, 'problem', l.problem, 'copy',
          case when l.sha256 is not null then jsonb_build_object('sha256', l.sha256, 'media_type', l.media_type,
            'size_bytes', (select f.size from files f where f.sha256 = l.sha256)) end) order by l.item), '[]')
        from evidence_links l where l.evidence_id = evidence.id)`.as("links"),
    );
}

export function presentEvidence(row: EvidenceRow): Evidence {
  return {
    id: row.id,
    job_id: row.job_id,
    worker_id: row.worker_id,
    round: row.round,
    // Validated by this schema before it was stored.
    bundle: row.bundle as EvidenceBundle,
    evidence_hash: row.evidence_hash,
    links: row.links,
    created_at: row.created_at.toISOString(),
  };
}

/** What of a job a verdict on it is shown with. */
export type Judged = Pick<Selectable<Schema["jobs"]>, "terms" | "status" | "until_seconds" | "reward">;

export function presentVerdict(row: Selectable<Schema["verdicts"]>, job: Judged): Verdict {
  const reasons = row.reasons as VerdictReasons;
  return {
    job_id: row.job_id,
    evidence_id: row.evidence_id,
    evidence_hash: reasons.evidence_hash,
    outcome: row.outcome,
    reasons,
    reasons_hash: row.reasons_hash,
    verifier: job.terms.verifier,
    valid_until: row.valid_until_seconds === null ? null : Number(row.valid_until_seconds),
    signature: row.signature,
    dispute: row.outcome === "fail" ? disputeOf(row.job_id, job) : null,
    created_at: row.created_at.toISOString(),
  };
}

function disputeOf(jobId: string, { terms, status, until_seconds, reward }: Judged): Verdict["dispute"] {
  if (status !== "rejected" || terms.arbiter === ZeroAddress) return null;
  return {
    until: until_seconds === null ? null : Number(until_seconds),
    bond: formatUsdc(bondOf(reward)),
    path: `/v1/jobs/${jobId}/dispute`,
  };
}

export function presentRating(row: Selectable<Schema["ratings"]>): Rating {
  return { job_id: row.job_id, score: row.score, comment: row.comment, created_at: row.created_at.toISOString() };
}

async function partsOf(db: Database, rows: readonly JobRow[]): Promise<Map<string, JobParts>> {
  const begun = rows.filter((row) => row.worker_id !== null || row.round > 0 || row.ended_at !== null);
  if (begun.length === 0) return new Map();
  const ids = begun.map((row) => row.id);
  const [workers, evidence, verdicts, ratings] = await Promise.all([
    workersOf(db, ids),
    selectEvidence(db).where("job_id", "in", ids).orderBy("round").orderBy("created_at").execute(),
    db.selectFrom("verdicts").selectAll().where("job_id", "in", ids).orderBy("created_at").execute(),
    db.selectFrom("ratings").selectAll().where("job_id", "in", ids).execute(),
  ]);
  return new Map(
    ids.map((id) => [
      id,
      {
        worker: workers.find((worker) => worker.job_id === id),
        evidence: evidence.filter((row) => row.job_id === id),
        verdict: verdicts.findLast((row) => row.job_id === id),
        rating: ratings.find((row) => row.job_id === id),
      },
    ]),
  );
}

async function workersOf(db: Database, jobIds: readonly string[]) {
  return db
    .selectFrom("jobs")
    .innerJoin("workers", "workers.id", "jobs.worker_id")
    .leftJoin("profiles", (join) =>
      join.onRef("profiles.worker_id", "=", "workers.id").onRef("profiles.domain", "=", "jobs.domain"),
    )
    .select(["jobs.id as job_id", "workers.id", "workers.address", "workers.name", "profiles.reputation as score"])
    .where("jobs.id", "in", jobIds)
    .execute();
}
