import {
  bytes32Schema,
  checkResultSchema,
  evidenceBundleSchema,
  addressSchema,
  packetSchema,
  parseTerms,
  reviewAnswerSchema,
  signatureSchema,
  termsSchema,
  termsToJson,
  unixSecondsSchema,
  verdictReasonsSchema,
} from "@hireforhumans/protocol";
import { z } from "zod";
import type { PeerReviews } from "./review/judge.ts";
import type { SignedWord, VerificationRequest } from "./check.ts";

const signedWordSchema = z.strictObject({ valid_until: unixSecondsSchema, signature: signatureSchema });

/** The body of POST /v1/verify between a gateway and a node: what is to be verified, and what proves whose it is. */
export const verifyRequestSchema = z.strictObject({
  terms: termsSchema,
  packet: packetSchema,
  bundle: evidenceBundleSchema,
  evidence_hash: bytes32Schema,
  /** The worker's `Accept`; null where none was signed for this round. */
  accept: signedWordSchema.nullable(),
  /** The worker's `Submit`. */
  submit: signedWordSchema,
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
      crowd: z.strictObject({ golden_right: z.int().min(0), golden_wrong: z.int().min(0) }),
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
  /** Likeness fails nobody (see checks/duplicate.ts), so a node takes the gateway's word for it. */
  like_before: z.array(z.strictObject({ item: z.int().min(0), similarity: z.number().min(0).max(1) })),
  /** Where each file of the bundle can be read for some minutes, without a key. */
  files: z.array(z.strictObject({ sha256: z.string(), url: z.url() })),
});
export type VerifyMessage = z.output<typeof verifyRequestSchema>;

/** What a node found. Its outcome follows from it. */
export const verifyResponseSchema = z.object({
  verifier: addressSchema,
  checks: z.array(checkResultSchema).min(1).max(100),
});

/** The body of POST /v1/sign: the reasons that all who agree sign, see `commonReasons`. */
export const signRequestSchema = z.strictObject({
  worker: addressSchema,
  reasons: verdictReasonsSchema,
  valid_until: unixSecondsSchema,
});

/** The node's EIP-712 `Verdict` over those reasons. */
export const signResponseSchema = z.object({ verifier: addressSchema, signature: signatureSchema });

export function verifyMessageOf(
  { packet, bundle, evidenceHash, proof, confirmations, reviews, likeBefore }: VerificationRequest,
  linkTo: (sha256: string) => string,
): VerifyMessage {
  const files = bundle.items.filter((item) => item.kind === "file");
  return {
    terms: termsToJson(proof.terms),
    packet,
    bundle,
    evidence_hash: evidenceHash,
    accept: proof.accept === undefined ? null : wordMessageOf(proof.accept),
    submit: wordMessageOf(proof.submit),
    confirmations: confirmations.map(({ tokenHash, statement, answer }) => ({
      token_hash: tokenHash,
      statement,
      answer,
    })),
    reviews: reviews === undefined ? null : reviewsMessageOf(reviews),
    like_before: likeBefore,
    files: files.map(({ sha256 }) => ({ sha256, url: linkTo(sha256) })),
  };
}

function reviewsMessageOf({ wanted, crowd, answers }: PeerReviews) {
  return {
    wanted,
    crowd: { golden_right: crowd.goldenRight, golden_wrong: crowd.goldenWrong },
    answers: answers.map(({ answer, reason, goldenRight, goldenWrong }) => ({
      answer,
      reason,
      golden_right: goldenRight,
      golden_wrong: goldenWrong,
    })),
  };
}

const wordMessageOf = ({ validUntilSeconds, signature }: SignedWord) => ({
  valid_until: Number(validUntilSeconds),
  signature,
});

/** A request without what the node knows better: the time, and what stood in evidence of other jobs. */
export type RelayedRequest = Omit<VerificationRequest, "chainTimeSeconds" | "seenBefore">;

export function relayedRequestOf(message: VerifyMessage): RelayedRequest {
  return {
    packet: message.packet,
    bundle: message.bundle,
    evidenceHash: message.evidence_hash,
    proof: {
      terms: parseTerms(message.terms),
      accept: message.accept === null ? undefined : signedWordOf(message.accept),
      submit: signedWordOf(message.submit),
    },
    confirmations: message.confirmations.map(({ token_hash, statement, answer }) => ({
      tokenHash: token_hash,
      statement,
      answer,
    })),
    ...(message.reviews === null ? {} : { reviews: reviewsOf(message.reviews) }),
    likeBefore: message.like_before,
  };
}

function reviewsOf({ wanted, crowd, answers }: NonNullable<VerifyMessage["reviews"]>): PeerReviews {
  return {
    wanted,
    crowd: { goldenRight: crowd.golden_right, goldenWrong: crowd.golden_wrong },
    answers: answers.map(({ answer, reason, golden_right, golden_wrong }) => ({
      answer,
      reason,
      goldenRight: golden_right,
      goldenWrong: golden_wrong,
    })),
  };
}

const signedWordOf = ({ valid_until, signature }: z.output<typeof signedWordSchema>): SignedWord => ({
  validUntilSeconds: BigInt(valid_until),
  signature,
});
