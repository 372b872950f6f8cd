import { type Kysely, sql } from "kysely";
import { ApiError, type Delivery, type EventType } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { wakeWebhookSenders } from "../jobs/events.ts";

/** Deliveries with what they carry. */
export const deliveriesOf = (db: Kysely<Schema>, clientId: string) =>
  db
    .selectFrom("webhook_deliveries as delivery")
    .innerJoin("webhook_endpoints as endpoint", "endpoint.id", "delivery.endpoint_id")
    .innerJoin("job_events as event", "event.id", "delivery.event_id")
    .selectAll("delivery")
    .select(["event.type as event_type", "endpoint.deleted_at as endpoint_deleted_at"])
    .where("endpoint.client_id", "=", clientId);

type DeliveryRow = Awaited<ReturnType<ReturnType<typeof deliveriesOf>["executeTakeFirstOrThrow"]>>;

/** Sends a delivery again, at once, whatever became of it. @throws ApiError not_found */
export async function replayDelivery(ctx: Context, clientId: string, deliveryId: string): Promise<Delivery> {
  const found = await deliveriesOf(ctx.db, clientId).where("delivery.id", "=", deliveryId).executeTakeFirst();
  if (found === undefined) throw new ApiError("not_found", `There is no delivery ${deliveryId}.`, { param: "id" });
  if (found.endpoint_deleted_at !== null) {
    throw new ApiError("not_found", `The endpoint of ${deliveryId} was deleted; there is nowhere to send it.`, {
      param: "id",
    });
  }
  await ctx.db.transaction().execute(async (trx) => {
    await trx
      .updateTable("webhook_deliveries")
      // A day of tries begins anew, and so does their count.
      .set({
        status: "pending",
        attempts: 0,
        next_attempt_at: sql<Date>`now()`,
        give_up_at: sql<Date>`now() + interval '1 day'`,
        delivered_at: null,
      })
      .where("id", "=", deliveryId)
      .execute();
    await trx
      .updateTable("webhook_endpoints")
      .set({ failures: 0, open_until: null })
      .where("id", "=", found.endpoint_id)
      .execute();
    await wakeWebhookSenders(trx);
  });
  return presentDelivery(
    await deliveriesOf(ctx.db, clientId).where("delivery.id", "=", deliveryId).executeTakeFirstOrThrow(),
  );
}

export function presentDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    endpoint_id: row.endpoint_id,
    event_id: row.event_id,
    event_type: row.event_type as EventType,
    job_id: row.job_id,
    sequence: row.sequence,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === "pending" ? row.next_attempt_at.toISOString() : null,
    response_status: row.response_status,
    error: row.error,
    delivered_at: row.delivered_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}
