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
 * Adds an event to a job's history, see `appendJobEvents`.
 * @returns false when this happening was told before.
 */
export async function appendJobEvent(trx: Trx, event: NewJobEvent): Promise<boolean> {
  return (await appendJobEvents(trx, [event])) > 0;
}

/**
 * Adds events to the history of jobs, those of one job in their order, in the transaction of the change they tell,
 * together with a delivery for each webhook endpoint that wants them. Listeners are woken at commit: streams by
 * `notify job_events`, the webhook sender by `notify webhooks`. The caller holds the jobs' rows, or two tellings at once
 * end one of the transactions.
 * @returns how many had not been told before
 */
export async function appendJobEvents(trx: Trx, events: readonly NewJobEvent[]): Promise<number> {
  if (events.length === 0) return 0;
  const told = JSON.stringify(
    events.map(({ jobId, type, once, data = {} }, place) => ({ id: newId("evt"), jobId, type, once, data, place })),
  );
  const { rows } = await sql<ToldEvent>`
    with told as (
      select distinct on (told."jobId", told.once) told.*
      from jsonb_to_recordset(${told}::jsonb)
        as told (id text, "jobId" text, type text, once text, data jsonb, place int4)
      where not exists (select 1 from job_events e where e.job_id = told."jobId" and e.once = told.once)
      order by told."jobId", told.once, told.place
    ), placed as (
      select told.*, row_number() over (partition by "jobId" order by place)::int4 as nth from told
    ), job as (
      update jobs set sequence = sequence + added.count
      from (select "jobId" as id, count(*)::int4 as count from placed group by "jobId") added
      where jobs.id = added.id
      returning jobs.id, client_id, sequence - added.count as before
    ), event as (
      insert into job_events (id, job_id, sequence, type, once, data)
      select placed.id, job.id, job.before + placed.nth, placed.type, placed.once, placed.data
      from placed join job on job.id = placed."jobId"
      returning id, job_id, sequence, type
    )
    select ${toldColumns} from event join job on job.id = event.job_id
  `.execute(trx);
  await addDeliveries(trx, rows);
  return rows.length;
}

/**
 * Adds `job.created` to the history of jobs that this transaction has inserted, by `appendJobEvents`' rules: as their first
 * event, which their rows count already, so that these are not written twice.
 */
export async function tellCreated(trx: Trx, jobIds: readonly string[]): Promise<void> {
  const { rows } = await sql<ToldEvent>`
    with event as (
      insert into job_events (id, job_id, sequence, type, once, data)
      select told.id, told.job_id, 1, 'job.created', 'created', '{}'
      from unnest(${jobIds.map(() => newId("evt"))}::text[], ${[...jobIds]}::text[]) as told (id, job_id)
      returning id, job_id, sequence, type
    )
    select ${toldColumns} from event join jobs job on job.id = event.job_id
  `.execute(trx);
  await addDeliveries(trx, rows);
}

/** Of `event` and its `job`: what there is to deliver of it and to whom; wakes the streams. */
const toldColumns = sql`
  event.id, event.job_id as "jobId", event.sequence, pg_notify('job_events', event.job_id),
  endpoints_for(event.type, event.job_id, job.client_id) as endpoints`;

/** An event that is in its job's history, and the webhook endpoints that want it. */
interface ToldEvent {
  id: string;
  jobId: string;
  sequence: number;
  endpoints: string[];
}

/** A delivery of each event for each endpoint that wants it. */
async function addDeliveries(trx: Trx, events: readonly ToldEvent[]): Promise<void> {
  const deliveries = events.flatMap(({ id, jobId, sequence, endpoints }) =>
    endpoints.map((endpointId) => ({ id: newId("dlv"), endpointId, eventId: id, jobId, sequence })),
  );
  if (deliveries.length === 0) return;
  await sql`
    insert into webhook_deliveries (id, endpoint_id, event_id, job_id, sequence)
    select id, "endpointId", "eventId", "jobId", sequence
    from jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb)
      as delivery (id text, "endpointId" text, "eventId" text, "jobId" text, sequence int4)`.execute(trx);
  await wakeWebhookSenders(trx);
}

/** Wakes the senders of all gateways when this commits. */
export async function wakeWebhookSenders(trx: Trx): Promise<void> {
  await sql`select pg_notify('webhooks', '')`.execute(trx);
}
