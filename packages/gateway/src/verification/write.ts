import { type ContextPacket, type EvidenceBundle, REVIEW_CATEGORY } from "@hireforhumans/protocol";
import type { Verification } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import type { Outcome } from "../groups.ts";
import { appendJobEvents } from "../jobs/events.ts";
import type { ReviewsSoFar } from "../review/answers.ts";
import { askForReviews } from "../review/ask.ts";
import { recordReview } from "../review/record.ts";
import { settleVerdicts } from "../settlement/verdict.ts";
import type { EvidenceToJudge } from "./read.ts";

/** Evidence with what the oracle said of it. */
export interface Judged {
  row: EvidenceToJudge;
  packet: ContextPacket;
  bundle: EvidenceBundle;
  hurried: boolean;
  reviews: ReviewsSoFar | undefined;
  verification: Verification;
}

/**
 * Stores what the oracle said, tells it, and has it carried to the chain.
 * @returns for each the intent that carries it; undefined where the job ended meanwhile or a signed verdict stands
 */
export async function writeVerdicts(
  ctx: Context,
  trx: Trx,
  judged: readonly Judged[],
): Promise<Outcome<string | undefined>[]> {
  const open = await lockOpenJobs(trx, judged);
  const intents = new Map<Judged, string | undefined>();
  // Evidence that was judged twice at once has two verdicts to be stored: one after the other.
  for (let left = judged.filter(({ row }) => open.has(row.job_id)); left.length > 0;) {
    const firsts = left.filter((one, at) => left.findIndex(({ row }) => row.id === one.row.id) === at);
    for (const [one, intentId] of await writeOnce(ctx, trx, firsts)) intents.set(one, intentId);
    left = left.filter((one) => !firsts.includes(one));
  }
  return judged.map((one) => ({ answer: intents.get(one) }));
}

/** In one order, so that no two groups wait for each other. @returns the ids of those that have not ended */
async function lockOpenJobs(trx: Trx, judged: readonly Judged[]): Promise<Set<string>> {
  const jobs = await trx
    .selectFrom("jobs")
    .select(["id", "ended_at"])
    .where("id", "in", [...new Set(judged.map(({ row }) => row.job_id))])
    .orderBy("id")
    .forUpdate()
    .execute();
  return new Set(jobs.flatMap(({ id, ended_at }) => (ended_at === null ? [id] : [])));
}

/** @param judged each of other evidence */
async function writeOnce(ctx: Context, trx: Trx, judged: readonly Judged[]): Promise<Map<Judged, string | undefined>> {
  const ids = await insertVerdicts(trx, judged);
  const stored = judged.filter(({ row }) => ids.has(row.id));
  await appendJobEvents(
    trx,
    stored.map(({ row, hurried, verification: { outcome, reasonsHash } }) => ({
      jobId: row.job_id,
      type: "job.verified",
      once: `verified:${row.round}:${outcome}`,
      data: { outcome, reasons_hash: reasonsHash, ...(hurried ? { flags: ["hurried"] } : {}) },
    })),
  );
  const intentIds = await settleVerdicts(
    ctx,
    trx,
    stored.map(({ row }) => row.id),
  );
  for (const one of stored) await followReviews(ctx, trx, one);
  return new Map(stored.map((one, index) => [one, intentIds[index]]));
}

/** @returns the ids of the evidence on which no signed verdict stood */
async function insertVerdicts(trx: Trx, judged: readonly Judged[]): Promise<Set<string>> {
  const unsure = judged.flatMap(({ row, verification }) => (verification.outcome === "unsure" ? [row.id] : []));
  if (unsure.length > 0) {
    await trx
      .updateTable("evidence")
      .set({ verify_again_at: sql`now() + interval '1 minute'` })
      .where("id", "in", unsure)
      .execute();
  }
  const rows = await trx
    .insertInto("verdicts")
    .values(
      judged.map(({ row, verification: { outcome, reasons, reasonsHash, signed } }) => ({
        evidence_id: row.id,
        job_id: row.job_id,
        outcome,
        reasons: JSON.stringify(reasons),
        reasons_hash: reasonsHash,
        signature: signed?.signature ?? null,
        valid_until_seconds: signed?.validUntilSeconds ?? null,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .column("evidence_id")
        .doUpdateSet((row) => ({
          outcome: row.ref("excluded.outcome"),
          reasons: row.ref("excluded.reasons"),
          reasons_hash: row.ref("excluded.reasons_hash"),
          signature: row.ref("excluded.signature"),
          valid_until_seconds: row.ref("excluded.valid_until_seconds"),
        }))
        .where("verdicts.outcome", "=", "unsure"),
    )
    .returning("evidence_id")
    .execute();
  return new Set(rows.map(({ evidence_id }) => evidence_id));
}

async function followReviews(ctx: Context, trx: Trx, judged: Judged): Promise<void> {
  const { row, packet, bundle, reviews, verification } = judged;
  const { job_id: jobId, links } = row;
  if (verification.outcome === "pass" && row.category === REVIEW_CATEGORY)
    await recordReview(ctx, trx, jobId, row.worker_id, bundle);
  if (verification.outcome === "unsure" && reviews !== undefined) {
    const reviewed = { evidenceId: row.id, evidenceHash: row.evidence_hash, jobId, packet, bundle, links, reviews };
    await askForReviews(ctx, trx, reviewed, verification.reasons);
  }
}
