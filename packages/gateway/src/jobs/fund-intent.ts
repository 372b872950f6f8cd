import { sql } from "kysely";
import type { Intent } from "../chain/outbox.ts";
import { type RefusedIntent, readRefused } from "../chain/intent-rows.ts";
import type { Context, Trx } from "../context.ts";
import { endOffers, wakeWorkers } from "../matching/offers.ts";
import type { Queue } from "../queue/queue.ts";
import { appendJobEvent } from "./events.ts";

/** Follows up on what became of fundings: one that the chain refused ends its job, and nothing was paid. */
export function handleFundIntents(ctx: Context): void {
  ctx.outbox.handle("fund", {
    onSigned: rememberHashes,
    onFailed: (trx, intent, reason) => failJob(ctx.queue, trx, { ...intent, reason }),
    // After a reorg the same transaction may go through after all; the follower then opens the job.
    onMined: (trx, intents) => reviveJobs(trx, intents),
  });
}

/** The first hash is the one that was answered; jobs are looked at before the chain has told it. */
async function rememberHashes(trx: Trx, signed: readonly { intent: Intent; hash: string }[]): Promise<void> {
  await sql`
    update jobs set escrow_transaction_hash = signed.hash
    from unnest(
      ${signed.map(({ intent }) => intent.jobId)}::text[], ${signed.map(({ hash }) => hash)}::text[]
    ) as signed (id, hash)
    where jobs.id = signed.id and escrow_transaction_hash is null`.execute(trx);
}

/**
 * A job that the followed branch holds no funding of ends, however far it had come on a branch that was taken back. Where
 * that branch is followed still, it ends once it is not (`failUnfunded`).
 */
async function failJob(queue: Queue, trx: Trx, { jobId, reason }: RefusedIntent): Promise<void> {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "chain_status", "ended_at", "worker_id"])
    .where("id", "=", jobId ?? "")
    .forUpdate()
    .executeTakeFirst();
  if (job === undefined || job.chain_status !== null || job.ended_at !== null) return;
  const failure = { code: reason.name, message: reason.message };
  await trx
    .updateTable("jobs")
    .set({ status: "failed", failure: JSON.stringify(failure), ended_at: new Date(), next_wave_at: null })
    .where("id", "=", job.id)
    .execute();
  const asked = await endOffers(trx, job.id, { status: "canceled", reason: "the job could not be funded" });
  await wakeWorkers(queue, trx, [...asked, ...(job.worker_id === null ? [] : [job.worker_id])]);
  await appendJobEvent(trx, { jobId: job.id, type: "job.failed", once: "failed", data: failure });
}

/** Ends those of these jobs whose funding the chain refused while it was followed on a branch that held one. */
export async function failUnfunded(queue: Queue, trx: Trx, jobIds: readonly string[]): Promise<void> {
  for (const refused of await readRefused(trx, "fund", jobIds)) await failJob(queue, trx, refused);
}

async function reviveJobs(trx: Trx, intents: readonly Intent[]): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ status: "funding", failure: null, ended_at: null })
    .where(
      "id",
      "in",
      intents.flatMap(({ jobId }) => jobId ?? []),
    )
    .where("status", "=", "failed")
    .execute();
}
