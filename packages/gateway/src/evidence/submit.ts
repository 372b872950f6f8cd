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
import { sql } from "kysely";
import type { Context, Database, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import { newId } from "../ids.ts";
import { appendJobEvents } from "../jobs/events.ts";
import { noteLinks, requireUsableLinks } from "./links.ts";

/** Evidence has to come this much before the window's end, so that a transaction can still be mined inside it. */
const marginSeconds = 10n;

interface Worker {
  id: string;
  address: string;
}

interface Submission {
  worker: Worker;
  jobId: string;
  body: EvidenceSubmit;
}

/**
 * Takes a worker's signed evidence; verification follows by itself. Handing in the same again gives the same answer.
 * @returns the evidence's id
 * @throws ApiError not_found, wrong_status, too_late, already_submitted, evidence_*, signature_*
 */
export type SubmitEvidence = (worker: Worker, jobId: string, body: EvidenceSubmit) => Promise<string>;

/** What is handed in at one moment is written together; each is taken or refused by itself. */
export function createSubmission(ctx: Context): SubmitEvidence {
  const find = inGroups((asked: Omit<Submission, "body">[]) => jobsOfWorkers(ctx.db, asked));
  // Should all have been committed though it failed unheard, each finds its evidence there.
  const store = inGroups((submissions: Submission[]) =>
    inOneTransaction(ctx, submissions, (trx, group) => storeAll(ctx, trx, group)),
  );
  return async (worker, jobId, body) => {
    const job = await find({ worker, jobId });
    if (job === undefined)
      throw new ApiError("not_found", `There is no job ${jobId} that you accepted.`, { param: "id" });
    checkBundle(body, job, worker);
    await checkSignature(ctx, worker, body);
    // Names resolve to something else at times; what was taken once is not refused for that.
    const earlier = sameEvidence(job.earlier, body);
    if (earlier !== undefined) return earlier;
    // Before anything is looked up in the network for it.
    requireInHand(job, worker, body.bundle);
    await checkFiles(ctx, worker, body.bundle);
    await requireUsableLinks(ctx, worker.id, { packet: job.packet, bundle: body.bundle });
    return answerOf(await store({ worker, jobId, body }));
  };
}

/** With what the worker handed in for the job's round before. */
async function jobsOfWorkers(db: Database, asked: readonly Omit<Submission, "body">[]) {
  const rows = await db
    .selectFrom("jobs")
    .leftJoin("evidence", (on) =>
      on
        .onRef("evidence.job_id", "=", "jobs.id")
        .onRef("evidence.round", "=", "jobs.round")
        .onRef("evidence.worker_id", "=", "jobs.worker_id"),
    )
    .select(["jobs.id", "chain_job_id", "jobs.round", "packet", "status", "jobs.worker_id"])
    .select(["evidence.id as evidence_id", "evidence_hash"])
    .where("jobs.id", "in", [...new Set(asked.map(({ jobId }) => jobId))])
    .execute();
  const jobs = new Map(
    rows.map(({ evidence_id: id, evidence_hash, ...job }) => [
      job.id,
      { ...job, earlier: id === null || evidence_hash === null ? undefined : { id, evidence_hash } },
    ]),
  );
  return asked.map(({ worker, jobId }) => {
    const job = jobs.get(jobId);
    return job?.worker_id === worker.id ? job : undefined;
  });
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

async function storeAll(ctx: Context, trx: Trx, submissions: readonly Submission[]): Promise<Outcome<string>[]> {
  const jobs = await lockJobs(trx, submissions);
  const earlier = await earlierEvidence(trx, [...jobs.keys()]);
  const taken: Taken[] = [];
  const outcomes = submissions.map((submission): Outcome<string> => {
    const key = keyOf(submission.worker.id, submission.body.bundle);
    try {
      const same = sameEvidence(earlier.get(key), submission.body);
      if (same !== undefined) return { answer: same };
      requireTimely(ctx, jobs.get(submission.jobId), submission);
    } catch (error) {
      if (error instanceof ApiError) return { refusal: error };
      throw error;
    }
    const id = newId("evd");
    taken.push({ id, ...submission });
    earlier.set(key, { id, evidence_hash: submission.body.evidence_hash });
    return { answer: id };
  });
  if (taken.length > 0) await insertAll(ctx, trx, taken);
  return outcomes;
}

type LockedJob = Awaited<ReturnType<typeof lockJobs>> extends Map<string, infer Job> ? Job : never;

/** In one order, so that no two groups wait for each other. */
async function lockJobs(trx: Trx, submissions: readonly Submission[]) {
  const rows = await trx
    .selectFrom("jobs")
    .select(["id", "status", "worker_id", "round", "until_seconds"])
    .where("id", "in", [...new Set(submissions.map(({ jobId }) => jobId))])
    .orderBy("id")
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

const keyOf = (workerId: string, { job_id, round }: Pick<EvidenceBundle, "job_id" | "round">): string =>
  `${job_id} ${round} ${workerId}`;

async function earlierEvidence(trx: Trx, jobIds: readonly string[]) {
  if (jobIds.length === 0) return new Map<string, { id: string; evidence_hash: string }>();
  const rows = await trx
    .selectFrom("evidence")
    .select(["id", "evidence_hash", "job_id", "round", "worker_id"])
    .where("job_id", "in", jobIds)
    .execute();
  return new Map(rows.map((row) => [keyOf(row.worker_id, row), row]));
}

/** @throws ApiError wrong_status, too_late */
function requireTimely(ctx: Context, job: LockedJob | undefined, { worker, jobId, body }: Submission): void {
  if (job === undefined) throw new Error(`There is no job ${jobId}.`);
  requireInHand(job, worker, body.bundle);
  const now = ctx.chain.head().timestampSeconds;
  if (job.until_seconds === null || now + marginSeconds <= job.until_seconds) return;
  throw new ApiError(
    "too_late",
    `Evidence was due by ${job.until_seconds - marginSeconds}; the chain's time is ${now}.`,
  );
}

/** A submission that is taken, with its evidence's id. */
interface Taken extends Submission {
  id: string;
}

async function insertAll(ctx: Context, trx: Trx, taken: readonly Taken[]): Promise<void> {
  await Promise.all(taken.map((one) => recordEvidence(ctx, one)));
  await trx
    .insertInto("evidence")
    .values(
      taken.map(({ id, worker, jobId, body }) => ({
        id,
        job_id: jobId,
        worker_id: worker.id,
        round: body.bundle.round,
        bundle: JSON.stringify(body.bundle),
        evidence_hash: body.evidence_hash,
        fingerprints: fingerprintsOf(body.bundle),
        signature: body.signature,
        valid_until_seconds: BigInt(body.valid_until),
      })),
    )
    .execute();
  const said = taken.map(({ jobId, body: { bundle } }) => ({
    id: jobId,
    resolution: bundle.resolution,
    notes: bundle.worker_notes,
  }));
  await sql`
    update jobs set status = 'submitted', until_seconds = null, submitted_at = ${new Date()}, awaiting_answer = false,
      resolution = said.resolution, worker_notes = said.notes
    from jsonb_to_recordset(${JSON.stringify(said)}::jsonb) as said (id text, resolution text, notes text)
    where jobs.id = said.id`.execute(trx);
  await appendJobEvents(
    trx,
    taken.map(({ jobId, body }) => ({
      jobId,
      type: "job.submitted",
      once: `submitted:${body.bundle.round}`,
      data: { evidence_hash: body.evidence_hash },
    })),
  );
  const next = { links: [] as string[], verify: [] as string[] };
  for (const { id, worker, body } of taken) {
    const unseen = await noteLinks(trx, worker.id, id, body.bundle);
    next[unseen ? "links" : "verify"].push(id);
  }
  for (const name of ["links", "verify"] as const) await ctx.queue.sendAll(trx, name, next[name]);
}

function recordEvidence({ records }: Pick<Context, "records">, { id, body }: Taken): Promise<void> {
  return records.put({
    kind: "evidence",
    evidence_id: id,
    evidence_hash: body.evidence_hash,
    bundle: body.bundle,
    signature: body.signature,
    valid_until: String(body.valid_until),
    created_at: new Date().toISOString(),
  });
}
