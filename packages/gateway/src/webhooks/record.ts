import { sql } from "kysely";
import type { Database } from "../context.ts";
import type { DeliveryStatus } from "../database/schema.ts";
import type { AttemptResult } from "./attempt.ts";
import type { ClaimedDelivery } from "./claim.ts";
import { CIRCUIT_FAILURES, CIRCUIT_LONGEST_PAUSE_SECONDS, CIRCUIT_PAUSE_SECONDS, pauseAfterMs } from "./retry.ts";

/** Writes down what became of a try: done, to be tried again, or given up; and what it says about the endpoint. */
export async function recordAttempt(db: Database, delivery: ClaimedDelivery, result: AttemptResult): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable("webhook_deliveries")
      .set({ response_status: result.status, error: result.error, ...nextOf(delivery, result) })
      .where("id", "=", delivery.id)
      .where("status", "=", "pending")
      .execute();
    const endpoint = trx.updateTable("webhook_endpoints").where("id", "=", delivery.endpoint_id);
    if (result.delivered) {
      await endpoint.set({ failures: 0, open_until: null }).where("failures", ">", 0).execute();
      return;
    }
    const seconds = sql`least(
      ${CIRCUIT_PAUSE_SECONDS} * 2 ^ least(failures + 1 - ${CIRCUIT_FAILURES}, 10), ${CIRCUIT_LONGEST_PAUSE_SECONDS}
    )`;
    await endpoint
      .set({
        failures: sql`failures + 1`,
        open_until: sql`case when failures + 1 >= ${CIRCUIT_FAILURES} then now() + make_interval(secs => ${seconds}) end`,
      })
      .execute();
  });
}

function nextOf({ attempts }: ClaimedDelivery, { delivered }: AttemptResult) {
  if (delivered) return { status: "delivered" as const, delivered_at: sql<Date>`now()` };
  const next = sql<Date>`now() + make_interval(secs => ${pauseAfterMs(attempts) / 1_000})`;
  return {
    next_attempt_at: next,
    status: sql<DeliveryStatus>`case when ${next} > give_up_at then 'dead' else 'pending' end`,
  };
}

/**
 * Gives up what could not be tried for a day because its endpoint's circuit is open.
 * @returns how many
 */
export async function giveUpOldDeliveries(db: Database): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable("webhook_deliveries")
    .set({ status: "dead", error: sql`coalesce(error, 'the endpoint did not answer for a day')` })
    .where("status", "=", "pending")
    .where("give_up_at", "<", sql<Date>`now()`)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
