import { z } from "zod";
import { usdcAmount } from "../amount.ts";
import { acceptanceSchema } from "./acceptance.ts";
import { poolIdSchema } from "./ids.ts";
import { contextSchema } from "./packet.ts";
import {
  addressSchema,
  boundedJson,
  bytes32Schema,
  countrySchema,
  domainNameSchema,
  httpUrlSchema,
  jsonSchema,
  languageSchema,
  reputationSchema,
  signatureSchema,
  tagSchema,
  tierSchema,
  unixSecondsSchema,
} from "./scalars.ts";
import { termsSchema } from "./terms.ts";

/** The escrow's MAX_DEADLINE (365 days) and MAX_WINDOW (30 days) in minutes. */
export const MAX_DEADLINE_MINUTES = 365 * 24 * 60;
export const MAX_WINDOW_MINUTES = 30 * 24 * 60;

/** Headers that we set ourselves or that change what is sent; a caller's must not replace them. */
const RESERVED_HEADER = /^(?:host|content-.*|transfer-encoding|connection|upgrade|te|trailer|expect|webhook-.*)$/i;

/** Headers a receiver asks for, sent with each delivery beside ours. */
export const webhookHeadersSchema = z
  .record(
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "is not a header name")
      .refine((name) => !RESERVED_HEADER.test(name), "is a header that we set ourselves"),
    z.string().regex(/^[\t\x20-\x7e]{0,2000}$/, "is not a header value: printable ASCII, at most 2000 characters"),
  )
  .refine((headers) => Object.keys(headers).length <= 20, "has more than 20 headers")
  .meta({ description: "Headers to send with each webhook.", example: { Authorization: "Bearer receiver-token" } });

export const fallbackSchema = z.enum(["wait", "callback", "ticket", "refund"]).meta({
  id: "Fallback",
  description:
    "What happens when nobody is free. wait: keep looking until the deadline. callback: promise the customer a call back " +
    "(event callback.requested). ticket: leave it to your ticket system (event job.unmatched). refund: money back at once.",
  example: "wait",
});
export type Fallback = z.infer<typeof fallbackSchema>;

/** A client's EIP-3009 `ReceiveWithAuthorization`: pays for a job with no gas and no allowance. */
export const fundingAuthorizationSchema = z
  .strictObject({
    from: addressSchema.meta({ description: "The client's account: pays, and receives every refund." }),
    to: addressSchema.meta({ description: "The escrow." }),
    value: z
      .string()
      .regex(/^\d{1,29}$/, "is not base units (digits only)")
      .meta({ description: "Reward and fee in base units." }),
    valid_after: unixSecondsSchema,
    valid_before: unixSecondsSchema,
    nonce: bytes32Schema.meta({ description: "The job's id on chain (`chain_job_id`), as the 402 answer gave it." }),
    signature: signatureSchema,
    terms: termsSchema.meta({ description: "The terms as the 402 answer gave them (`accepts[0].extra.terms`)." }),
  })
  .meta({ id: "FundingAuthorization", description: "A signed EIP-3009 authorization over the terms of a 402 answer." });
export type FundingAuthorization = z.infer<typeof fundingAuthorizationSchema>;

/** The body of POST /v1/jobs. */
export const jobCreateSchema = z
  .strictObject({
    category: domainNameSchema.meta({ description: "What kind of case.", example: "customer_support_escalation" }),
    description: z.string().trim().min(1).max(10_000).meta({
      description: "What the person is to do.",
      example: "Customer is angry about a double charge. Call back, sort it out, tell us what was agreed.",
    }),
    context: contextSchema.optional(),
    requirements: z
      .array(z.string().trim().min(1).max(100))
      .max(50)
      .optional()
      .meta({ description: "Languages and skills, mixed.", example: ["english", "support_experience"] }),
    reward: usdcAmount.meta({ description: "What the worker earns in USDC; the fee comes on top.", example: "15.00" }),
    currency: z.literal("USDC").optional(),
    deadline_minutes: z.int().min(1).max(MAX_DEADLINE_MINUTES).meta({
      description: "Minutes from now in which the work must be handed in, else all is refunded.",
      example: 30,
    }),
    webhook_url: httpUrlSchema.optional(),
    webhook_headers: webhookHeadersSchema.optional(),

    min_reputation: reputationSchema.optional(),
    languages: z.array(languageSchema).max(20).optional(),
    countries: z
      .strictObject({
        allow: z.array(countrySchema).max(250).optional(),
        deny: z.array(countrySchema).max(250).optional(),
      })
      .optional()
      .meta({ description: "Where the worker may be." }),
    certifications: z
      .array(tagSchema)
      .max(20)
      .optional()
      .meta({ description: "Verified credentials the worker must have." }),
    pool_id: poolIdSchema.optional(),
    tier: tierSchema.optional(),
    domain: domainNameSchema
      .optional()
      .meta({ description: "The reputation domain; the category when left out.", example: "customer_support" }),
    review_window_minutes: z
      .int()
      .min(0)
      .max(MAX_WINDOW_MINUTES)
      .optional()
      .meta({ description: "Minutes in which you may dispute a pass; 0 (the default): paid at once." }),
    work_window_minutes: z
      .int()
      .min(1)
      .max(MAX_WINDOW_MINUTES)
      .optional()
      .meta({ description: "Minutes a worker has after accepting; then the job is open to others again." }),
    acceptance: acceptanceSchema.optional(),
    fallback: fallbackSchema.optional(),
    metadata: z
      .record(z.string().max(100), jsonSchema)
      .refine((value) => JSON.stringify(value).length <= 16_384, "is longer than 16384 characters as JSON")
      .optional()
      .meta({ description: "Your own labels, echoed back." }),
    state: boundedJson(65_536, "Whatever your agent needs to go on; echoed back in every event.").optional(),
    authorization: fundingAuthorizationSchema.optional(),
  })
  .meta({ id: "JobCreate", description: "A job for a person." });

/** As a caller writes it. */
export type JobCreateInput = z.input<typeof jobCreateSchema>;
/** As it is understood: reward in base units, languages as codes. */
export type JobCreate = z.output<typeof jobCreateSchema>;
