import { z } from "zod";
import { eventIdSchema, jobIdSchema } from "./ids.ts";
import { jobSchema } from "./job.ts";
import { listOf } from "./list.ts";
import { instantSchema, jsonSchema } from "./scalars.ts";

export const EVENT_TYPES = [
  "job.created",
  "job.funded",
  "job.offered",
  "job.accepted",
  "job.question",
  "job.submitted",
  "job.verified",
  "job.rejected",
  "job.completed",
  "job.reopened",
  "job.refunded",
  "job.disputed",
  "job.ruled",
  "job.unmatched",
  "job.failed",
  "case.opened",
  "case.answered",
  "case.evidence_added",
  "case.drawn",
  "case.committed",
  "case.revealed",
  "case.denounced",
  "case.tallied",
  "case.redrawn",
  "case.appealed",
  "case.ruled",
  "callback.requested",
  "sla.breached",
] as const;

export const eventTypeSchema = z.enum(EVENT_TYPES).meta({ id: "EventType", example: "job.completed" });
export type EventType = z.infer<typeof eventTypeSchema>;

/** The body of a webhook, and one event of a stream. */
export const eventSchema = z
  .object({
    type: eventTypeSchema,
    timestamp: instantSchema,
    job_id: jobIdSchema,
    resolution: z.string().nullable(),
    worker_notes: z.string().nullable(),
    sequence: z.int().min(1).meta({ description: "Counts the events of a job from 1; deliveries keep this order." }),
    state: jsonSchema.meta({ description: "What the job was created with." }),
    details: z.record(z.string(), jsonSchema).meta({
      description: "What is particular to this event: the `question` of job.question, the `outcome` of job.verified, …",
    }),
    data: jobSchema.meta({ description: "The whole job as it is when this is sent." }),
    id: eventIdSchema.meta({ description: "The same as the `webhook-id` header. Seen before: already handled." }),
  })
  .meta({ id: "Event", description: "Something that happened to a job." });
export type Event = z.infer<typeof eventSchema>;

export const eventListSchema = listOf(eventSchema, "EventList");
