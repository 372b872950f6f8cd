import { z } from "zod";
import { usdcAmount, usdcText } from "../amount.ts";
import { clientIdSchema, keyIdSchema } from "./ids.ts";
import { listOf } from "./list.ts";
import { addressSchema, instantSchema } from "./scalars.ts";

export const SCOPES = [
  "jobs:read",
  "jobs:write",
  "webhooks:read",
  "webhooks:write",
  "keys:read",
  "keys:write",
] as const;

export const scopeSchema = z.enum(SCOPES).meta({ id: "Scope", example: "jobs:write" });
export type Scope = z.infer<typeof scopeSchema>;

/** The body of POST /v1/keys. A key can't make one that may do or spend more than itself. */
export const keyCreateSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(scopeSchema).min(1).max(SCOPES.length),
    cap_per_job: usdcAmount.optional().meta({ description: "The most that one job may cost, fee included." }),
    cap_total: usdcAmount
      .optional()
      .meta({ description: "The most that all jobs of this key may cost, refunds taken off." }),
    expires_at: instantSchema.optional(),
  })
  .meta({ id: "KeyCreate" });
export type KeyCreateInput = z.input<typeof keyCreateSchema>;
export type KeyCreate = z.output<typeof keyCreateSchema>;

export const keySchema = z
  .object({
    id: keyIdSchema,
    client_id: clientIdSchema,
    client_address: addressSchema.meta({ description: "The wallet that pays for this key's jobs." }),
    name: z.string(),
    secret_prefix: z.string().meta({ description: "The start of the secret, to tell keys apart." }),
    scopes: z.array(scopeSchema),
    cap_per_job: usdcText.nullable(),
    cap_total: usdcText.nullable(),
    spent: usdcText.meta({ description: "What its jobs cost so far, refunds taken off." }),
    expires_at: instantSchema.nullable(),
    revoked_at: instantSchema.nullable(),
    old_secret_until: instantSchema
      .nullable()
      .meta({ description: "Until when the secret before the last rotation is taken too; null: it is not." }),
    last_used_at: instantSchema.nullable(),
    created_at: instantSchema,
  })
  .meta({ id: "Key", description: "An API key." });
export type Key = z.infer<typeof keySchema>;

export const keyCreatedSchema = keySchema
  .extend({
    secret: z.string().meta({ description: "The key itself (`hfh_…`). Shown this once." }),
    webhook_secret: z.string().meta({
      description:
        "Verifies webhooks that a job's `webhook_url` asked for (`whsec_…`); the same for all keys of a client.",
    }),
  })
  .meta({ id: "KeyCreated" });
export type KeyCreated = z.infer<typeof keyCreatedSchema>;

/** The body of POST /v1/keys/:id/rotate. */
export const keyRotateSchema = z
  .strictObject({
    grace_minutes: z
      .int()
      .min(0)
      .max(7 * 24 * 60)
      .default(0)
      .meta({ description: "How long the old secret is taken beside the new one. 0: no longer, at once." }),
  })
  .meta({ id: "KeyRotate" });

export const keyListSchema = listOf(keySchema, "KeyList");
