import { sql } from "kysely";
import type { EventType } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import { newId } from "../ids.ts";

export interface NewJobEvent {
  jobId: string;
  type: EventType;
  /** Names the happening within its job ("accepted:0"); a second telling of the same changes nothing. */
  once: string;
  data?: Record<string, unknown>;
}

/**
 * Adds an event to a job's history, in the transaction of the change it tells, together with a delivery for each
 * webhook endpoint that wants it; listeners (SSE, webhook sender) are woken at commit by `notify job_events`.
 * @returns false when this happening was told before.
 */
export async function appendJobEvent(trx: Trx, event: NewJobEvent): Promise<boolean> {
  const job = await trx
    .selectFrom("jobs")
    .select(["sequence", "client_id"])
    .where("id", "=", event.jobId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const sequence = job.sequence + 1;
  const inserted = await trx
    .insertInto("job_events")
    .values({
      id: newId("evt"),
      job_id: event.jobId,
      sequence,
      type: event.type,
      once: event.once,
      data: JSON.stringify(event.data ?? {}),
    })
    .onConflict((conflict) => conflict.columns(["job_id", "once"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted === undefined) return false;

  await trx.updateTable("jobs").set({ sequence }).where("id", "=", event.jobId).execute();
  const endpoints = await trx
    .selectFrom("webhook_endpoints")
    .select("id")
    .where("deleted_at", "is", null)
    .where((where) =>
      where.or([
        where.and([where("client_id", "=", job.client_id), where("job_id", "is", null)]),
        where("job_id", "=", event.jobId),
      ]),
    )
    .where(sql<boolean>`(event_types = '{}' or ${event.type} = any(event_types))`)
    .execute();
  if (endpoints.length > 0) {
    await trx
      .insertInto("webhook_deliveries")
      .values(
        endpoints.map((endpoint) => ({
          id: newId("dlv"),
          endpoint_id: endpoint.id,
          event_id: inserted.id,
          job_id: event.jobId,
          sequence,
        })),
      )
      .execute();
  }
  await sql`select pg_notify('job_events', ${event.jobId})`.execute(trx);
  return true;
}
