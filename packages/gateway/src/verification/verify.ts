import { evidenceBundleSchema, packetSchema, parseTerms } from "@hireforhumans/protocol";
import { isHurried, type Proof, sketchesOf, type Verification, type VerificationRequest } from "@hireforhumans/oracle";
import type { Context } from "../context.ts";
import { answerOf, inGroups, inOneTransaction } from "../groups.ts";
import { traced } from "../observability/traces.ts";
import { reviewsOf } from "../review/answers.ts";
import { type Reviewable, reviewersWanted } from "../review/wanted.ts";
import { reviewWordsOf } from "../review/words.ts";
import { greatestLikenesses, keepLooks, keptSketches, type Look, type Wanted } from "./earlier.ts";
import { type EvidenceToJudge, readEvidence } from "./read.ts";
import { type Judged, writeVerdicts } from "./write.ts";

/**
 * Has the oracle look at evidence, and stores and settles what it says. Idempotent: a verdict stands once it is signed;
 * one that is unsure is asked for again each time.
 */
export type VerifyEvidence = (evidenceId: string) => Promise<void>;

/** What of one moment is verified is read, compared and written together; the oracle judges each by itself. */
export function createVerifier(ctx: Context): VerifyEvidence {
  const { db } = ctx;
  const read = inGroups((ids: string[]) => readEvidence(db, ids));
  const keep = inGroups((looks: Look[]) => keepLooks(db, looks));
  const likenessOf = inGroups((wanted: Wanted[]) => greatestLikenesses(db, wanted));
  // Should all have been committed though it failed unheard, each finds its verdict there.
  const write = inGroups((judged: Judged[]) =>
    inOneTransaction(ctx, judged, (trx, group) => writeVerdicts(ctx, trx, group)),
  );

  /**
   * Which pieces are near-duplicates of evidence of other jobs that was handed in before this. What this evidence looks
   * like is kept first, so that of two that are verified at once the later one finds the earlier.
   */
  async function likeBefore(
    { id, sketched_at, reviewers }: EvidenceToJudge,
    { bundle, wanted }: { bundle: VerificationRequest["bundle"]; wanted: number },
  ): Promise<VerificationRequest["likeBefore"]> {
    const fresh = sketched_at === null ? await sketchesOf(bundle, (sha256) => ctx.files.open(sha256)) : undefined;
    if (fresh !== undefined || reviewers === null) await keep({ evidenceId: id, reviewers: wanted, sketches: fresh });
    const found = await Promise.all(
      (fresh ?? (await keptSketches(db, id))).map(async (sketch) => ({
        item: sketch.item,
        similarity: await likenessOf({ evidenceId: id, ...sketch }),
      })),
    );
    return found.flatMap(({ item, similarity }) => (similarity === undefined ? [] : [{ item, similarity }]));
  }

  return async (evidenceId) => {
    const row = await read(evidenceId);
    if (row === undefined) throw new Error(`There is no evidence ${evidenceId}.`);
    if (row.ended_at !== null || (row.outcome !== null && row.outcome !== "unsure")) return;

    const packet = packetSchema.parse(row.packet);
    const bundle = evidenceBundleSchema.parse(row.bundle);
    const hurried = isHurried(packet, row.seconds ?? Infinity);
    const wanted = row.reviewers ?? (await reviewersWanted(ctx, reviewableOf(row, packet.acceptance, hurried)));
    const reviews = wanted === 0 ? undefined : await reviewsOf(db, evidenceId, row.domain, wanted);
    const request: VerificationRequest = {
      packet,
      bundle,
      ...(reviews === undefined ? {} : { reviews }),
      evidenceHash: row.evidence_hash,
      chainTimeSeconds: ctx.chain.head().timestampSeconds,
      confirmations: row.confirmations,
      proof: {
        terms: parseTerms(row.terms),
        accept: acceptOf(row),
        submit: { validUntilSeconds: row.valid_until_seconds, signature: row.signature },
        reviews: await reviewWordsOf(ctx, reviews?.answers.map(({ id }) => id) ?? []),
      },
      seenBefore: row.fingerprints.filter((fingerprint) => row.seen_before.includes(fingerprint)),
      likeBefore: await likeBefore(row, { bundle, wanted }),
      links: row.links,
    };
    const verification = await traced("verify evidence", { job_id: row.job_id, evidence_id: evidenceId }, () =>
      ctx.oracle.verify(request),
    );
    await recordVerdict(ctx, { evidenceId, jobId: row.job_id }, verification);
    const intentId = answerOf(await write({ row, packet, bundle, hurried, reviews, verification }));
    if (intentId !== undefined) hasten(ctx, intentId);
  };
}

const reviewableOf = (row: EvidenceToJudge, acceptance: Reviewable["acceptance"], hurried: boolean): Reviewable => ({
  evidenceId: row.id,
  isReview: row.is_review,
  worker: row.address,
  acceptance,
  terms: row.terms,
  hurried,
});

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
function acceptOf({
  accept_signature: signature,
  accept_valid_until_seconds: validUntilSeconds,
}: EvidenceToJudge): Proof["accept"] {
  return signature === null || validUntilSeconds === null ? undefined : { signature, validUntilSeconds };
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
