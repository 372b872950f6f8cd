import {
  bytes32Schema,
  checkResultSchema,
  evidenceBundleSchema,
  addressSchema,
  MAX_REVIEWERS,
  packetSchema,
  parseTerms,
  sha256Schema,
  signatureSchema,
  termsSchema,
  termsToJson,
  unixSecondsSchema,
  verdictReasonsSchema,
} from "@hireforhumans/protocol";
import { z } from "zod";
import { answerIn } from "./review/answer.ts";
import type { PeerReview, PeerReviews } from "./review/judge.ts";
import type { LinkCopy, ReviewWords, SignedWord, VerificationRequest } from "./check.ts";

const signedWordSchema = z.strictObject({ valid_until: unixSecondsSchema, signature: signatureSchema });

/** A reviewer's answer is what its evidence says, so that nobody else says it; only the record is the gateway's word. */
const reviewMessageSchema = z.strictObject({
  terms: termsSchema,
  bundle: evidenceBundleSchema.refine((bundle) => answerIn(bundle) !== undefined, "holds not exactly one review"),
  submit: signedWordSchema,
  opening: bytes32Schema,
  golden_right: z.int().min(0),
  golden_wrong: z.int().min(0),
});

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
      answers: z.array(reviewMessageSchema).max(MAX_REVIEWERS),
    })
    .nullable(),
  /** What the gateway kept of the links; left out: nothing. Which content stood there is its word, what is in it is not. */
  links: z
    .array(
      z.strictObject({
        item: z.int().min(0),
        copy: z
          .strictObject({ sha256: sha256Schema, media_type: z.string().max(100), size_bytes: z.int().min(0) })
          .nullable(),
        problem: z.string().max(500).nullable(),
      }),
    )
    .max(50)
    .optional(),
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
  { packet, bundle, evidenceHash, proof, confirmations, reviews, links = [] }: VerificationRequest,
  linkTo: (sha256: string) => string,
): VerifyMessage {
  const files = bundle.items.filter((item) => item.kind === "file").map(({ sha256 }) => sha256);
  const copies = links.flatMap(({ copy }) => (copy === null ? [] : [copy.sha256]));
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
    reviews: reviews === undefined ? null : reviewsMessageOf(reviews, proof.reviews),
    // Nodes of before know no links; what has none they can go on verifying.
    ...(links.length === 0 ? {} : { links: links.map(linkMessageOf) }),
    files: [...new Set([...files, ...copies])].map((sha256) => ({ sha256, url: linkTo(sha256) })),
  };
}

function linkMessageOf({ item, copy, problem }: LinkCopy) {
  if (copy === null) return { item, copy, problem };
  return { item, copy: { sha256: copy.sha256, media_type: copy.mediaType, size_bytes: copy.sizeBytes }, problem };
}

function linkOf({ item, copy, problem }: NonNullable<VerifyMessage["links"]>[number]): LinkCopy {
  if (copy === null) return { item, copy, problem };
  return { item, copy: { sha256: copy.sha256, mediaType: copy.media_type, sizeBytes: copy.size_bytes }, problem };
}

function reviewsMessageOf({ wanted, crowd, answers }: PeerReviews, words: readonly ReviewWords[]) {
  return {
    wanted,
    crowd: { golden_right: crowd.goldenRight, golden_wrong: crowd.goldenWrong },
    answers: words.map(({ terms, bundle, submit, opening }, index) => ({
      terms: termsToJson(terms),
      bundle,
      submit: wordMessageOf(submit),
      opening,
      golden_right: answers[index]?.goldenRight ?? 0,
      golden_wrong: answers[index]?.goldenWrong ?? 0,
    })),
  };
}

const wordMessageOf = ({ validUntilSeconds, signature }: SignedWord) => ({
  valid_until: Number(validUntilSeconds),
  signature,
});

/** A request without what the node knows better: the time, and what stood in evidence of other jobs, or was like it. */
export type RelayedRequest = Omit<VerificationRequest, "chainTimeSeconds" | "seenBefore" | "likeBefore">;

export function relayedRequestOf(message: VerifyMessage): RelayedRequest {
  return {
    packet: message.packet,
    bundle: message.bundle,
    evidenceHash: message.evidence_hash,
    proof: {
      terms: parseTerms(message.terms),
      accept: message.accept === null ? undefined : signedWordOf(message.accept),
      submit: signedWordOf(message.submit),
      reviews: (message.reviews?.answers ?? []).map(reviewWordsOf),
    },
    confirmations: message.confirmations.map(({ token_hash, statement, answer }) => ({
      tokenHash: token_hash,
      statement,
      answer,
    })),
    ...(message.reviews === null ? {} : { reviews: reviewsOf(message.reviews) }),
    ...(message.links === undefined ? {} : { links: message.links.map(linkOf) }),
  };
}

type ReviewMessage = z.output<typeof reviewMessageSchema>;

function reviewsOf({ wanted, crowd, answers }: NonNullable<VerifyMessage["reviews"]>): PeerReviews {
  return {
    wanted,
    crowd: { goldenRight: crowd.golden_right, goldenWrong: crowd.golden_wrong },
    answers: answers.flatMap(({ bundle, golden_right: goldenRight, golden_wrong: goldenWrong }): PeerReview[] => {
      const said = answerIn(bundle);
      return said === undefined ? [] : [{ ...said, goldenRight, goldenWrong }];
    }),
  };
}

const reviewWordsOf = ({ terms, bundle, submit, opening }: ReviewMessage): ReviewWords => ({
  terms: parseTerms(terms),
  bundle,
  submit: signedWordOf(submit),
  opening,
});

const signedWordOf = ({ valid_until, signature }: z.output<typeof signedWordSchema>): SignedWord => ({
  validUntilSeconds: BigInt(valid_until),
  signature,
});
