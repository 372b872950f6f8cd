import { createHash, randomBytes } from "node:crypto";
import { ApiError, type Confirmation, type ConfirmationLink } from "@hireforhumans/protocol";
import type { Selectable } from "kysely";
import type { Context, Database, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";

type Row = Selectable<Schema["confirmations"]>;

/** A customer answers on the day, or not at all. */
const lifetimeMs = 7 * 24 * 3600 * 1000;

/** By this a confirmation is named everywhere but in the customer's link, so that only who has the link can answer. */
export const tokenHashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * Makes a link by which the customer confirms what the worker states; also before the evidence is handed in.
 * @throws ApiError not_found, wrong_status
 */
export async function createConfirmation(
  ctx: Context,
  workerId: string,
  jobId: string,
  statement: string,
): Promise<ConfirmationLink> {
  const job = await ctx.db
    .selectFrom("jobs")
    .select("status")
    .where("id", "=", jobId)
    .where("worker_id", "=", workerId)
    .executeTakeFirst();
  if (job === undefined)
    throw new ApiError("not_found", `There is no job ${jobId} that you accepted.`, { param: "id" });
  if (job.status !== "accepted") {
    throw new ApiError("wrong_status", `The job is ${job.status}; the customer can be asked while it is accepted.`);
  }
  const token = randomBytes(32).toString("base64url");
  const row = await ctx.db
    .insertInto("confirmations")
    .values({
      token_hash: tokenHashOf(token),
      job_id: jobId,
      worker_id: workerId,
      statement,
      expires_at: new Date(Date.now() + lifetimeMs),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  // Before the worker has the link, and so before any evidence can name it.
  await recordConfirmation(ctx, ctx.db, row);
  return { ...presentConfirmation(row), url: `${ctx.config.publicUrl}/v1/confirmations/${token}` };
}

/** @throws ApiError not_found */
export async function findConfirmation(ctx: Context, token: string): Promise<Row> {
  const row = await ctx.db
    .selectFrom("confirmations")
    .selectAll()
    .where("token_hash", "=", tokenHashOf(token))
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new ApiError("not_found", "There is nothing to confirm by this link.", { param: "token" });
}

/**
 * Takes the customer's answer, once; the same answer again is no error. Evidence that waits for it is looked at again.
 * @throws ApiError not_found, already_confirmed, too_late
 */
export async function answerConfirmation(ctx: Context, token: string, answer: "confirmed" | "denied"): Promise<Row> {
  return ctx.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom("confirmations")
      .selectAll()
      .where("token_hash", "=", tokenHashOf(token))
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined)
      throw new ApiError("not_found", "There is nothing to confirm by this link.", { param: "token" });
    if (row.answer === answer) return row;
    if (row.answer !== null)
      throw new ApiError("already_confirmed", `This was ${row.answer} already and can't be changed.`);
    if (row.expires_at <= new Date()) {
      throw new ApiError("too_late", `This could be answered until ${row.expires_at.toISOString()}.`);
    }
    const answered = { answer, answered_at: new Date() };
    await recordConfirmation(ctx, trx, { ...row, ...answered });
    await trx.updateTable("confirmations").set(answered).where("token_hash", "=", row.token_hash).execute();
    const waiting = await trx
      .selectFrom("evidence")
      .innerJoin("verdicts", "verdicts.evidence_id", "evidence.id")
      .select("evidence.id")
      .where("evidence.job_id", "=", row.job_id)
      .where("verdicts.outcome", "=", "unsure")
      .execute();
    for (const { id } of waiting) await ctx.queue.send(trx, "verify", id);
    return { ...row, ...answered };
  });
}

/** A customer's word may decide a verdict, and evidence may name a question still open: both have to outlive the database. */
async function recordConfirmation({ records }: Context, db: Database | Trx, row: Row): Promise<void> {
  const { address } = await db
    .selectFrom("workers")
    .select("address")
    .where("id", "=", row.worker_id)
    .executeTakeFirstOrThrow();
  await records.put({
    kind: "confirmation",
    token_hash: row.token_hash,
    job_id: row.job_id,
    worker: address,
    statement: row.statement,
    answer: row.answer,
    answered_at: row.answered_at?.toISOString() ?? null,
    expires_at: row.expires_at.toISOString(),
  });
}

function presentConfirmation(row: Row): Confirmation {
  return {
    job_id: row.job_id,
    token_hash: row.token_hash,
    answered_at: row.answered_at?.toISOString() ?? null,
    ...presentForCustomer(row),
  };
}

/** What the customer is shown: nothing of the job but the statement. */
export function presentForCustomer(row: Row): Pick<Confirmation, "statement" | "answer" | "expires_at"> {
  return { statement: row.statement, answer: row.answer, expires_at: row.expires_at.toISOString() };
}
