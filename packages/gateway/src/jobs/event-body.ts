import type { Selectable } from "kysely";
import type { Event, EventType, Job } from "@hireforhumans/protocol";
import type { Schema } from "../database/schema.ts";

export type EventRow = Pick<Selectable<Schema["job_events"]>, "id" | "sequence" | "type" | "data" | "created_at">;

/** What a webhook, a stream and a list tell of an event. `resolution` and `worker_notes` stand on top for receivers. */
export function eventBody(event: EventRow, job: Job): Event {
  return {
    type: event.type as EventType,
    timestamp: event.created_at.toISOString(),
    job_id: job.job_id,
    resolution: job.resolution,
    worker_notes: job.worker_notes,
    sequence: event.sequence,
    state: job.state,
    details: event.data as Event["details"],
    data: job,
    id: event.id,
  };
}
