import { type Words, parseTerms } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { NewIntent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";
import {
  type EvidenceOnChain,
  type JobOnChain,
  submitIntent,
  submitKey,
  submitWithVerdictIntent,
  verdictIntent,
} from "./intents.ts";
import { jobOnChain } from "./job-on-chain.ts";

const batchSize = 100;

/** What it takes to have something carried. */
export interface Settling {
  chain: Pick<Context["chain"], "deployment">;
  outbox: Pick<Context["outbox"], "enqueueAll">;
}

/**
 * Carries evidence and its verdict to the chain: both in one transaction where neither is on its way yet; the verdict
 * alone behind a submission; the submission alone while the oracle is unsure. The caller holds the jobs' rows.
 * @returns the intents' ids in the order of the evidence; undefined where there is nothing to carry
 */
export async function settleVerdicts(
  ctx: Settling,
  trx: Trx,
  evidenceIds: readonly string[],
): Promise<(string | undefined)[]> {
  if (evidenceIds.length === 0) return [];
  const words = await signedWords(trx, evidenceIds);
  const carried = evidenceIds.flatMap((evidenceId) => {
    const intent = intentOf(ctx.chain.deployment.escrow, words.get(evidenceId));
    return intent === undefined ? [] : [{ evidenceId, intent }];
  });
  const ids = await ctx.outbox.enqueueAll(
    trx,
    carried.map(({ intent }) => intent),
  );
  const byEvidence = new Map(carried.map(({ evidenceId }, index) => [evidenceId, ids[index]]));
  return evidenceIds.map((evidenceId) => byEvidence.get(evidenceId));
}

function intentOf(escrow: string, words: SignedWords | undefined): NewIntent | undefined {
  if (words === undefined) throw new Error("Evidence whose verdict is to be carried is not there.");
  const { job, evidence, verdict, signature, submitted } = words;
  if (verdict === undefined || signature === null) return submitted ? undefined : submitIntent(escrow, job, evidence);
  return submitted
    ? verdictIntent(escrow, job, evidence.id, verdict, signature)
    : submitWithVerdictIntent(escrow, job, evidence, verdict, signature);
}

interface SignedWords {
  job: JobOnChain;
  evidence: EvidenceOnChain;
  /** Undefined, and its signature null, while the oracle is silent or unsure. */
  verdict: Words["Verdict"] | undefined;
  signature: string | null;
  /** Whether an intent carries the evidence already. */
  submitted: boolean;
}

/** By the evidence's id. */
async function signedWords(trx: Trx, evidenceIds: readonly string[]): Promise<Map<string, SignedWords>> {
  const rows = await rowsOf(trx, evidenceIds);
  return new Map(rows.map((row) => [row.evidence_id, wordsOf(row)]));
}

function rowsOf(trx: Trx, evidenceIds: readonly string[]) {
  return trx
    .selectFrom("evidence")
    .innerJoin("jobs", "jobs.id", "evidence.job_id")
    .innerJoin("workers", "workers.id", "evidence.worker_id")
    .leftJoin("verdicts", "verdicts.evidence_id", "evidence.id")
    .leftJoin("intents", (on) => on.on("intents.intent_key", "=", sql<string>`${submitKey("")} || evidence.id`))
    .select([
      "evidence.id as evidence_id",
      "jobs.id",
      "chain_job_id",
      "jobs.round",
      "terms",
      "intents.id as submission",
    ])
    .select(["evidence_hash", "evidence.signature", "evidence.valid_until_seconds"])
    .select(["outcome", "reasons_hash", "workers.address", "verdicts.signature as verdictSignature"])
    .select("verdicts.valid_until_seconds as verdictValidUntil")
    .where("evidence.id", "in", evidenceIds)
    .execute();
}

function wordsOf(row: Awaited<ReturnType<typeof rowsOf>>[number]): SignedWords {
  const job = { id: row.id, chainJobId: row.chain_job_id, round: row.round, terms: parseTerms(row.terms) };
  const verdict: Words["Verdict"] | undefined =
    row.verdictValidUntil === null || row.reasons_hash === null
      ? undefined
      : {
          jobId: job.chainJobId,
          worker: row.address,
          evidenceHash: row.evidence_hash,
          pass: row.outcome === "pass",
          reasonsHash: row.reasons_hash,
          validUntil: row.verdictValidUntil,
        };
  return {
    job,
    evidence: {
      id: row.evidence_id,
      hash: row.evidence_hash,
      word: { validUntilSeconds: row.valid_until_seconds, signature: row.signature },
    },
    verdict,
    signature: row.verdictSignature,
    submitted: row.submission !== null,
  };
}

/**
 * Carries evidence to the chain alone where its verdict is not there within seconds: the work window must not run out
 * on a worker because an oracle is slow.
 * @returns how many
 */
export async function sweepSlowVerdicts(ctx: Context): Promise<number> {
  return ctx.db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom("jobs")
      .innerJoin("evidence", (on) =>
        on.onRef("evidence.job_id", "=", "jobs.id").onRef("evidence.round", "=", "jobs.round"),
      )
      .select("evidence.id")
      .where("jobs.status", "=", "submitted")
      .where("jobs.chain_status", "in", ["open", "accepted"])
      .where("jobs.submitted_at", "<", new Date(Date.now() - 5000))
      .whereRef("evidence.worker_id", "=", "jobs.worker_id")
      .where(
        sql<boolean>`not exists (
          select 1 from intents where intent_key = 'submit:' || evidence.id
        )`,
      )
      .limit(batchSize)
      .forUpdate("jobs")
      .skipLocked()
      .execute();
    await settleVerdicts(
      ctx,
      trx,
      rows.map(({ id }) => id),
    );
    return rows.length;
  });
}

/**
 * What follows a submission that the chain refused. One that carried a verdict is tried again without it: a fault of the
 * verdict must not cost the worker the delivery. The second refusal is final; the deadline then ends the job.
 */
export async function onSubmitFailed(ctx: Context, trx: Trx, jobId: string, intentKey: string): Promise<void> {
  const row = await trx
    .selectFrom("evidence")
    .innerJoin("jobs", "jobs.id", "evidence.job_id")
    .select(["evidence.id", "evidence_hash", "signature", "valid_until_seconds"])
    .where("job_id", "=", jobId)
    .whereRef("jobs.round", "=", "evidence.round")
    .whereRef("jobs.worker_id", "=", "evidence.worker_id")
    .executeTakeFirst();
  // Evidence of a worker who does not have the job any more is of no use, and neither is a second try of the second try.
  if (row === undefined || intentKey !== submitKey(row.id)) return;
  const word = { validUntilSeconds: row.valid_until_seconds, signature: row.signature };
  const alone = submitIntent(ctx.chain.deployment.escrow, await jobOnChain(trx, jobId), {
    id: row.id,
    hash: row.evidence_hash,
    word,
  });
  await ctx.outbox.enqueue(trx, { ...alone, key: `${alone.key}:alone` });
}
