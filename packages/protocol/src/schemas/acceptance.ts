import { z } from "zod";
import { MAX_REVIEWERS } from "./review.ts";
import { addressSchema, httpUrlSchema, jsonSchema } from "./scalars.ts";

export const EVIDENCE_KINDS = [
  "text",
  "json",
  "file",
  "link",
  "customer_confirmation",
  "http_confirmation",
  "transaction",
] as const;

export const evidenceKindSchema = z.enum(EVIDENCE_KINDS).meta({
  id: "EvidenceKind",
  description:
    "text: words. json: structured data. file: an uploaded file by its SHA-256. link: a URL. customer_confirmation: " +
    "the customer's own word by a link. http_confirmation: the client's system says so. transaction: one on a chain.",
  example: "text",
});
export type EvidenceKind = z.infer<typeof evidenceKindSchema>;

const noParams = z.strictObject({}).default({});

/**
 * The checks a job can ask for beside those that always run (`required_evidence`, `content_hash`, `file_safety`, `duplicate`,
 * `link` where there is one, and `response_schema` where the job has one).
 */
export const checkRequestSchema = z
  .discriminatedUnion("check", [
    z.strictObject({
      check: z.literal("text_length"),
      params: z.strictObject({
        min: z.int().min(1).max(10_000).meta({ description: "The least characters of all text evidence together." }),
      }),
    }),
    z.strictObject({
      check: z.literal("link"),
      params: z
        .strictObject({
          hosts: z
            .array(
              z
                .string()
                .max(253)
                .regex(/^(?:[a-z0-9-]+\.)*[a-z0-9-]+$/i, "is not the name of a host"),
            )
            .min(1)
            .max(20)
            .optional()
            .meta({
              description: "Where it must lead: one of these hosts, or one under them.",
              example: ["example.com"],
            }),
          contains: z
            .array(z.string().trim().min(1).max(500))
            .min(1)
            .max(20)
            .optional()
            .meta({ description: "What must stand there, each of them; case and spacing do not count." }),
        })
        .default({})
        .meta({ description: "What one link at least has to lead to. It is kept as it is when it is handed in." }),
    }),
    z.strictObject({
      check: z.literal("document_type"),
      params: z.strictObject({
        media_types: z
          .array(z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/))
          .min(1)
          .max(20)
          .meta({ description: "What each file must be by its content.", example: ["application/pdf"] }),
      }),
    }),
    z.strictObject({ check: z.literal("customer_confirmation"), params: noParams }),
    z.strictObject({
      check: z.literal("http_confirmation"),
      params: z.strictObject({
        url: httpUrlSchema.meta({
          description:
            'Asked with GET and `?job_id=…&reference=…` of the evidence; must answer 200 with {"confirmed": true}, ' +
            "or with JSON that meets `expect`.",
        }),
        expect: z
          .array(
            z.strictObject({
              path: z
                .string()
                .min(1)
                .max(500)
                .meta({ description: "A JSONPath query (RFC 9535).", example: "$.refund.status" }),
              equals: jsonSchema
                .optional()
                .meta({ description: "What each selected value must be; left out, there must be one." }),
            }),
          )
          .min(1)
          .max(20)
          .optional()
          .meta({ description: "What must hold of the answer instead of `confirmed`." }),
      }),
    }),
    z.strictObject({
      check: z.literal("transaction"),
      params: z.strictObject({
        chain_id: z.int().min(1).optional().meta({ description: "The chain; this gateway's when left out." }),
        to: addressSchema.optional().meta({ description: "The address the transaction must call." }),
        confirmations: z.int().min(1).max(1000).default(1),
        event: z
          .strictObject({
            emitter: addressSchema.meta({ description: "The contract that must have emitted it." }),
            fragment: z.string().min(1).max(500).meta({
              description: "The event as human-readable ABI.",
              example: "event Transfer(address indexed from, address indexed to, uint256 value)",
            }),
            args: z
              .record(z.string().min(1), z.union([z.string().max(2000), z.boolean()]))
              .default({})
              .meta({
                description: "Arguments that must have these values; numbers as decimal strings, bytes as hex.",
                example: { to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", value: "12000000" },
              }),
          })
          .optional()
          .meta({ description: "An event that the transaction must have emitted." }),
      }),
    }),
    z.strictObject({
      check: z.literal("rubric"),
      params: z.strictObject({
        question: z.string().min(1).max(2000).meta({ description: "A yes/no question about the evidence." }),
        judged_by: z.enum(["person", "model"]).optional().meta({
          description:
            "person, unless said otherwise. model: a language model's yes is enough; all else is left to a person.",
        }),
      }),
    }),
  ])
  .meta({ id: "CheckRequest", description: "A check that this job's evidence must stand, with its parameters." });
export type CheckRequest = z.infer<typeof checkRequestSchema>;

/** Every check by name. */
export const CHECK_NAMES = [
  "required_evidence",
  "content_hash",
  "file_safety",
  "response_schema",
  "duplicate",
  "text_length",
  "link",
  "document_type",
  "customer_confirmation",
  "http_confirmation",
  "transaction",
  "rubric",
  "peer_review",
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** When evidence is good: frozen with the job, since it is a part of the context packet whose hash is in the terms. */
export const acceptanceSchema = z
  .strictObject({
    required_evidence: z
      .array(evidenceKindSchema)
      .max(EVIDENCE_KINDS.length)
      .default([])
      .meta({ description: "The kinds of evidence that must be there." }),
    checks: z.array(checkRequestSchema).max(20).default([]),
    reviewers: z
      .int()
      .min(0)
      .max(MAX_REVIEWERS)
      .default(0)
      .meta({ description: "How many peers review the evidence; 0: automatic checks decide." }),
    response_schema: z
      .record(z.string(), jsonSchema)
      .optional()
      .meta({ description: "A JSON Schema (draft 2020-12) that the `json` evidence must fit." }),
  })
  .meta({ id: "Acceptance", description: "The rubric: which evidence is needed and how it is checked." });
export type Acceptance = z.infer<typeof acceptanceSchema>;
