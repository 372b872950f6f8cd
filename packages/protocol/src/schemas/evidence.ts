import { isAddress } from "ethers";
import { z } from "zod";
import { hashOf } from "../canonical.ts";
import { evidenceIdSchema, jobIdSchema, workerIdSchema } from "./ids.ts";
import {
  bytes32Schema,
  httpUrlSchema,
  instantSchema,
  jsonSchema,
  sha256Schema,
  signatureSchema,
  unixSecondsSchema,
} from "./scalars.ts";

export const fileNameSchema = z
  .string()
  .min(1)
  .max(255)
  // eslint-disable-next-line no-control-regex -- control characters are what this keeps out
  .refine((name) => !/[/\\\u0000-\u001f\u007f]/.test(name) && name !== "." && name !== "..", {
    error: "is not a plain file name",
    params: { code: "file_name_not_allowed" },
  })
  .meta({ description: "A plain file name, without a path.", example: "receipt.pdf" });

/** One piece of evidence; `kind` says which. */
export const evidenceItemSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("text"), text: z.string().min(1).max(100_000) }),
    z.strictObject({ kind: z.literal("json"), value: jsonSchema }),
    z.strictObject({
      kind: z.literal("file"),
      sha256: sha256Schema,
      name: fileNameSchema,
      media_type: z.string().min(1).max(100),
      size_bytes: z.int().min(1),
    }),
    z.strictObject({
      kind: z.literal("link"),
      url: httpUrlSchema,
      note: z.string().max(2000).optional(),
      sha256: sha256Schema.optional().meta({
        description:
          "What stands there, as POST /v1/jobs/:id/links kept it for you: signed with the evidence, it is what is judged. " +
          "Left out, it is fetched when the evidence is handed in.",
      }),
    }),
    z.strictObject({
      kind: z.literal("customer_confirmation"),
      token_hash: sha256Schema.meta({ description: "Which confirmation: `token_hash` of the one made for this job." }),
    }),
    z.strictObject({
      kind: z.literal("http_confirmation"),
      reference: z
        .string()
        .min(1)
        .max(200)
        .meta({ description: "What the client's system knows it by (a ticket number, say)." }),
    }),
    z.strictObject({
      kind: z.literal("transaction"),
      chain_id: z.int().min(1),
      hash: bytes32Schema,
    }),
  ])
  .meta({ id: "EvidenceItem", description: "One piece of evidence." });
export type EvidenceItem = z.infer<typeof evidenceItemSchema>;

/**
 * What the worker hands in, bound to one job, round and worker. Its hash goes on chain, so parsing changes nothing in it:
 * no defaults, no trimming, the address as it was written.
 */
export const evidenceBundleSchema = z
  .strictObject({
    version: z.literal(1),
    job_id: jobIdSchema,
    chain_job_id: bytes32Schema,
    round: z.int().min(0),
    worker: z.string().refine(isAddress, "is not an address").meta({ description: "The worker's account." }),
    resolution: z
      .string()
      .max(10_000)
      .regex(/\S/, "is blank")
      .meta({ description: "What came of the case, for the agent." }),
    worker_notes: z.string().max(10_000).meta({ description: "What else the agent should know; may be empty." }),
    items: z.array(evidenceItemSchema).max(50),
  })
  .meta({ id: "EvidenceBundle", description: "A resolution and its evidence." });
export type EvidenceBundle = z.infer<typeof evidenceBundleSchema>;

/** keccak256 over the bundle's canonical JSON: the `evidenceHash` that the worker signs and the chain holds. */
export function evidenceHashOf(bundle: EvidenceBundle): string {
  return hashOf(bundle);
}

/** The body of POST /v1/jobs/:id/evidence. The signature is the worker's EIP-712 `Submit`. */
export const evidenceSubmitSchema = z
  .strictObject({
    bundle: evidenceBundleSchema,
    evidence_hash: bytes32Schema,
    valid_until: unixSecondsSchema,
    signature: signatureSchema,
  })
  .meta({ id: "EvidenceSubmit" });
export type EvidenceSubmit = z.infer<typeof evidenceSubmitSchema>;

/** What was kept of a link; all of it is judged by that, whatever stands there later. */
const keptSchema = {
  copy: z
    .object({
      sha256: sha256Schema,
      media_type: z.string().meta({ description: "By content.", example: "text/html" }),
      size_bytes: z.int().min(1).optional(),
    })
    .nullable()
    .meta({ description: "Read it by GET /v1/files/:sha256; null: there is none (yet)." }),
  problem: z
    .string()
    .nullable()
    .meta({ description: "Why there is none.", example: "its server did not answer in time" }),
};

/** The body of POST /v1/jobs/:id/links. */
export const linkKeepSchema = z.strictObject({ url: httpUrlSchema }).meta({ id: "LinkKeep" });

export const linkKeptSchema = z
  .object({
    url: httpUrlSchema,
    ...keptSchema,
    leads_to: z.string().nullable().meta({ description: "Where its server redirects to; that is not followed." }),
  })
  .meta({ id: "LinkKept", description: "What stood at an address." });
export type LinkKept = z.infer<typeof linkKeptSchema>;

export const evidenceSchema = z
  .object({
    id: evidenceIdSchema,
    job_id: jobIdSchema,
    worker_id: workerIdSchema,
    round: z.int().min(0),
    bundle: evidenceBundleSchema,
    evidence_hash: bytes32Schema,
    links: z
      .array(z.object({ item: z.int().min(0).meta({ description: "The link's place in the bundle." }), ...keptSchema }))
      .default([])
      .meta({ description: "What was kept of its links." }),
    created_at: instantSchema,
  })
  .meta({ id: "Evidence", description: "Evidence as it was submitted." });
export type Evidence = z.infer<typeof evidenceSchema>;
