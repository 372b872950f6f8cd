import type { Logger } from "pino";
import { sql } from "kysely";
import {
  ApiError,
  type Availability,
  type Job,
  type JobCreate,
  REVIEW_CATEGORY,
  formatUsdc,
} from "@hireforhumans/protocol";
import { arbiterFor } from "../arbitration/jurors.ts";
import { ChainUnavailable } from "../chain/errors.ts";
import type { Context, Database } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import type { Call } from "../http/route.ts";
import { newId } from "../ids.ts";
import { availabilityOf } from "../matching/availability.ts";
import { requireDecent } from "../screening/screen-job.ts";
import { requireAllowedUrl } from "../webhooks/endpoints.ts";
import { prepareAuthorizedJob, requireAuthorization } from "./authorization.ts";
import { jobColumns } from "./find.ts";
import { readFunds } from "./funds.ts";
import { type Repeatable, createRepeatFinder, repeatableOf } from "./idempotency.ts";
import { paymentRequirementOf } from "./payment-terms.ts";
import { type PreparedJob, prepareJob } from "./prepare.ts";
import { presentCreatedJob } from "./present.ts";
import { remembered } from "./remembered.ts";
import type { Requirements } from "./requirements.ts";
import { requireSatisfiable } from "./satisfiable.ts";
import { type WriteJob, type WrittenJob, createJobWriter } from "./write.ts";

interface CreateCall extends Pick<Call<KeyCaller, undefined, undefined, JobCreate>, "caller" | "body" | "log"> {
  request: { get(header: string): string | undefined };
}

/** What the creations of one process share. */
interface CreateParts {
  ctx: Context;
  write: WriteJob;
  estimate: (requirements: Requirements) => Promise<Availability>;
  madeBy: (repeatable: Repeatable) => Promise<string | undefined>;
}

/** Estimates are told, not promised; this one serves all posts of a moment. */
const ESTIMATE_MS = 500;

export type CreateJob = (call: CreateCall) => Promise<Job>;

export function createJobCreation(ctx: Context): CreateJob {
  const parts: CreateParts = {
    ctx,
    write: createJobWriter(ctx),
    estimate: remembered((requirements: Requirements) => availabilityOf(ctx, requirements), ESTIMATE_MS),
    madeBy: createRepeatFinder(ctx.db),
  };
  return (call) => createJob(parts, call);
}

/**
 * Makes a job and sends its funding. The row, its event and the intent to fund are one transaction; the chain hears of
 * it after that, and again after a crash, because the intent stays. Asked again with the same Idempotency-Key, it gives
 * the same answer.
 */
async function createJob(parts: CreateParts, { caller, body, request, log }: CreateCall): Promise<Job> {
  const { ctx, madeBy } = parts;
  // An authorization names its job, so a second post of it needs no Idempotency-Key.
  const idempotencyKey = request.get("idempotency-key") ?? body.authorization?.nonce;
  const repeatable = repeatableOf(caller.key.id, idempotencyKey, body);
  const earlier = repeatable && ((await madeBy(repeatable)) ?? (await jobPaidBy(ctx.db, caller, body, repeatable)));
  if (earlier !== undefined) return answerAgain(ctx, earlier, log);
  requireNoReview(body);
  await requireDecent(ctx, caller, body);
  const { jobId, made } = await makeJob(parts, caller, body, repeatable);
  if (made === undefined) return answerAgain(ctx, jobId, log);
  return presentCreatedJob(ctx.chain.deployment, made.row, await broadcastFunding(ctx, jobId, made.intentId, log));
}

async function answerAgain(ctx: Context, jobId: string, log: Logger): Promise<Job> {
  const sent = await broadcastFunding(ctx, jobId, await fundingIntentId(ctx.db, jobId), log);
  const row = await ctx.db.selectFrom("jobs").select(jobColumns).where("id", "=", jobId).executeTakeFirstOrThrow();
  const hash = sent === null ? null : await firstFundingHash(ctx.db, jobId);
  return presentCreatedJob(ctx.chain.deployment, row, hash);
}

/** @returns null while it can't be signed: the job exists and its intent is stored, so that an error would make the caller post a second one */
async function broadcastFunding(ctx: Context, jobId: string, intentId: string, log: Logger): Promise<string | null> {
  try {
    return await ctx.outbox.broadcast(intentId);
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error;
    log.warn({ err: error, job_id: jobId }, "a job's funding could not be signed yet");
    return null;
  }
}

/** Reviewers know a review by its category. */
function requireNoReview({ category }: JobCreate): void {
  if (category !== REVIEW_CATEGORY) return;
  throw new ApiError("invalid_request", `category is "${category}", which only reviews of this gateway may have.`, {
    param: "category",
  });
}

/**
 * The job that an authorization paid for before, also where it came by another key of the client.
 * @throws ApiError idempotency_conflict where it came with another body
 */
async function jobPaidBy(
  db: Database,
  caller: KeyCaller,
  { authorization }: JobCreate,
  { requestHash }: Repeatable,
): Promise<string | undefined> {
  if (authorization === undefined) return undefined;
  const row = await db
    .selectFrom("jobs")
    .leftJoin("idempotency_keys", "idempotency_keys.job_id", "jobs.id")
    .select(["jobs.id", "request_hash"])
    .where("chain_job_id", "=", authorization.nonce)
    .where("client_id", "=", caller.client.id)
    .executeTakeFirst();
  if (row === undefined || row.request_hash === null || row.request_hash === requestHash) return row?.id;
  throw new ApiError(
    "idempotency_conflict",
    `This authorization came before with another body, and paid for job ${row.id}. Post without it for another job.`,
    { param: "authorization" },
  );
}

async function makeJob(
  { ctx, write, estimate }: CreateParts,
  caller: KeyCaller,
  body: JobCreate,
  repeatable: Repeatable | undefined,
): Promise<WrittenJob> {
  const { authorization } = body;
  const job =
    authorization === undefined
      ? prepareJob(
          ctx,
          caller.client.address,
          body,
          newId("job"),
          deadlineOf(ctx, body),
          await arbiterFor(ctx, body.reward),
        )
      : prepareAuthorizedJob(ctx, caller.client.address, body, authorization);
  requireWithinJobCap(caller, job);
  const [availability, funds, requirement] = await Promise.all([
    estimate(job.requirements),
    readFunds(ctx, caller.client.address),
    paymentRequirementOf(ctx, job),
    body.webhook_url === undefined ? undefined : requireAllowedUrl(ctx, body.webhook_url, "webhook_url"),
    requireSatisfiable(ctx, body),
    authorization === undefined ? undefined : requireAuthorization(ctx, job, body, authorization),
  ]);
  return write({ caller, body, job, availability, funds, requirement, repeatable });
}

const deadlineOf = (ctx: Context, { deadline_minutes }: JobCreate): bigint =>
  ctx.chain.head().timestampSeconds + BigInt(deadline_minutes) * 60n;

function requireWithinJobCap({ key }: KeyCaller, { total }: PreparedJob): void {
  if (key.capPerJob === null || total <= key.capPerJob) return;
  throw new ApiError(
    "amount_above_cap",
    `Reward and fee are ${formatUsdc(total)} USDC; this key may spend ${formatUsdc(key.capPerJob)} on one job.`,
    { param: "reward" },
  );
}

async function fundingIntentId(db: Database, jobId: string): Promise<string> {
  const intent = await db
    .selectFrom("intents")
    .select("id")
    .where("intent_key", "=", `fund:${jobId}`)
    .executeTakeFirstOrThrow();
  return intent.id;
}

/** A transaction that stuck is signed anew at a higher fee; the answer names the first one, always. */
async function firstFundingHash(db: Database, jobId: string): Promise<string> {
  const { hash } = await db
    .selectFrom("intents")
    .leftJoin("transactions", "transactions.intent_id", "intents.id")
    .select(sql<string>`coalesce(first_hash, transactions.hash)`.as("hash"))
    .where("intent_key", "=", `fund:${jobId}`)
    .orderBy("transactions.created_at")
    .limit(1)
    .executeTakeFirstOrThrow();
  return hash;
}
