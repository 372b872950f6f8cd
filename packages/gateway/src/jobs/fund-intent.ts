import { sql } from "kysely";
import type { Intent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";
import { appendJobEvent } from "./events.ts";

/** Follows up on what became of fundings: one that the chain refused ends its job, and nothing was paid. */
export function handleFundIntents(ctx: Context): void {
  ctx.outbox.handle("fund", {
    onSigned: rememberHashes,
    onFailed: (trx, intent, reason) => failJob(trx, intent, { code: reason.name, message: reason.message }),
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

async function failJob(trx: Trx, { jobId }: Intent, failure: { code: string; message: string }): Promise<void> {
  const failed = await trx
    .updateTable("jobs")
    .set({ status: "failed", failure: JSON.stringify(failure), ended_at: new Date() })
    .where("id", "=", jobId ?? "")
    .where("status", "=", "funding")
    .returning("id")
    .executeTakeFirst();
  if (failed !== undefined)
    await appendJobEvent(trx, { jobId: failed.id, type: "job.failed", once: "failed", data: failure });
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
