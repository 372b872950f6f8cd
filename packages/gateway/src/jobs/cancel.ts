import { ApiError, type ClientWord, type Job } from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { endOffers, wakeWorkers } from "../matching/offers.ts";
import { cancelIntent } from "../settlement/intents.ts";
import { jobOnChain } from "../settlement/job-on-chain.ts";
import { recountPlaces } from "../workers/places.ts";
import { clientWordOf, failedAttempts, requireOperator } from "./client-word.ts";
import { type JobRow, jobOf, lockJobOf } from "./find.ts";
import { presentOneJob } from "./present.ts";

/**
 * Takes an open job back: nobody is offered it from now on, and its money is sent home. Asked again while that is on
 * its way, it changes nothing.
 * @throws ApiError not_found, wrong_status, insufficient_allowance, signature_expired, signature_invalid
 */
export async function cancelJob(ctx: Context, caller: KeyCaller, jobId: string, body: ClientWord): Promise<Job> {
  const job = await jobOf(ctx.db, caller, jobId);
  requireCancellable(job);
  const word = await clientWordOf(ctx, job.terms.client, body, "Cancel", { jobId: job.chain_job_id });
  if (word === undefined) await requireOperator(ctx, job.terms);

  const intentId = await ctx.db.transaction().execute(async (trx) => {
    const locked = await lockJobOf(trx, caller, jobId);
    requireCancellable(locked);
    if (locked.cancel_requested_at !== null) return undefined;
    await withdrawOffers(ctx, trx, jobId);
    const attempt = await failedAttempts(trx, jobId, "cancel");
    await trx
      .updateTable("jobs")
      .set({ cancel_requested_at: new Date(), next_wave_at: null })
      .where("id", "=", jobId)
      .execute();
    const { escrow } = ctx.chain.deployment;
    return ctx.outbox.enqueue(trx, cancelIntent(escrow, await jobOnChain(trx, jobId), word, attempt));
  });
  if (intentId !== undefined) {
    const hash = await ctx.outbox.broadcast(intentId);
    await ctx.db
      .updateTable("jobs")
      .set({ refund_transaction_hash: hash })
      .where("id", "=", jobId)
      .where("refund_transaction_hash", "is", null)
      .execute();
  }
  return presentOneJob(ctx, await jobOf(ctx.db, caller, jobId));
}

function requireCancellable({ id, status, chain_status }: JobRow): void {
  if (status === "open" && chain_status === "open") return;
  if (status === "funding") {
    throw new ApiError("wrong_status", `The funding of ${id} is on its way; it can be cancelled once it is open.`, {
      retryAfterSeconds: 2,
    });
  }
  throw new ApiError("wrong_status", `The job is ${status}; it can only be cancelled while it is open.`);
}

async function withdrawOffers(ctx: Context, trx: Trx, jobId: string): Promise<void> {
  const workerIds = await endOffers(trx, jobId, { status: "canceled", reason: "the client took the job back" });
  await recountPlaces(trx, workerIds);
  await wakeWorkers(ctx.queue, trx, workerIds);
}
