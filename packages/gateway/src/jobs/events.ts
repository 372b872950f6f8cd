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
 * webhook endpoint that wants it. Listeners are woken at commit: streams by `notify job_events`, the webhook sender by
 * `notify webhooks`. The caller holds the job's row, or two tellings at once end one of the transactions.
 * @returns false when this happening was told before.
 */
export async function appendJobEvent(trx: Trx, event: NewJobEvent): Promise<boolean> {
  const { jobId, type, once, data = {} } = event;
  const { rows } = await sql<{ id: string; sequence: number; endpoints: string[] }>`
    with job as (
      update jobs set sequence = sequence + 1
      where id = ${jobId} and not exists (select 1 from job_events where job_id = ${jobId} and once = ${once})
      returning client_id, sequence
    ), event as (
      insert into job_events (id, job_id, sequence, type, once, data)
      select ${newId("evt")}, ${jobId}, sequence, ${type}, ${once}, ${JSON.stringify(data)}::jsonb from job
      returning id, sequence
    )
    select event.id, event.sequence, pg_notify('job_events', ${jobId}), array(
      select e.id from webhook_endpoints e
      where e.deleted_at is null and ((e.client_id = job.client_id and e.job_id is null) or e.job_id = ${jobId})
        and (e.event_types = '{}' or ${type} = any (e.event_types))
    ) as endpoints
    from event, job
  `.execute(trx);
  const [told] = rows;
  if (told === undefined) return false;
  if (told.endpoints.length > 0) await addDeliveries(trx, jobId, told);
  return true;
}

async function addDeliveries(
  trx: Trx,
  jobId: string,
  { id, sequence, endpoints }: { id: string; sequence: number; endpoints: string[] },
): Promise<void> {
  await trx
    .insertInto("webhook_deliveries")
    .values(endpoints.map((endpoint_id) => ({ id: newId("dlv"), endpoint_id, event_id: id, job_id: jobId, sequence })))
    .execute();
  await wakeWebhookSenders(trx);
}

/** Wakes the senders of all gateways when this commits. */
export async function wakeWebhookSenders(trx: Trx): Promise<void> {
  await sql`select pg_notify('webhooks', '')`.execute(trx);
}
