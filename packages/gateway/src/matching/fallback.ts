import type { Context, Trx } from "../context.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { cancelIntent } from "../settlement/intents.ts";
import { jobOnChain } from "../settlement/job-on-chain.ts";
import { availabilityOf } from "./availability.ts";
import type { DueJob } from "./open-job.ts";
import { requirementsOfJob } from "./requirements.ts";

/**
 * All waves are over and nobody took the job: tells the client, once a round, how long it may still take, and does what
 * the job said.
 * @returns whether the job stays open for whoever comes until its deadline; else its money goes back now
 */
export async function giveUp(ctx: Context, trx: Trx, job: DueJob): Promise<boolean> {
  const { fallback } = job.request;
  const availability = await availabilityOf(ctx, requirementsOfJob(job), trx);
  await trx.updateTable("jobs").set({ unmatched_at: new Date() }).where("id", "=", job.id).execute();
  const data = {
    fallback,
    estimated_match_time: availability.estimated_match_time,
    workers_matching: availability.workers_matching,
    next_opening_at: availability.next_opening_at,
  };
  await appendJobEvent(trx, { jobId: job.id, type: "job.unmatched", once: `unmatched:${job.round}`, data });
  if (fallback === "callback") {
    await appendJobEvent(trx, { jobId: job.id, type: "callback.requested", once: `callback:${job.round}`, data });
  }
  if (fallback !== "refund") return true;
  await requestRefund(ctx, trx, job.id);
  return false;
}

/** The relayer cancels as the client's operator; all money, fee included, goes back to the client. */
async function requestRefund(ctx: Context, trx: Trx, jobId: string): Promise<void> {
  await ctx.outbox.enqueue(trx, cancelIntent(ctx.chain.deployment.escrow, await jobOnChain(trx, jobId)));
  await trx.updateTable("jobs").set({ cancel_requested_at: new Date() }).where("id", "=", jobId).execute();
}
