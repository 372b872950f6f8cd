import {
  ApiError,
  type EvidenceBundle,
  type EvidenceSubmit,
  escrowDomain,
  evidenceHashOf,
  packetSchema,
  wordTypes,
} from "@hireforhumans/protocol";
import { fingerprintsOf } from "@hireforhumans/oracle";
import type { Context, Database, Trx } from "../context.ts";
import { newId } from "../ids.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { noteLinks, requireUsableLinks } from "./links.ts";

/** Evidence has to come this much before the window's end, so that a transaction can still be mined inside it. */
const marginSeconds = 10n;

interface Worker {
  id: string;
  address: string;
}

/**
 * Takes a worker's signed evidence; verification follows by itself. Handing in the same again gives the same answer.
 * @returns the evidence's id
 * @throws ApiError not_found, wrong_status, too_late, already_submitted, evidence_*, signature_*
 */
export async function submitEvidence(
  ctx: Context,
  worker: Worker,
  jobId: string,
  body: EvidenceSubmit,
): Promise<string> {
  const job = await jobOfWorker(ctx, worker, jobId);
  checkBundle(body, job, worker);
  await checkSignature(ctx, worker, body);
  // Names resolve to something else at times; what was taken once is not refused for that.
  const earlier = sameEvidence(await earlierEvidence(ctx.db, worker, body.bundle), body);
  if (earlier !== undefined) return earlier;
  // Before anything is looked up in the network for it.
  requireInHand(job, worker, body.bundle);
  await checkFiles(ctx, worker, body.bundle);
  await requireUsableLinks(ctx, worker.id, { packet: job.packet, bundle: body.bundle });
  return ctx.db.transaction().execute((trx) => store(ctx, trx, worker, jobId, body));
}

async function jobOfWorker(ctx: Context, worker: Worker, jobId: string) {
  const job = await ctx.db
    .selectFrom("jobs")
    .select(["id", "chain_job_id", "round", "packet", "status", "worker_id"])
    .where("id", "=", jobId)
    .where("worker_id", "=", worker.id)
    .executeTakeFirst();
  if (job !== undefined) return job;
  throw new ApiError("not_found", `There is no job ${jobId} that you accepted.`, { param: "id" });
}

function checkBundle(
  { bundle, evidence_hash }: EvidenceSubmit,
  job: { id: string; chain_job_id: string; round: number; packet: unknown },
  worker: Worker,
): void {
  const expected = { job_id: job.id, chain_job_id: job.chain_job_id, round: job.round, worker: worker.address };
  for (const [member, value] of Object.entries(expected)) {
    const actual = bundle[member as keyof typeof expected];
    if (actual === value) continue;
    throw new ApiError(
      "evidence_not_for_this_job",
      `The bundle's ${member} is ${JSON.stringify(actual)}; for this job it has to be ${JSON.stringify(value)}.`,
      { param: `bundle.${member}` },
    );
  }
  const hash = evidenceHashOf(bundle);
  if (hash !== evidence_hash) {
    throw new ApiError("evidence_hash_mismatch", `The bundle's hash is ${hash}, not ${evidence_hash}.`, {
      param: "evidence_hash",
    });
  }
  const given = new Set(bundle.items.map((item) => item.kind));
  const missing = packetSchema.parse(job.packet).acceptance.required_evidence.filter((kind) => !given.has(kind));
  if (missing.length > 0) {
    throw new ApiError(
      "evidence_required_kind_missing",
      `The job asks for evidence of the kind ${missing.join(", ")} too. Nothing was handed in yet; add it and try again.`,
      { param: "bundle.items" },
    );
  }
}

async function checkSignature(ctx: Context, worker: Worker, body: EvidenceSubmit): Promise<void> {
  const now = ctx.chain.head().timestampSeconds;
  if (BigInt(body.valid_until) <= now + marginSeconds) {
    throw new ApiError(
      "signature_expired",
      `The signature may be used until ${body.valid_until}; the chain's time is ${now} and carrying it takes a moment.`,
      { param: "valid_until" },
    );
  }
  const { chainId, escrow } = ctx.chain.deployment;
  const word = {
    jobId: body.bundle.chain_job_id,
    round: BigInt(body.bundle.round),
    evidenceHash: body.evidence_hash,
    validUntil: BigInt(body.valid_until),
  };
  const types = { Submit: wordTypes.Submit };
  if (await ctx.chain.verifyTypedData(worker.address, escrowDomain(chainId, escrow), types, word, body.signature))
    return;
  throw new ApiError(
    "signature_invalid",
    `The signature is not ${worker.address}'s over EIP-712 Submit for chain ${chainId} and escrow ${escrow}.`,
    { param: "signature" },
  );
}

async function checkFiles(ctx: Context, worker: Worker, bundle: EvidenceBundle): Promise<void> {
  for (const [index, item] of bundle.items.entries()) {
    if (item.kind !== "file") continue;
    const file = await ctx.db
      .selectFrom("file_uploads")
      .innerJoin("files", "files.sha256", "file_uploads.sha256")
      .select("files.size")
      .where("file_uploads.sha256", "=", item.sha256)
      .where("worker_id", "=", worker.id)
      .executeTakeFirst();
    const problem =
      file === undefined
        ? "was not uploaded by you"
        : file.size !== BigInt(item.size_bytes)
          ? `has ${file.size} bytes, not ${item.size_bytes}`
          : undefined;
    if (problem === undefined) continue;
    throw new ApiError("evidence_file_missing", `The file ${item.sha256} ${problem}.`, {
      param: `bundle.items.${index}`,
    });
  }
}

async function earlierEvidence(db: Database | Trx, worker: Worker, { job_id, round }: EvidenceBundle) {
  return db
    .selectFrom("evidence")
    .select(["id", "evidence_hash"])
    .where("job_id", "=", job_id)
    .where("round", "=", round)
    .where("worker_id", "=", worker.id)
    .executeTakeFirst();
}

/** @throws ApiError already_submitted */
function sameEvidence(
  earlier: { id: string; evidence_hash: string } | undefined,
  { evidence_hash }: EvidenceSubmit,
): string | undefined {
  if (earlier === undefined || earlier.evidence_hash === evidence_hash) return earlier?.id;
  throw new ApiError("already_submitted", `Other evidence was handed in already, with hash ${earlier.evidence_hash}.`);
}

/** @throws ApiError wrong_status */
function requireInHand(
  job: { status: string; worker_id: string | null; round: number },
  worker: Worker,
  bundle: EvidenceBundle,
): void {
  if (job.status === "accepted" && job.worker_id === worker.id && job.round === bundle.round) return;
  throw new ApiError(
    "wrong_status",
    `The job is ${job.status} in round ${job.round}; evidence is taken while accepted by you.`,
  );
}

async function store(ctx: Context, trx: Trx, worker: Worker, jobId: string, body: EvidenceSubmit): Promise<string> {
  const job = await trx
    .selectFrom("jobs")
    .select(["status", "worker_id", "round", "until_seconds"])
    .where("id", "=", jobId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { bundle } = body;
  const earlier = sameEvidence(await earlierEvidence(trx, worker, bundle), body);
  if (earlier !== undefined) return earlier;
  requireInHand(job, worker, bundle);
  const now = ctx.chain.head().timestampSeconds;
  if (job.until_seconds !== null && now + marginSeconds > job.until_seconds) {
    throw new ApiError(
      "too_late",
      `Evidence was due by ${job.until_seconds - marginSeconds}; the chain's time is ${now}.`,
    );
  }
  return insert(ctx, trx, worker, jobId, body);
}

async function insert(ctx: Context, trx: Trx, worker: Worker, jobId: string, body: EvidenceSubmit): Promise<string> {
  const { bundle } = body;
  const id = newId("evd");
  await ctx.records.put({
    kind: "evidence",
    evidence_id: id,
    evidence_hash: body.evidence_hash,
    bundle,
    signature: body.signature,
    valid_until: String(body.valid_until),
    created_at: new Date().toISOString(),
  });
  await trx
    .insertInto("evidence")
    .values({
      id,
      job_id: jobId,
      worker_id: worker.id,
      round: bundle.round,
      bundle: JSON.stringify(bundle),
      evidence_hash: body.evidence_hash,
      fingerprints: fingerprintsOf(bundle),
      signature: body.signature,
      valid_until_seconds: BigInt(body.valid_until),
    })
    .execute();
  await trx
    .updateTable("jobs")
    .set({
      status: "submitted",
      until_seconds: null,
      submitted_at: new Date(),
      resolution: bundle.resolution,
      worker_notes: bundle.worker_notes,
      awaiting_answer: false,
    })
    .where("id", "=", jobId)
    .execute();
  const data = { evidence_hash: body.evidence_hash };
  await appendJobEvent(trx, { jobId, type: "job.submitted", once: `submitted:${bundle.round}`, data });
  const unseen = await noteLinks(trx, worker.id, id, bundle);
  await ctx.queue.send(trx, unseen ? "links" : "verify", id);
  return id;
}
