import { REVIEW_CATEGORY, evidenceBundleSchema, packetSchema, parseTerms } from "@hireforhumans/protocol";
import { isHurried, type Proof, type Verification, type VerificationRequest } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { linkCopiesOf } from "../evidence/links.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { reviewsOf } from "../review/answers.ts";
import { askForReviews } from "../review/ask.ts";
import { recordReview } from "../review/record.ts";
import { reviewWordsOf } from "../review/words.ts";
import { reviewersWanted } from "../review/wanted.ts";
import { traced } from "../observability/traces.ts";
import { settleVerdict } from "../settlement/verdict.ts";
import { likeBefore, seenBefore } from "./earlier.ts";

/**
 * Has the oracle look at evidence, and stores and settles what it says. Idempotent: a verdict stands once it is signed;
 * one that is unsure is asked for again each time.
 */
export async function verifyEvidence(ctx: Context, evidenceId: string): Promise<void> {
  const row = await ctx.db
    .selectFrom("evidence")
    .innerJoin("jobs", "jobs.id", "evidence.job_id")
    .leftJoin("verdicts", "verdicts.evidence_id", "evidence.id")
    .innerJoin("workers", "workers.id", "evidence.worker_id")
    .select(["evidence.job_id", "evidence.round", "bundle", "evidence_hash", "fingerprints", "reviewers"])
    .select(["evidence.signature", "evidence.valid_until_seconds"])
    .select([
      "evidence.worker_id",
      "workers.address",
      "jobs.domain",
      "jobs.packet",
      "jobs.terms",
      "jobs.ended_at",
      "jobs.category",
      "verdicts.outcome",
    ])
    .select(sql<number | null>`extract(epoch from evidence.created_at - jobs.accepted_at)::float8`.as("seconds"))
    .where("evidence.id", "=", evidenceId)
    .executeTakeFirstOrThrow();
  if (row.ended_at !== null || (row.outcome !== null && row.outcome !== "unsure")) return;

  const packet = packetSchema.parse(row.packet);
  const bundle = evidenceBundleSchema.parse(row.bundle);
  const { job_id: jobId, worker_id: workerId, address: worker, terms } = row;
  const { acceptance } = packet;
  const hurried = isHurried(packet, row.seconds ?? Infinity);
  const evidence = { evidenceId, jobId, worker, acceptance, terms, hurried };
  const wanted = row.reviewers ?? (await reviewersWanted(ctx, evidence));
  const reviews = wanted === 0 ? undefined : await reviewsOf(ctx.db, evidenceId, row.domain, wanted);
  const links = await linkCopiesOf(ctx.db, evidenceId);
  const request: VerificationRequest = {
    packet,
    bundle,
    ...(reviews === undefined ? {} : { reviews }),
    evidenceHash: row.evidence_hash,
    chainTimeSeconds: ctx.chain.head().timestampSeconds,
    confirmations: await confirmationsOf(ctx, jobId, workerId),
    proof: {
      terms: parseTerms(terms),
      accept: await acceptOf(ctx, jobId, row.round, workerId),
      submit: { validUntilSeconds: row.valid_until_seconds, signature: row.signature },
      reviews: await reviewWordsOf(ctx, reviews?.answers.map(({ id }) => id) ?? []),
    },
    seenBefore: await seenBefore(ctx.db, evidenceId, row.fingerprints),
    likeBefore: await likeBefore(ctx, evidenceId, bundle),
    links,
  };
  const verification = await traced("verify evidence", { job_id: jobId, evidence_id: evidenceId }, () =>
    ctx.oracle.verify(request),
  );
  await recordVerdict(ctx, { evidenceId, jobId }, verification);
  const intentId = await ctx.db.transaction().execute(async (trx) => {
    if (!(await storeVerdict(trx, evidenceId, jobId, verification))) return undefined;
    const once = `verified:${row.round}:${verification.outcome}`;
    const flags = hurried ? { flags: ["hurried"] } : {};
    const data = { outcome: verification.outcome, reasons_hash: verification.reasonsHash, ...flags };
    await appendJobEvent(trx, { jobId: jobId, type: "job.verified", once, data });
    const intentId = await settleVerdict(ctx, trx, evidenceId);
    if (verification.outcome === "pass" && row.category === REVIEW_CATEGORY) {
      await recordReview(ctx, trx, jobId, workerId, bundle);
    }
    if (verification.outcome === "unsure" && reviews !== undefined) {
      const reviewed = { evidenceId, evidenceHash: row.evidence_hash, jobId, packet, bundle, links, reviews };
      await askForReviews(ctx, trx, reviewed, verification.reasons);
    }
    return intentId;
  });
  if (intentId !== undefined) hasten(ctx, intentId);
}

/**
 * Has the intent signed and sent at once where this process is the one that does, whatever the outbox is at. Nobody waits
 * for it: the outbox was woken by the commit, and sends what this did not.
 */
function hasten({ outbox, log }: Context, intentId: string): void {
  outbox.broadcast(intentId).catch((error: unknown) => {
    log.debug({ err: error, intent_id: intentId }, "a settlement is left to the outbox");
  });
}

/** The worker's signed `Accept` of the round, which the chain may not have yet. */
async function acceptOf(ctx: Context, jobId: string, round: number, workerId: string): Promise<Proof["accept"]> {
  const { signature, valid_until_seconds: validUntilSeconds } =
    (await ctx.db
      .selectFrom("offers")
      .select(["signature", "valid_until_seconds"])
      .where("job_id", "=", jobId)
      .where("round", "=", round)
      .where("worker_id", "=", workerId)
      .where("status", "=", "accepted")
      .executeTakeFirst()) ?? {};
  return signature == null || validUntilSeconds == null ? undefined : { signature, validUntilSeconds };
}

/** Those that this worker asked for: what the customer told another worker of the job is not about this evidence. */
async function confirmationsOf(
  ctx: Context,
  jobId: string,
  workerId: string,
): Promise<VerificationRequest["confirmations"]> {
  const rows = await ctx.db
    .selectFrom("confirmations")
    .select(["token_hash as tokenHash", "statement", "answer"])
    .where("job_id", "=", jobId)
    .where("worker_id", "=", workerId)
    .execute();
  return rows;
}

/** The reasons of a signed verdict go to the content store before the chain gets their hash. */
async function recordVerdict(
  { records }: Context,
  of: { evidenceId: string; jobId: string },
  { outcome, reasons, reasonsHash, signed }: Verification,
): Promise<void> {
  if (outcome === "unsure" || signed === null) return;
  await records.put({
    kind: "verdict",
    evidence_id: of.evidenceId,
    job_id: of.jobId,
    outcome,
    reasons,
    reasons_hash: reasonsHash,
    signature: signed.signature,
    valid_until: signed.validUntilSeconds.toString(),
    created_at: new Date().toISOString(),
  });
}

/** @returns false when the job ended meanwhile, or a signed verdict stands */
async function storeVerdict(trx: Trx, evidenceId: string, jobId: string, verification: Verification): Promise<boolean> {
  const job = await trx
    .selectFrom("jobs")
    .select("ended_at")
    .where("id", "=", jobId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (job.ended_at !== null) return false;
  const said = {
    outcome: verification.outcome,
    reasons: JSON.stringify(verification.reasons),
    reasons_hash: verification.reasonsHash,
    signature: verification.signed?.signature ?? null,
    valid_until_seconds: verification.signed?.validUntilSeconds ?? null,
  };
  const stored = await trx
    .with("later", (db) =>
      db
        .updateTable("evidence")
        .set({ verify_again_at: sql`now() + interval '1 minute'` })
        .where("id", "=", evidenceId),
    )
    .insertInto("verdicts")
    .values({ evidence_id: evidenceId, job_id: jobId, ...said })
    .onConflict((conflict) => conflict.column("evidence_id").doUpdateSet(said).where("verdicts.outcome", "=", "unsure"))
    .returning("evidence_id")
    .executeTakeFirst();
  return stored !== undefined;
}
