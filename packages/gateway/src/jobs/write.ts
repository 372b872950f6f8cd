import { ApiError, type FundingAuthorization, type JobCreate, type PaymentRequirement } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { NewIntent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";
import { type Outcome, answerOf, inGroups, inOneTransaction } from "../groups.ts";
import type { KeyCaller } from "../http/caller.ts";
import { fundIntent, fundWithAuthorizationIntent } from "../settlement/intents.ts";
import { insertJobEndpoints } from "../webhooks/endpoints.ts";
import { Books } from "./books.ts";
import { tellCreated } from "./events.ts";
import type { FundsRead } from "./funds.ts";
import type { Repeatable } from "./idempotency.ts";
import { insertJobs } from "./insert.ts";
import type { PreparedJob } from "./prepare.ts";
import type { CreatedJob } from "./present.ts";
import { recordJob } from "./record.ts";

/** A job that is ready to be written, but for what has to be decided under its client's lock. */
export interface WantedJob {
  caller: KeyCaller;
  body: JobCreate;
  job: PreparedJob;
  availability: { estimated_match_time: number; workers_available: number };
  funds: FundsRead;
  requirement: PaymentRequirement;
  repeatable: Repeatable | undefined;
}

/** What became of it: a new job with its row and the intent to fund it, or one that the same request made before. */
export type WrittenJob = { jobId: string; made: { row: CreatedJob; intentId: string } | undefined };

/** @throws ApiError pool_unknown, amount_above_cap, insufficient_funds, insufficient_allowance, … */
export type WriteJob = (wanted: WantedJob) => Promise<WrittenJob>;

/** Jobs of one transaction. */
const MOST = 100;

/**
 * Jobs that are posted while others are being written are written together, by one transaction that locks each client
 * once. Each succeeds or is refused by itself, in the order in which they came. One that is tried alone after its group
 * was committed unheard finds itself there.
 */
export function createJobWriter(ctx: Context): WriteJob {
  const write = inGroups(
    (wanted: WantedJob[]) => inOneTransaction(ctx, wanted, (trx, group) => writeAll(ctx, trx, group)),
    { most: MOST },
  );
  return async (wanted) => answerOf(await write(wanted));
}

async function writeAll(ctx: Context, trx: Trx, wanted: readonly WantedJob[]): Promise<Outcome<WrittenJob>[]> {
  const clients = await lockClients(trx, wanted);
  const books = await Books.open(trx, wanted);
  const decided = wanted.map((one) => decide(books, one));
  const entered = wanted.filter((_, index) => decided[index] === "new");
  // Only now: what is refused must not fill the disk. Beside the inserts, since the clients' rows are held meanwhile.
  const recorded = Promise.all(entered.map(({ body, job }) => recordJob(ctx, body, job)));
  recorded.catch(() => undefined);
  const made = await insertAll(ctx, trx, clients, entered);
  await recorded;
  return wanted.map(({ job }, index) => {
    const decision = decided[index];
    if (decision === "new") return { answer: { jobId: job.id, made: made.get(job.id) } };
    return decision ?? { refusal: new Error("a job was not decided on") };
  });
}

function decide(books: Books, wanted: WantedJob): Outcome<WrittenJob> | "new" {
  try {
    const jobId = books.madeBefore(wanted);
    if (jobId !== undefined) return { answer: { jobId, made: undefined } };
    books.enter(wanted);
    return "new";
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error };
    throw error;
  }
}

/**
 * In one order, so that no two groups wait for each other. Not their keys: whatever is written meanwhile that belongs to a
 * client would wait too.
 */
async function lockClients(trx: Trx, wanted: readonly WantedJob[]) {
  const rows = await trx
    .selectFrom("clients")
    .select(["id", "webhook_secret"])
    .where("id", "in", [...new Set(wanted.map(({ caller }) => caller.client.id))])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

async function insertAll(
  ctx: Context,
  trx: Trx,
  clients: ReadonlyMap<string, { id: string; webhook_secret: string }>,
  entered: readonly WantedJob[],
): Promise<Map<string, { row: CreatedJob; intentId: string }>> {
  if (entered.length === 0) return new Map();
  const rows = await insertJobs(
    trx,
    entered.map(({ caller, ...rest }) => ({ clientId: caller.client.id, keyId: caller.key.id, ...rest })),
  );
  await insertRepeatables(trx, entered);
  await insertJobEndpoints(
    trx,
    entered.flatMap(({ caller, body, job }) => {
      const client = clients.get(caller.client.id);
      if (client === undefined || body.webhook_url === undefined) return [];
      return [{ client, jobId: job.id, url: body.webhook_url, headers: body.webhook_headers ?? {} }];
    }),
  );
  await tellCreated(
    trx,
    entered.map(({ job }) => job.id),
  );
  const intentIds = await ctx.outbox.enqueueAll(
    trx,
    entered.map(({ job, body }) => fundingIntentOf(ctx, job, body.authorization)),
  );
  return new Map(
    entered.flatMap(({ job }, index) => {
      const row = rows[index];
      const intentId = intentIds[index];
      return row === undefined || intentId === undefined ? [] : [[job.id, { row, intentId }]];
    }),
  );
}

async function insertRepeatables(trx: Trx, entered: readonly WantedJob[]): Promise<void> {
  const rows = entered.flatMap(({ repeatable, job }) =>
    repeatable === undefined ? [] : [{ ...repeatable, jobId: job.id }],
  );
  if (rows.length === 0) return;
  await sql`
    insert into idempotency_keys (key_id, idempotency_key, request_hash, job_id)
    select "keyId", "idempotencyKey", "requestHash", "jobId"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as made ("keyId" text, "idempotencyKey" text, "requestHash" text, "jobId" text)`.execute(trx);
}

function fundingIntentOf(
  ctx: Context,
  { id, chainJobId, terms }: PreparedJob,
  authorization: FundingAuthorization | undefined,
): NewIntent {
  const { escrow } = ctx.chain.deployment;
  const job = { id, chainJobId, round: 0, terms };
  if (authorization === undefined) return fundIntent(escrow, job);
  return fundWithAuthorizationIntent(escrow, job, {
    validAfterSeconds: BigInt(authorization.valid_after),
    validBeforeSeconds: BigInt(authorization.valid_before),
    signature: authorization.signature,
  });
}
