import { z } from "zod";
import { usdcText } from "../amount.ts";
import { jobStatusSchema } from "../status.ts";
import { evidenceSchema } from "./evidence.ts";
import { jobIdSchema, poolIdSchema, workerIdSchema } from "./ids.ts";
import { fallbackSchema } from "./job-create.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import { ratingSchema } from "./rating.ts";
import {
  addressSchema,
  bytes32Schema,
  instantSchema,
  jsonSchema,
  languageCodeSchema,
  reputationSchema,
  signatureSchema,
  tierSchema,
  transactionHashSchema,
  unixSecondsSchema,
} from "./scalars.ts";
import { termsSchema } from "./terms.ts";
import { verdictSchema } from "./verdict.ts";

const jobWorkerSchema = z
  .object({ id: workerIdSchema, address: addressSchema, name: z.string().nullable(), reputation: reputationSchema })
  .meta({ id: "JobWorker", description: "The worker who accepted." });

/** A job as answers and events show it to its client. */
export const jobSchema = z
  .object({
    job_id: jobIdSchema,
    status: jobStatusSchema,
    category: z.string(),
    description: z.string(),
    reward: usdcText,
    fee: usdcText.meta({ description: "2.5 % of the reward, rounded down to the sixth decimal." }),
    total: usdcText.meta({ description: "Reward and fee: what is in escrow." }),
    currency: z.literal("USDC"),
    deadline_at: instantSchema,
    estimated_match_time: z.number().min(0).meta({
      description: "Minutes until a worker is likely found; when nobody is free, minutes until the next opening.",
      example: 0.5,
    }),
    workers_available: z.int().min(0).meta({ description: "How many fit and are free now.", example: 3 }),

    chain_id: z.int(),
    escrow: addressSchema,
    chain_job_id: bytes32Schema.meta({ description: "The job's id on chain: the hash of its terms." }),
    terms: termsSchema,
    escrow_transaction_hash: transactionHashSchema
      .nullable()
      .meta({ description: "The funding; null only until one is signed, which an unreachable chain can delay." }),
    release_transaction_hash: transactionHashSchema.nullable(),
    refund_transaction_hash: transactionHashSchema.nullable(),

    round: z.int().min(0).meta({ description: "How often the job was reopened." }),
    requirements: z.array(z.string()),
    languages: z.array(languageCodeSchema),
    skills: z.array(z.string()),
    domain: z.string(),
    tier: tierSchema.nullable(),
    pool_id: poolIdSchema.nullable(),
    min_reputation: reputationSchema.nullable(),
    fallback: fallbackSchema,

    worker: jobWorkerSchema.nullable(),
    awaiting_answer: z.boolean().meta({ description: "The worker asked a question and waits for the agent." }),
    resolution: z.string().nullable(),
    worker_notes: z.string().nullable(),
    evidence: z.array(evidenceSchema),
    verdict: verdictSchema.nullable(),
    rating: ratingSchema.nullable(),
    failure: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .meta({ description: "Why the job failed, when it did." }),

    metadata: z.record(z.string(), jsonSchema),
    state: jsonSchema,
    sequence: z.int().min(0).meta({ description: "The number of its latest event." }),
    created_at: instantSchema,
    funded_at: instantSchema.nullable(),
    accepted_at: instantSchema.nullable(),
    submitted_at: instantSchema.nullable(),
    ended_at: instantSchema.nullable(),
  })
  .meta({ id: "Job", description: "A job." });
export type Job = z.infer<typeof jobSchema>;

export const jobListSchema = listOf(jobSchema, "JobList");

export const jobListQuerySchema = pageQuerySchema.extend({
  status: jobStatusSchema.optional(),
  category: z.string().max(100).optional(),
});
export type JobListQuery = z.infer<typeof jobListQuerySchema>;

/**
 * The body of cancel and release. Empty: the gateway acts as the job's operator, by the spending limit that the client set
 * for it. With a signature it carries the client's own EIP-712 word.
 */
export const clientWordSchema = z
  .strictObject({ valid_until: unixSecondsSchema, signature: signatureSchema })
  .partial()
  .refine((word) => (word.signature === undefined) === (word.valid_until === undefined), {
    error: "needs signature and valid_until together",
  })
  .meta({ id: "ClientWord" });
export type ClientWord = z.infer<typeof clientWordSchema>;
