import type { Intent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";

/** Follows up on what became of cancellations. Call it before the outbox starts. */
export function handleCancelIntents({ outbox }: Pick<Context, "outbox">): void {
  outbox.handle("cancel", { onFailed: offerAgain });
}

/** A job that could not be taken back is offered again: the client had ended the relayer's right to speak for it, say. */
async function offerAgain(trx: Trx, { jobId }: Intent): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({ cancel_requested_at: null, refund_transaction_hash: null, next_wave_at: new Date() })
    .where("id", "=", jobId ?? "")
    .where("status", "=", "open")
    .execute();
}
