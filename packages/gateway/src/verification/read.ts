import type { VerificationRequest } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Database } from "../context.ts";
import { linkCopies } from "../evidence/links.ts";
import { seenBefore } from "./earlier.ts";

export type EvidenceToJudge = Awaited<ReturnType<typeof rowsOf>>[number];

/** All that is known of evidence before it is judged, in the order of the ids; undefined where there is none of an id. */
export async function readEvidence(db: Database, ids: readonly string[]): Promise<(EvidenceToJudge | undefined)[]> {
  const rows = new Map((await rowsOf(db, ids)).map((row) => [row.id, row]));
  return ids.map((id) => rows.get(id));
}

/** The worker's `Accept` of the round comes with it, since the chain may not have it yet. */
function rowsOf(db: Database, ids: readonly string[]) {
  return db
    .selectFrom("evidence")
    .innerJoin("jobs", "jobs.id", "evidence.job_id")
    .innerJoin("workers", "workers.id", "evidence.worker_id")
    .leftJoin("verdicts", "verdicts.evidence_id", "evidence.id")
    .leftJoin("offers", (on) =>
      on
        .onRef("offers.job_id", "=", "evidence.job_id")
        .onRef("offers.round", "=", "evidence.round")
        .onRef("offers.worker_id", "=", "evidence.worker_id")
        .on("offers.status", "=", "accepted"),
    )
    .select(["evidence.id", "evidence.job_id", "evidence.round", "evidence.worker_id", "bundle", "evidence_hash"])
    .select(["fingerprints", "reviewers", "sketched_at"])
    .select(["evidence.signature", "evidence.valid_until_seconds"])
    .select(["jobs.domain", "jobs.packet", "jobs.terms", "jobs.ended_at", "jobs.category"])
    .select(["workers.address", "verdicts.outcome"])
    .select(["offers.signature as accept_signature", "offers.valid_until_seconds as accept_valid_until_seconds"])
    .select(sql<number | null>`extract(epoch from evidence.created_at - jobs.accepted_at)::float8`.as("seconds"))
    .select(sql<boolean>`exists (select 1 from reviews where reviews.job_id = evidence.job_id)`.as("is_review"))
    .select(confirmations.as("confirmations"))
    .select(linkCopies.as("links"))
    .select(seenBefore.as("seen_before"))
    .where("evidence.id", "in", [...new Set(ids)])
    .execute();
}

/** Those that this worker asked for: what the customer told another worker of the job is not about this evidence. */
const confirmations = sql<VerificationRequest["confirmations"]>`(
  select coalesce(jsonb_agg(jsonb_build_object(
    'tokenHash', c.token_hash, 'statement', c.statement, 'answer', c.answer)), '[]')
  from confirmations c where c.job_id = evidence.job_id and c.worker_id = evidence.worker_id
)`;
