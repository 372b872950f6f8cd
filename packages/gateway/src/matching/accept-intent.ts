import { sql } from "kysely";
import type { FailureReason, Intent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { wakeWorkers } from "./offers.ts";

/** Follows up on what became of the acceptances that the relayer carried. */
export function handleAcceptIntents(ctx: Context): void {
  ctx.outbox.handle("accept", {
    onFailed: (trx, intent, reason) => withdrawAcceptance(ctx, trx, intent, reason),
    onMined: async (trx, intents) => {
      for (const intent of await withCanceledOffers(trx, intents)) await restoreAcceptance(trx, intent);
    },
  });
}

/**
 * The chain refused an acceptance (the worker's reputation fell, its wallet turned out to be a party): the job is open for
 * others again. The same worker is not asked again in this round.
 */
async function withdrawAcceptance(ctx: Context, trx: Trx, intent: Intent, reason: FailureReason): Promise<void> {
  const found = await acceptanceOf(trx, intent, "accepted");
  if (found === undefined || found.job.chain_status !== "open") return;
  const { job, offer } = found;
  await trx
    .updateTable("offers")
    .set({ status: "canceled", reason: `the chain refused the acceptance: ${reason.name}`, decided_at: sql`now()` })
    .where("id", "=", offer.id)
    .execute();
  await trx
    .updateTable("jobs")
    .set({ status: "open", worker_id: null, accepted_at: null, until_seconds: null, next_wave_at: sql`now()` })
    .where("id", "=", job.id)
    .execute();
  await ctx.queue.send(trx, "match", job.id);
  await wakeWorkers(ctx.queue, trx, [offer.worker_id]);
  await appendJobEvent(trx, {
    jobId: job.id,
    type: "job.reopened",
    once: `withdrawn:${offer.id}`,
    data: { worker: offer.address, cause: reason.name },
  });
  ctx.log.warn({ job_id: job.id, intent_id: intent.id, reason: reason.name }, "the chain refused an acceptance");
}

/** Nothing has to be restored for any other. */
async function withCanceledOffers(trx: Trx, intents: readonly Intent[]): Promise<Intent[]> {
  const rows = await trx
    .selectFrom("offers")
    .select("job_id")
    .distinct()
    .where(
      "job_id",
      "in",
      intents.flatMap(({ jobId }) => jobId ?? []),
    )
    .where("status", "=", "canceled")
    .execute();
  const jobIds = new Set(rows.map(({ job_id }) => job_id));
  return intents.filter(({ jobId }) => jobId !== null && jobIds.has(jobId));
}

/** After a reorg the same transaction may go through after all; then the chain's word stands. */
async function restoreAcceptance(trx: Trx, intent: Intent): Promise<void> {
  const found = await acceptanceOf(trx, intent, "canceled");
  if (found === undefined) return;
  await trx
    .updateTable("offers")
    .set({ status: "canceled", reason: "the chain had taken another acceptance", decided_at: sql`now()` })
    .where("job_id", "=", found.job.id)
    .where("round", "=", found.offer.round)
    .where("status", "in", ["accepted", "pending"])
    .execute();
  await trx
    .updateTable("offers")
    .set({ status: "accepted", reason: null, decided_at: sql`now()` })
    .where("id", "=", found.offer.id)
    .execute();
}

/** The job of an acceptance, locked, and the offer that was accepted by it. */
async function acceptanceOf(trx: Trx, { key, jobId }: Intent, status: "accepted" | "canceled") {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "round", "chain_status"])
    .where("id", "=", jobId ?? "")
    .forUpdate()
    .executeTakeFirst();
  if (job === undefined) return undefined;
  const [round, address] = key.split(":").slice(-2);
  const offer = await trx
    .selectFrom("offers")
    .innerJoin("workers", "workers.id", "offers.worker_id")
    .select(["offers.id", "offers.round", "worker_id", "workers.address"])
    .where("job_id", "=", job.id)
    .where("offers.round", "=", Number(round))
    .where("workers.address", "=", address ?? "")
    .where("offers.status", "=", status)
    .where("signature", "is not", null)
    .executeTakeFirst();
  return offer === undefined ? undefined : { job, offer };
}
