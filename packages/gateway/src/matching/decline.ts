import { sql } from "kysely";
import type { Offer } from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import { lockWorkers, recountPlaces } from "../workers/places.ts";
import { offerOf, presentOffer, refusalOf } from "./find-offer.ts";

/**
 * Takes a worker's no. The job's next wave follows at once if nobody else is being asked. Declining again what one has
 * declined gives the same answer.
 * @throws ApiError not_found, offer_taken, offer_expired, offer_already_decided
 */
export async function declineOffer(ctx: Context, workerId: string, offerId: string, reason: string): Promise<Offer> {
  const { job_id } = await offerOf(ctx.db, workerId, offerId);
  await ctx.db.transaction().execute(async (trx) => {
    await trx.selectFrom("jobs").select("id").where("id", "=", job_id).forUpdate().execute();
    const offer = await offerOf(trx, workerId, offerId);
    if (offer.status === "rejected") return;
    const refusal = refusalOf(offer);
    if (refusal !== undefined) throw refusal;
    await reject(ctx, trx, offer, reason);
  });
  return presentOffer(ctx.chain, await offerOf(ctx.db, workerId, offerId));
}

/** Declines whatever is offered to a worker now. */
export async function declineAll(ctx: Context, workerId: string, reason: string): Promise<void> {
  const pending = await ctx.db
    .selectFrom("offers")
    .select(["id", "job_id"])
    .where("worker_id", "=", workerId)
    .where("status", "=", "pending")
    .execute();
  for (const { id, job_id } of pending) {
    await ctx.db.transaction().execute(async (trx) => {
      await trx.selectFrom("jobs").select("id").where("id", "=", job_id).forUpdate().execute();
      const offer = await offerOf(trx, workerId, id);
      if (refusalOf(offer) === undefined) await reject(ctx, trx, offer, reason);
    });
  }
}

/** The job's row must be locked, and the offer pending. */
async function reject(
  ctx: Context,
  trx: Trx,
  offer: { id: string; job_id: string; worker_id: string },
  reason: string,
): Promise<void> {
  await trx
    .updateTable("offers")
    .set({ status: "rejected", reason, decided_at: sql`now()` })
    .where("id", "=", offer.id)
    .execute();
  const { numUpdatedRows } = await trx
    .updateTable("jobs")
    .set({ next_wave_at: sql`now()` })
    .where("id", "=", offer.job_id)
    .where("next_wave_at", "is not", null)
    .where((where) =>
      where.not(
        where.exists(
          where.selectFrom("offers").select("id").where("job_id", "=", offer.job_id).where("status", "=", "pending"),
        ),
      ),
    )
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await ctx.queue.send(trx, "match", offer.job_id);
  await lockWorkers(trx, [offer.worker_id]);
  await trx.updateTable("workers").set({ misses: 0 }).where("id", "=", offer.worker_id).execute();
  await recountPlaces(trx, [offer.worker_id]);
  await ctx.queue.send(trx, "match", offer.worker_id);
}
