import { z } from "zod";
import { usdcText } from "../amount.ts";
import { jobIdSchema, offerIdSchema, profileIdSchema, workerIdSchema } from "./ids.ts";
import { jobSchema } from "./job.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import { packetSchema } from "./packet.ts";
import { addressSchema, bytes32Schema, instantSchema, signatureSchema, unixSecondsSchema } from "./scalars.ts";
import { termsSchema } from "./terms.ts";

export const offerStatusSchema = z.enum(["pending", "accepted", "rejected", "timeout", "rescinded", "canceled"]).meta({
  id: "OfferStatus",
  description:
    "pending: answer it. accepted, rejected: your answer. timeout: none came in time. rescinded: somebody else was " +
    "faster. canceled: the job ended.",
  example: "pending",
});
export type OfferStatus = z.infer<typeof offerStatusSchema>;

export const offerSchema = z
  .object({
    id: offerIdSchema,
    job_id: jobIdSchema,
    worker_id: workerIdSchema,
    profile_id: profileIdSchema,
    status: offerStatusSchema,
    reason: z.string().nullable(),
    category: z.string(),
    domain: z.string(),
    reward: usdcText,
    work_window_seconds: z.int().min(0).meta({ description: "How long you have after accepting." }),
    deadline_at: instantSchema,
    expires_at: instantSchema.meta({ description: "Answer before." }),
    packet: packetSchema.partial().meta({ id: "RedactedPacket", description: "What may be told before you accept." }),
    chain_id: z.int(),
    escrow: addressSchema,
    chain_job_id: bytes32Schema.meta({ description: "The hash of `terms`, as you can check before signing." }),
    terms: termsSchema,
    round: z.int().min(0),
    created_at: instantSchema,
  })
  .meta({
    id: "Offer",
    description: "A job offered to a worker. To accept, sign EIP-712 `Accept` over chain_job_id and round.",
  });
export type Offer = z.infer<typeof offerSchema>;

export const offerListSchema = listOf(offerSchema, "OfferList");

export const offerListQuerySchema = pageQuerySchema.extend({ status: offerStatusSchema.optional() });

/** The body of POST /v1/offers/:id/accept. The signature is the worker's EIP-712 `Accept`; we carry it, no gas needed. */
export const offerAcceptSchema = z
  .strictObject({ valid_until: unixSecondsSchema, signature: signatureSchema })
  .meta({ id: "OfferAccept" });
export type OfferAccept = z.infer<typeof offerAcceptSchema>;

/** The body of POST /v1/offers/:id/decline. */
export const offerDeclineSchema = z
  .strictObject({
    reason: z.string().trim().min(1).max(500).meta({ description: "Why not.", example: "Busy until noon." }),
  })
  .meta({ id: "OfferDecline" });
export type OfferDecline = z.infer<typeof offerDeclineSchema>;

/** What the worker who accepted gets: the job as a worker may see it and the whole packet. */
export const handoffSchema = z
  .object({
    offer: offerSchema,
    job: jobSchema.pick({ job_id: true, status: true, round: true, reward: true, deadline_at: true, terms: true }),
    packet: packetSchema,
  })
  .meta({ id: "Handoff", description: "The job is yours: the offer and the whole context." });
export type Handoff = z.infer<typeof handoffSchema>;
