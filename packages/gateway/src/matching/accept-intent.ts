import { sql } from "kysely";
import { type RefusedIntent, readRefused } from "../chain/intent-rows.ts";
import type { Intent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";
import { appendJobEvent } from "../jobs/events.ts";
import type { Queue } from "../queue/queue.ts";
import { wakeWorkers } from "./offers.ts";

/** Follows up on what became of the acceptances that the relayer carried. */
export function handleAcceptIntents(ctx: Context): void {
  ctx.outbox.handle("accept", {
    onFailed: async (trx, intent, reason) => {
      if (!(await withdrawAcceptance(ctx.queue, trx, { ...intent, reason }))) return;
      const about = { job_id: intent.jobId, intent_id: intent.id, reason: reason.name };
      ctx.log.warn(about, "the chain refused an acceptance");
    },
    onMined: async (trx, intents) => {
      for (const intent of await withCanceledOffers(trx, intents)) await restoreAcceptance(ctx.queue, trx, intent);
    },
  });
}

/**
 * The chain refused an acceptance (the worker's reputation fell, its wallet turned out to be a party): the job is open for
 * others again. The same worker is not asked again in this round. Where the followed branch holds an acceptance still, that
 * is done once it does not (`withdrawRefused`).
 * @returns whether there was one to withdraw
 */
async function withdrawAcceptance(queue: Queue, trx: Trx, { key, jobId, reason }: RefusedIntent): Promise<boolean> {
  const found = await acceptanceOf(trx, { key, jobId }, "accepted");
  if (found === undefined || ![null, "open"].includes(found.job.chain_status)) return false;
  const { job, offer } = found;
  await trx
    .updateTable("offers")
    .set({ status: "canceled", reason: `the chain refused the acceptance: ${reason.name}`, decided_at: sql`now()` })
    .where("id", "=", offer.id)
    .execute();
  await wakeWorkers(queue, trx, [offer.worker_id]);
  // A job that failed stays so, and one whose round was taken back is another's.
  if (!["accepted", "submitted"].includes(job.status)) return true;
  if (job.round !== offer.round || job.worker_id !== offer.worker_id) return true;
  // One whose funding was taken back looks for others once it is funded again.
  await trx
    .updateTable("jobs")
    .set({
      status: job.chain_status === null ? "funding" : "open",
      worker_id: null,
      accepted_at: null,
      until_seconds: null,
      next_wave_at: job.chain_status === null ? null : sql`now()`,
    })
    .where("id", "=", job.id)
    .execute();
  if (job.chain_status !== null) await queue.send(trx, "match", job.id);
  await appendJobEvent(trx, {
    jobId: job.id,
    type: "job.reopened",
    once: `withdrawn:${offer.id}`,
    data: { worker: offer.address, cause: reason.name },
  });
  return true;
}

/** Withdraws the acceptances of these jobs that the chain refused while it was followed on a branch that held one. */
export async function withdrawRefused(queue: Queue, trx: Trx, jobIds: readonly string[]): Promise<void> {
  for (const refused of await readRefused(trx, "accept", jobIds)) await withdrawAcceptance(queue, trx, refused);
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
async function restoreAcceptance(queue: Queue, trx: Trx, intent: Intent): Promise<void> {
  const found = await acceptanceOf(trx, intent, "canceled");
  if (found === undefined) return;
  const others = await trx
    .updateTable("offers")
    .set({ status: "canceled", reason: "the chain had taken another acceptance", decided_at: sql`now()` })
    .where("job_id", "=", found.job.id)
    .where("round", "=", found.offer.round)
    .where("status", "in", ["accepted", "pending"])
    .returning("worker_id")
    .execute();
  await trx
    .updateTable("offers")
    .set({ status: "accepted", reason: null, decided_at: sql`now()` })
    .where("id", "=", found.offer.id)
    .execute();
  await wakeWorkers(queue, trx, [found.offer.worker_id, ...others.map(({ worker_id }) => worker_id)]);
}

/** The job of an acceptance, locked, and the offer that was accepted by it. */
async function acceptanceOf(trx: Trx, { key, jobId }: Pick<Intent, "key" | "jobId">, status: "accepted" | "canceled") {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "round", "status", "chain_status", "worker_id"])
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
