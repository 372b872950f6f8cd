import { sql } from "kysely";
import type { Intent } from "../chain/outbox.ts";
import type { Context, Trx } from "../context.ts";

/** Follows up on what became of cancellations. Call it before the outbox starts. */
export function handleCancelIntents({ outbox }: Pick<Context, "outbox">): void {
  outbox.handle("cancel", { onFailed: offerAgain });
}

/**
 * A job that could not be taken back is offered again: the client had ended the relayer's right to speak for it, say. Where
 * it is not open, since a reorg is under way, that is done once the followed branch opens it.
 */
async function offerAgain(trx: Trx, { jobId }: Intent): Promise<void> {
  await trx
    .updateTable("jobs")
    .set({
      cancel_requested_at: null,
      refund_transaction_hash: sql`case when ended_at is not null then refund_transaction_hash end`,
      next_wave_at: sql`case when status = 'open' then now() end`,
    })
    .where("id", "=", jobId ?? "")
    .execute();
}
