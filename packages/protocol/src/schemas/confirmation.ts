import { z } from "zod";
import { jobIdSchema } from "./ids.ts";
import { httpUrlSchema, instantSchema, sha256Schema } from "./scalars.ts";

/** The body of POST /v1/jobs/:id/confirmations, by the worker. */
export const confirmationCreateSchema = z
  .strictObject({
    statement: z.string().trim().min(1).max(2000).meta({
      description: "What the customer is asked to confirm.",
      example: "The double charge was refunded and nothing else is open.",
    }),
  })
  .meta({ id: "ConfirmationCreate" });
export type ConfirmationCreate = z.infer<typeof confirmationCreateSchema>;

const answerSchema = z.enum(["confirmed", "denied"]);

/** A question to the customer. */
export const confirmationSchema = z
  .object({
    job_id: jobIdSchema,
    token_hash: sha256Schema.meta({ description: "Names it in evidence; the token itself is the customer's." }),
    statement: z.string(),
    answer: answerSchema.nullable(),
    answered_at: instantSchema.nullable(),
    expires_at: instantSchema,
  })
  .meta({ id: "Confirmation", description: "A statement that the customer confirms or denies." });
export type Confirmation = z.infer<typeof confirmationSchema>;

/** What the worker gets once: the link to send to the customer. */
export const confirmationLinkSchema = confirmationSchema
  .extend({ url: httpUrlSchema.meta({ description: "Send this to the customer; it needs no account." }) })
  .meta({ id: "ConfirmationLink" });
export type ConfirmationLink = z.infer<typeof confirmationLinkSchema>;

/** What the customer sees. */
export const confirmationPageSchema = confirmationSchema
  .pick({ statement: true, answer: true, expires_at: true })
  .meta({ id: "ConfirmationPage" });

/** The body of POST /v1/confirmations/:token, by the customer. */
export const confirmationAnswerSchema = z.strictObject({ answer: answerSchema }).meta({ id: "ConfirmationAnswer" });
export type ConfirmationAnswer = z.infer<typeof confirmationAnswerSchema>;
