import { z } from "zod";
import { usdcText } from "../amount.ts";
import { hashOf } from "../canonical.ts";
import { CHECK_NAMES } from "./acceptance.ts";
import { evidenceIdSchema, jobIdSchema } from "./ids.ts";
import {
  addressSchema,
  bytes32Schema,
  instantSchema,
  jsonSchema,
  signatureSchema,
  unixSecondsSchema,
} from "./scalars.ts";

export const outcomeSchema = z.enum(["pass", "fail", "unsure"]).meta({
  id: "Outcome",
  description: "unsure: this check can't tell; a person must, or the verifier stays silent.",
  example: "pass",
});
export type Outcome = z.infer<typeof outcomeSchema>;

export const checkResultSchema = z
  .strictObject({
    check: z.enum(CHECK_NAMES),
    outcome: outcomeSchema,
    reason: z.string().min(1).max(2000).meta({
      description: "Why, for a person.",
      example: "The file is a PDF of 2 pages and its SHA-256 is the one submitted.",
    }),
    details: z.record(z.string(), jsonSchema).optional(),
  })
  .meta({ id: "CheckResult", description: "What one check found." });
export type CheckResult = z.infer<typeof checkResultSchema>;

/** The readable reasons; their hash is signed with the verdict, so nothing is dropped from them by parsing. */
export const verdictReasonsSchema = z
  .strictObject({
    version: z.literal(1),
    chain_job_id: bytes32Schema,
    evidence_hash: bytes32Schema,
    outcome: outcomeSchema,
    summary: z.string().min(1).max(2000),
    checks: z.array(checkResultSchema),
    differing_checks: z.array(z.array(checkResultSchema)).optional().meta({
      description: "Of a committee: what members of the same outcome found where it is not, word by word, `checks`.",
    }),
    dissenting: z
      .array(z.strictObject({ verifier: addressSchema, outcome: outcomeSchema, summary: z.string().max(2000) }))
      .optional()
      .meta({ description: "Of a committee: who came to another outcome by then, as they told whoever asked them." }),
  })
  .meta({ id: "VerdictReasons", description: "Why the verdict is what it is." });
export type VerdictReasons = z.infer<typeof verdictReasonsSchema>;

/** keccak256 over the reasons' canonical JSON: the `reasonsHash` of the signed verdict. */
export function reasonsHashOf(reasons: VerdictReasons): string {
  return hashOf(reasons);
}

export const verdictSchema = z
  .object({
    job_id: jobIdSchema,
    evidence_id: evidenceIdSchema,
    evidence_hash: bytes32Schema,
    outcome: outcomeSchema,
    reasons: verdictReasonsSchema,
    reasons_hash: bytes32Schema,
    verifier: addressSchema,
    valid_until: unixSecondsSchema.nullable(),
    signature: signatureSchema.nullable().meta({
      description:
        "The verifier's EIP-712 `Verdict`; null while unsure. With it anyone can release or reject on chain.",
    }),
    dispute: z
      .object({
        until: unixSecondsSchema.nullable().meta({ description: "The last second, by the chain's clock, to do it." }),
        bond: usdcText.meta({ description: "What it takes; back with the winner." }),
        path: z
          .string()
          .meta({ description: "Where to post it; see docs/disputes.md.", example: "/v1/jobs/job_…/dispute" }),
      })
      .nullable()
      .meta({
        description: "How the worker can have a fail judged by jurors; null where that can't be, or can't be any more.",
      }),
    created_at: instantSchema,
  })
  .meta({ id: "Verdict", description: "The verifier's word on the evidence, with its reasons." });
export type Verdict = z.infer<typeof verdictSchema>;
