import { z } from "zod";
import { hashOf } from "../canonical.ts";
import { acceptanceSchema } from "./acceptance.ts";
import { jobIdSchema } from "./ids.ts";
import { bytes32Schema, instantSchema, type Json, jsonSchema, sha256Schema } from "./scalars.ts";

/** One turn of a conversation. Agents keep further members of their own in it. */
export const turnSchema = z
  .object({
    role: z.string().min(1).max(50).meta({ description: "Who spoke.", example: "customer" }),
    content: jsonSchema.meta({ description: "What was said: text, or the parts of a framework's message." }),
  })
  .catchall(jsonSchema)
  .meta({ id: "Turn" });
export type Turn = z.infer<typeof turnSchema>;

export const attemptSchema = z
  .object({ tool: z.string().min(1).max(200), args: jsonSchema.optional(), result: jsonSchema.optional() })
  .meta({ id: "Attempt", description: "What the agent already tried." });

export const attachmentSchema = z
  .object({
    uri: z.string().min(1).max(2048),
    sha256: sha256Schema.optional(),
    name: z.string().max(255).optional(),
    media_type: z.string().max(100).optional(),
  })
  .meta({ id: "Attachment" });

/** Everything the worker needs on one screen; the customer repeats nothing. */
export const packetSchema = z
  .object({
    version: z.literal(1),
    job_id: jobIdSchema,
    reason: z.string().meta({ description: "Why a person is needed: the job's category." }),
    goal: z.string().meta({ description: "What is to be reached: the job's description." }),
    question: z.string().nullable(),
    summary: z.string().nullable(),
    transcript: z.array(turnSchema),
    entities: z
      .record(z.string(), jsonSchema)
      .meta({ description: "Who and what it is about (customer_id, order, …)." }),
    attempts: z.array(attemptSchema),
    user_confirmed: z.array(z.string()).meta({ description: "What the customer already confirmed." }),
    constraints: z.array(z.string()).meta({ description: "What must not be done or promised." }),
    attachments: z.array(attachmentSchema),
    acceptance: acceptanceSchema,
    response_schema: z.record(z.string(), jsonSchema).nullable(),
    response_options: z.array(z.string()),
    state: jsonSchema,
    deadline_at: instantSchema,
    redactions: z.array(z.string()).meta({ description: "Members left out of this form of the packet." }),
    packet_hash: bytes32Schema.meta({ description: "keccak256 of the packet's canonical JSON without this member." }),
  })
  .meta({ id: "ContextPacket", description: "The context that is handed over with a job." });
export type ContextPacket = z.infer<typeof packetSchema>;

/**
 * The hash of a packet, which is the terms' `specHash`: keccak256 over the canonical JSON of all members but
 * `packet_hash` itself.
 */
export function packetHashOf(packet: Omit<ContextPacket, "packet_hash">): string {
  const rest: Record<string, unknown> = { ...packet };
  delete rest["packet_hash"];
  return hashOf(rest);
}

/** What a client may send as `context`. Members beyond these are kept as the packet's `entities`. */
export const contextSchema = z
  .object({
    conversation_history: z
      .union([z.string().max(200_000), z.array(turnSchema).max(2000)])
      .optional()
      .meta({ description: "The conversation so far: text, or its turns, oldest first." }),
    customer_id: z.string().max(200).optional(),
    question: z.string().max(4000).optional().meta({ description: "The one question to the worker." }),
    summary: z.string().max(10_000).optional(),
    attempts: z.array(attemptSchema).max(200).optional(),
    user_confirmed: z.array(z.string().max(1000)).max(100).optional(),
    constraints: z.array(z.string().max(1000)).max(100).optional(),
    attachments: z.array(attachmentSchema).max(50).optional(),
    response_options: z.array(z.string().max(500)).max(50).optional(),
  })
  .catchall(jsonSchema)
  .meta({ id: "Context", description: "What the worker needs to know. Only the one who accepts sees all of it." });
export type Context = z.infer<typeof contextSchema>;

/** Members of a context that have a place of their own in the packet. */
export const CONTEXT_MEMBERS = Object.keys(contextSchema.shape).filter((name) => name !== "customer_id");

export type Entities = Record<string, Json>;
