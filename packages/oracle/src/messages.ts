import {
  evidenceBundleSchema,
  outcomeSchema,
  packetSchema,
  bytes32Schema,
  reviewAnswerSchema,
  signatureSchema,
  unixSecondsSchema,
  verdictReasonsSchema,
} from "@hireforhumans/protocol";
import { z } from "zod";

/** The body of POST /v1/verify between a gateway and an oracle elsewhere. */
export const verifyRequestSchema = z.strictObject({
  packet: packetSchema,
  bundle: evidenceBundleSchema,
  evidence_hash: bytes32Schema,
  chain_time: unixSecondsSchema,
  confirmations: z.array(
    z.strictObject({
      token_hash: z.string(),
      statement: z.string(),
      answer: z.enum(["confirmed", "denied"]).nullable(),
    }),
  ),
  reviews: z
    .strictObject({
      wanted: z.int().min(0),
      answers: z.array(
        z.strictObject({
          answer: reviewAnswerSchema,
          reason: z.string(),
          golden_right: z.int().min(0),
          golden_wrong: z.int().min(0),
        }),
      ),
    })
    .nullable(),
  seen_before: z.array(z.string()),
  /** Where each file of the bundle can be read for some minutes, without a key. */
  files: z.array(z.strictObject({ sha256: z.string(), url: z.url() })),
});

export const verifyResponseSchema = z.object({
  verifier: z.string(),
  outcome: outcomeSchema,
  reasons: verdictReasonsSchema,
  reasons_hash: bytes32Schema,
  signed: z.object({ signature: signatureSchema, valid_until: unixSecondsSchema }).nullable(),
});
