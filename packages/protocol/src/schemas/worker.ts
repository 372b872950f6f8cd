import { z } from "zod";
import { usdcAmountOrZero, usdcText } from "../amount.ts";
import { poolIdSchema, profileIdSchema, workerIdSchema } from "./ids.ts";
import { listOf } from "./list.ts";
import {
  addressSchema,
  countrySchema,
  domainNameSchema,
  instantSchema,
  languageCodeSchema,
  languageSchema,
  reputationSchema,
  tagSchema,
} from "./scalars.ts";

export const presenceSchema = z.enum(["online", "away", "offline"]).meta({
  id: "Presence",
  description: "online: gets offers. away: missed two offers, or said so. offline: not there.",
  example: "online",
});
export type Presence = z.infer<typeof presenceSchema>;

/** The body of PUT /v1/workers/me/presence. */
export const presenceUpdateSchema = z.strictObject({ presence: presenceSchema }).meta({ id: "PresenceUpdate" });
export type PresenceUpdate = z.infer<typeof presenceUpdateSchema>;

/** The body of POST /v1/workers/me/profiles. */
export const profileCreateSchema = z
  .strictObject({
    domain: domainNameSchema,
    skills: z.array(tagSchema).max(100).default([]),
    languages: z.array(languageSchema).min(1).max(20),
    certifications: z.array(tagSchema).max(50).default([]),
    hourly_rate: usdcAmountOrZero.optional().meta({ description: "The least USDC an hour that is of interest." }),
    active: z.boolean().default(true),
  })
  .meta({ id: "ProfileCreate" });
export type ProfileCreateInput = z.input<typeof profileCreateSchema>;
export type ProfileCreate = z.output<typeof profileCreateSchema>;

/** The body of PATCH /v1/workers/me/profiles/:id. What is left out stays. */
export const profileUpdateSchema = z
  .strictObject({
    skills: z.array(tagSchema).max(100),
    languages: z.array(languageSchema).min(1).max(20),
    certifications: z.array(tagSchema).max(50),
    hourly_rate: usdcAmountOrZero.nullable(),
    active: z.boolean(),
  })
  .partial()
  .meta({ id: "ProfileUpdate" });
export type ProfileUpdateInput = z.input<typeof profileUpdateSchema>;
export type ProfileUpdate = z.output<typeof profileUpdateSchema>;

export const profileSchema = z
  .object({
    id: profileIdSchema,
    worker_id: workerIdSchema,
    domain: z.string(),
    skills: z.array(z.string()),
    languages: z.array(languageCodeSchema),
    certifications: z.array(z.string()),
    pools: z.array(poolIdSchema),
    hourly_rate: usdcText.nullable(),
    reputation: reputationSchema.meta({ description: "The score in this domain." }),
    active: z.boolean(),
    created_at: instantSchema,
  })
  .meta({ id: "Profile", description: "What a worker does in one domain." });
export type Profile = z.infer<typeof profileSchema>;

export const profileListSchema = listOf(profileSchema, "ProfileList");

/** The body of PATCH /v1/workers/me. */
export const workerUpdateSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100).nullable(),
    country: countrySchema.nullable(),
    capacity: z.int().min(1).max(50).meta({ description: "How many jobs at once." }),
  })
  .partial()
  .meta({ id: "WorkerUpdate" });
export type WorkerUpdate = z.infer<typeof workerUpdateSchema>;

/** A worker as others see it. */
export const publicWorkerSchema = z
  .object({
    id: workerIdSchema,
    address: addressSchema,
    name: z.string().nullable(),
    country: z.string().nullable(),
    presence: presenceSchema,
    profiles: z.array(profileSchema),
    created_at: instantSchema,
  })
  .meta({ id: "PublicWorker", description: "A worker." });
export type PublicWorker = z.infer<typeof publicWorkerSchema>;

/** A worker as it sees itself. */
export const workerSchema = publicWorkerSchema
  .extend({
    capacity: z.int().min(1),
    load: z.int().min(0).meta({ description: "How many jobs it has now." }),
    credit: usdcText.nullable().meta({ description: "What waits in the escrow because a transfer to it failed." }),
  })
  .meta({ id: "Worker", description: "The signed-in worker." });
export type Worker = z.infer<typeof workerSchema>;
