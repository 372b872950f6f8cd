import { z } from "zod";
import { jobIdSchema, messageIdSchema } from "./ids.ts";
import { instantSchema } from "./scalars.ts";
import { listOf } from "./list.ts";

const kindSchema = z.enum(["question", "answer", "note"]).meta({
  description: "question: the worker asks the agent and the job waits. answer: the agent's reply. note: neither.",
});

/** The body of POST /v1/jobs/:id/messages. Without `kind` it is a note. */
export const messageCreateSchema = z
  .strictObject({ kind: kindSchema.default("note"), body: z.string().trim().min(1).max(10_000) })
  .meta({ id: "MessageCreate" });
export type MessageCreateInput = z.input<typeof messageCreateSchema>;
export type MessageCreate = z.output<typeof messageCreateSchema>;

export const messageSchema = z
  .object({
    id: messageIdSchema,
    job_id: jobIdSchema,
    author: z.enum(["agent", "worker"]),
    kind: kindSchema,
    body: z.string(),
    created_at: instantSchema,
  })
  .meta({ id: "Message", description: "A message between the agent and the worker of a job." });
export type Message = z.infer<typeof messageSchema>;

export const messageListSchema = listOf(messageSchema, "MessageList");
