import { sweepCases } from "./arbitration/sweep.ts";
import { createHeadTeller } from "./audit/tell-head.ts";
import type { Context } from "./context.ts";
import { keepLinks } from "./evidence/links.ts";
import { sweepLimits } from "./http/limits.ts";
import { handleCancelIntents } from "./jobs/cancel-intent.ts";
import { failUnfunded, handleFundIntents } from "./jobs/fund-intent.ts";
import type { ProjectionListeners } from "./jobs/project.ts";
import { withdrawRefused } from "./matching/accept-intent.ts";
import { matchingListeners } from "./matching/listeners.ts";
import { startMatching } from "./matching/start.ts";
import type { Queue } from "./queue/queue.ts";
import { sweepEstimates } from "./review/estimate.ts";
import { sweepNetworks } from "./review/networks.ts";
import { sweepDeadlines } from "./settlement/deadlines.ts";
import { onSubmitFailed, sweepSlowVerdicts } from "./settlement/verdict.ts";
import { sweepUndecided } from "./verification/sweeps.ts";
import { createVerifier } from "./verification/verify.ts";
import { giveUpOldDeliveries } from "./webhooks/record.ts";
import { createReputationRefresh } from "./workers/reputation-refresh.ts";
import { startWorkers } from "./workers/start.ts";

/** Windows are minutes at the least; a second more hurts nobody. */
const DEADLINES_EVERY_MS = 1_000;
const CASES_EVERY_MS = 1_000;
const SLOW_VERDICTS_EVERY_MS = 1_000;
const UNDECIDED_EVERY_MS = 15_000;
const ESTIMATES_EVERY_MS = 300_000;
const NETWORKS_EVERY_MS = 3_600_000;
const OLD_WEBHOOKS_EVERY_MS = 60_000;
const LEFT_UPLOADS_EVERY_MS = 600_000;
/** Far longer than an upload may pause. */
const LEFT_UPLOAD_IDLE_MS = 3_600_000;
const LIMITS_EVERY_MS = 300_000;
const AUDIT_HEAD_EVERY_MS = 10_000;
const SUCCESSOR_EVERY_MS = 60_000;

/** Registers everything that happens by itself. Call it before queue and outbox start. */
export function registerWork(ctx: Context): void {
  startMatching(ctx);
  startWorkers(ctx);
  handleFundIntents(ctx);
  handleCancelIntents(ctx);
  ctx.queue.work("links", (evidenceId) => keepLinks(ctx, evidenceId));
  ctx.queue.work("verify", createVerifier(ctx));
  ctx.queue.work("reputation", createReputationRefresh(ctx));
  ctx.queue.sweep("deadlines", DEADLINES_EVERY_MS, () => sweepDeadlines(ctx));
  ctx.queue.sweep("cases", CASES_EVERY_MS, () => sweepCases(ctx));
  ctx.queue.sweep("slow_verdicts", SLOW_VERDICTS_EVERY_MS, () => sweepSlowVerdicts(ctx));
  ctx.queue.sweep("undecided", UNDECIDED_EVERY_MS, () => sweepUndecided(ctx));
  ctx.queue.sweep("estimates", ESTIMATES_EVERY_MS, () => sweepEstimates(ctx));
  ctx.queue.sweep("networks", NETWORKS_EVERY_MS, () => sweepNetworks(ctx));
  ctx.queue.sweep("successor", SUCCESSOR_EVERY_MS, () => ctx.oracle.follow().then(() => 0));
  ctx.queue.sweep("old_webhooks", OLD_WEBHOOKS_EVERY_MS, () => giveUpOldDeliveries(ctx.db));
  ctx.queue.sweep("left_uploads", LEFT_UPLOADS_EVERY_MS, () => ctx.files.sweep(LEFT_UPLOAD_IDLE_MS));
  ctx.queue.sweep("rate_limits", LIMITS_EVERY_MS, () => sweepLimits(ctx.db));
  ctx.queue.sweep("audit_head", AUDIT_HEAD_EVERY_MS, createHeadTeller(ctx));
  ctx.outbox.handle("submit", {
    onFailed: async (trx, intent, reason) => {
      ctx.log.warn(
        { job_id: intent.jobId, intent_id: intent.id, reason: reason.message },
        "the chain refused evidence",
      );
      if (intent.jobId !== null) await onSubmitFailed(ctx, trx, intent.jobId, intent.key);
    },
  });
}

/** What follows, in the same transaction, when the chain moves a job. */
export function projectionListeners(queue: Queue): ProjectionListeners {
  return {
    ...matchingListeners(queue),
    onTakenBack: async (trx, jobIds) => {
      await failUnfunded(queue, trx, jobIds);
      await withdrawRefused(queue, trx, jobIds);
    },
    onDelivered: (trx, workerIds) => queue.sendAll(trx, "match", workerIds),
    onRecorded: (trx, jobIds) => queue.sendAll(trx, "reputation", jobIds),
  };
}
