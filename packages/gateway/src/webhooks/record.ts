import { sql } from "kysely";
import type { Database } from "../context.ts";
import type { DeliveryStatus } from "../database/schema.ts";
import type { AttemptResult } from "./attempt.ts";
import type { ClaimedDelivery } from "./claim.ts";
import { CIRCUIT_FAILURES, CIRCUIT_LONGEST_PAUSE_SECONDS, CIRCUIT_PAUSE_SECONDS, pauseAfterMs } from "./retry.ts";

/** A try that the receiver took. */
export interface DeliveredTry {
  delivery: ClaimedDelivery;
  /** Of the receiver's answer. */
  status: number | null;
}

/** Writes down tries that were taken: they are done, and their endpoints answer. */
export async function recordAllDelivered(db: Database, tries: readonly DeliveredTry[]): Promise<undefined[]> {
  const ids = tries.map(({ delivery }) => delivery.id);
  const endpointIds = [...new Set(tries.map(({ delivery }) => delivery.endpoint_id))];
  await sql`
    with answering as (
      update webhook_endpoints set failures = 0, open_until = null
      where id in (
        select id from webhook_endpoints where id = any (${endpointIds}::text[]) and failures > 0 order by id for update
      )
    )
    update webhook_deliveries
    set status = 'delivered', delivered_at = now(), response_status = done.status, error = null
    from unnest(${ids}::text[], ${tries.map(({ status }) => status)}::int4[]) as done (id, status)
    where webhook_deliveries.id = done.id and webhook_deliveries.status = 'pending'`.execute(db);
  return tries.map(() => undefined);
}

/** Writes down a try that failed: when the next is due or that it is given up, and what it says about the endpoint. */
export async function recordFailed(
  db: Database,
  { id, endpoint_id, attempts }: ClaimedDelivery,
  { status, error }: AttemptResult,
): Promise<void> {
  const next = sql<Date>`now() + make_interval(secs => ${pauseAfterMs(attempts) / 1_000})`;
  const pause = sql`least(
    ${CIRCUIT_PAUSE_SECONDS} * 2 ^ least(failures + 1 - ${CIRCUIT_FAILURES}, 10), ${CIRCUIT_LONGEST_PAUSE_SECONDS}
  )`;
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable("webhook_deliveries")
      .set({
        response_status: status,
        error,
        next_attempt_at: next,
        status: sql<DeliveryStatus>`case when ${next} > give_up_at then 'dead' else 'pending' end`,
      })
      .where("id", "=", id)
      .where("status", "=", "pending")
      .execute();
    await trx
      .updateTable("webhook_endpoints")
      .set({
        failures: sql`failures + 1`,
        open_until: sql`case when failures + 1 >= ${CIRCUIT_FAILURES} then now() + make_interval(secs => ${pause}) end`,
      })
      .where("id", "=", endpoint_id)
      .execute();
  });
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
