import { sql } from "kysely";
import {
  ApiError,
  type FundingAuthorization,
  type Job,
  type JobCreate,
  REVIEW_CATEGORY,
  formatUsdc,
  termsToJson,
} from "@hireforhumans/protocol";
import { arbiterFor } from "../arbitration/jurors.ts";
import { ChainUnavailable } from "../chain/errors.ts";
import type { Context, Database, Trx } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import type { Call } from "../http/route.ts";
import { newId } from "../ids.ts";
import { requireWithinTotalCaps } from "../keys/spend.ts";
import { availabilityOf } from "../matching/availability.ts";
import { requireDecent } from "../screening/screen-job.ts";
import { fundIntent, fundWithAuthorizationIntent } from "../settlement/intents.ts";
import { insertJobEndpoint, requireAllowedUrl } from "../webhooks/endpoints.ts";
import { prepareAuthorizedJob, requireAuthorization, requireUnusedId } from "./authorization.ts";
import { appendJobEvent } from "./events.ts";
import { jobColumns } from "./find.ts";
import { readFunds, requireFunds } from "./funds.ts";
import { type Repeatable, jobMadeBy, repeatableOf } from "./idempotency.ts";
import { paymentRequirementOf } from "./payment-terms.ts";
import { type PreparedJob, prepareJob } from "./prepare.ts";
import { presentCreatedJob } from "./present.ts";
import { recordJob } from "./record.ts";
import { requirementsOfRequest } from "./requirements.ts";
import { requireSatisfiable } from "./satisfiable.ts";

interface CreateCall extends Pick<Call<KeyCaller, undefined, undefined, JobCreate>, "caller" | "body" | "log"> {
  request: { get(header: string): string | undefined };
}

/**
 * Makes a job and sends its funding. The row, its event and the intent to fund are one transaction; the chain hears of
 * it after that, and again after a crash, because the intent stays. Asked again with the same Idempotency-Key, it gives
 * the same answer.
 */
export async function createJob(ctx: Context, { caller, body, request, log }: CreateCall): Promise<Job> {
  const repeatable = repeatableOf(caller.key.id, request.get("idempotency-key"), body);
  const earlier = (await jobMadeBy(ctx.db, repeatable)) ?? (await jobPaidBy(ctx.db, caller, body.authorization));
  if (earlier === undefined) {
    requireNoReview(body);
    await requireDecent(ctx, caller, body);
  }
  const jobId = earlier ?? (await makeJob(ctx, caller, body, repeatable));
  try {
    const newest = await ctx.outbox.broadcast(await fundingIntentId(ctx.db, jobId));
    return await answerOf(ctx, jobId, earlier === undefined ? newest : await firstFundingHash(ctx.db, jobId));
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error;
    // The job exists and its intent is stored, so an error would make the caller post a second one.
    log.warn({ err: error, job_id: jobId }, "a job's funding could not be signed yet");
    return answerOf(ctx, jobId, null);
  }
}

/** Reviewers know a review by its category. */
function requireNoReview({ category }: JobCreate): void {
  if (category !== REVIEW_CATEGORY) return;
  throw new ApiError("invalid_request", `category is "${category}", which only reviews of this gateway may have.`, {
    param: "category",
  });
}

/** An authorization names its job, so a second post of it needs no Idempotency-Key. */
async function jobPaidBy(db: Database | Trx, caller: KeyCaller, authorization: FundingAuthorization | undefined) {
  if (authorization === undefined) return undefined;
  const row = await db
    .selectFrom("jobs")
    .select("id")
    .where("chain_job_id", "=", authorization.nonce)
    .where("client_id", "=", caller.client.id)
    .executeTakeFirst();
  return row?.id;
}

async function makeJob(
  ctx: Context,
  caller: KeyCaller,
  body: JobCreate,
  repeatable: Repeatable | undefined,
): Promise<string> {
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
  const [availability, read, requirement] = await Promise.all([
    availabilityOf(ctx, requirementsOfRequest(body)),
    readFunds(ctx, caller.client.address),
    paymentRequirementOf(ctx, job),
    body.webhook_url === undefined ? undefined : requireAllowedUrl(ctx, body.webhook_url, "webhook_url"),
    requireSatisfiable(ctx, body),
    authorization === undefined ? undefined : requireAuthorization(ctx, job, body, authorization),
  ]);
  return ctx.db.transaction().execute(async (trx) => {
    const client = await trx
      .selectFrom("clients")
      .select(["id", "webhook_secret"])
      .where("id", "=", caller.client.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const made = (await jobMadeBy(trx, repeatable)) ?? (await jobPaidBy(trx, caller, authorization));
    if (made !== undefined) return made;
    await requireOwnPool(trx, client.id, body.pool_id);
    await requireWithinTotalCaps(trx, caller.key, job.total);
    await requireFunds(trx, client.id, job, { read, requirement, byAuthorization: authorization !== undefined });
    if (authorization !== undefined) await requireUnusedId(trx, job.id);
    // Only now: what is refused must not fill the disk. Beside the inserts, since the client's row is held meanwhile.
    const recorded = recordJob(ctx, body, job);
    recorded.catch(() => undefined);
    await insertJob(trx, { clientId: caller.client.id, keyId: caller.key.id }, body, job, availability);
    await insertRepeatable(trx, repeatable, job.id);
    if (body.webhook_url !== undefined) {
      const endpoint = { url: body.webhook_url, headers: body.webhook_headers ?? {} };
      await insertJobEndpoint(trx, client, job.id, endpoint);
    }
    await appendJobEvent(trx, { jobId: job.id, type: "job.created", once: "created" });
    await ctx.outbox.enqueue(trx, fundingIntentOf(ctx, job, authorization));
    await recorded;
    return job.id;
  });
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

async function requireOwnPool(trx: Trx, clientId: string, poolId: string | undefined): Promise<void> {
  if (poolId === undefined) return;
  const pool = await trx
    .selectFrom("pools")
    .select("id")
    .where("id", "=", poolId)
    .where("client_id", "=", clientId)
    .executeTakeFirst();
  if (pool === undefined) throw new ApiError("pool_unknown", `You have no pool ${poolId}.`, { param: "pool_id" });
}

/** Whose job it is. The gateway's own jobs (reviews) have no key. */
interface Owner {
  clientId: string;
  keyId: string | null;
}

/** Writes the row of a prepared job; its event and its funding are the caller's. */
export async function insertJob(
  trx: Trx,
  { clientId, keyId }: Owner,
  body: JobCreate,
  { id, chainJobId, terms, packet, requirements, reward, fee }: PreparedJob,
  availability: { estimated_match_time: number; workers_available: number },
): Promise<void> {
  await trx
    .insertInto("jobs")
    .values({
      id,
      client_id: clientId,
      key_id: keyId,
      chain_job_id: chainJobId,
      terms: JSON.stringify(termsToJson(terms)),
      request: JSON.stringify({
        description: packet.goal,
        requirements: body.requirements ?? [],
        fallback: body.fallback ?? "wait",
        metadata: body.metadata ?? {},
        state: packet.state,
      }),
      packet: JSON.stringify(packet),
      status: "funding",
      deadline_seconds: terms.deadline,
      reward,
      fee,
      category: body.category,
      domain: requirements.domain,
      skills: [...requirements.skills],
      languages: [...requirements.languages],
      certifications: [...requirements.certifications],
      countries_allow: [...requirements.countriesAllow],
      countries_deny: [...requirements.countriesDeny],
      min_reputation: requirements.minReputation.toString(),
      pool_id: requirements.poolId,
      tier: requirements.tier,
      estimated_match_seconds: Math.round(availability.estimated_match_time * 60),
      workers_available: availability.workers_available,
    })
    .execute();
}

async function insertRepeatable(trx: Trx, repeatable: Repeatable | undefined, jobId: string): Promise<void> {
  if (repeatable === undefined) return;
  await trx
    .insertInto("idempotency_keys")
    .values({
      key_id: repeatable.keyId,
      idempotency_key: repeatable.idempotencyKey,
      request_hash: repeatable.requestHash,
      job_id: jobId,
    })
    .execute();
}

function fundingIntentOf(
  ctx: Context,
  { id, chainJobId, terms }: PreparedJob,
  authorization: FundingAuthorization | undefined,
) {
  const { escrow } = ctx.chain.deployment;
  const job = { id, chainJobId, round: 0, terms };
  if (authorization === undefined) return fundIntent(escrow, job);
  return fundWithAuthorizationIntent(escrow, job, {
    validAfterSeconds: BigInt(authorization.valid_after),
    validBeforeSeconds: BigInt(authorization.valid_before),
    signature: authorization.signature,
  });
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
    .selectFrom("transactions")
    .innerJoin("intents", "intents.id", "transactions.intent_id")
    .select("hash")
    .where("intent_key", "=", `fund:${jobId}`)
    .orderBy("transactions.created_at")
    .limit(1)
    .executeTakeFirstOrThrow();
  return hash;
}

/** The answer to a job's creation, whenever it is asked for. */
async function answerOf({ db, chain }: Context, jobId: string, transactionHash: string | null): Promise<Job> {
  const row = await db
    .updateTable("jobs")
    .set({ escrow_transaction_hash: sql`coalesce(escrow_transaction_hash, ${transactionHash})` })
    .where("id", "=", jobId)
    .returning(jobColumns)
    .executeTakeFirstOrThrow();
  return presentCreatedJob(chain.deployment, row, transactionHash);
}
