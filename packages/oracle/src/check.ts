import type { Readable } from "node:stream";
import type {
  CheckName,
  CheckRequest,
  ContextPacket,
  EvidenceBundle,
  Json,
  Outcome,
  Terms,
} from "@hireforhumans/protocol";
import type { Judge } from "./rubric/judge.ts";
import type { PeerReviews } from "./review/judge.ts";

/** What is to be verified; plain data, so that it can be sent to an oracle elsewhere. */
export interface VerificationRequest {
  packet: ContextPacket;
  bundle: EvidenceBundle;
  /** The hash that the worker signed and the chain will hold. */
  evidenceHash: string;
  /** Chain time in unix seconds: how long the verdict may be used is counted from here. */
  chainTimeSeconds: bigint;
  /** The customer's answers to this job's confirmations, as the gateway keeps them. */
  confirmations: { tokenHash: string; statement: string; answer: "confirmed" | "denied" | null }[];
  /** What peers said so far; undefined where none are asked. */
  reviews?: PeerReviews;
  /** Fingerprints of this bundle (see fingerprints.ts) that stood in earlier evidence of other jobs. */
  seenBefore: string[];
  /** What was kept of this bundle's links; undefined or without an entry: nobody has looked at that one yet. */
  links?: LinkCopy[];
  /** Pieces of this bundle, by their place in it, that are near-duplicates of such evidence; similarity is 0 to 1. */
  likeBefore: { item: number; similarity: number }[];
  proof: Proof;
}

/** What stood at the address of a link when the gateway looked: a page may say something else later. */
export interface LinkCopy {
  /** The link's place in the bundle. */
  item: number;
  /** Kept like a file, by the hash of its content. */
  copy: { sha256: string; mediaType: string; sizeBytes: number } | null;
  /** Why there is no copy, for both sides to read. */
  problem: string | null;
}

/** What lets an oracle elsewhere find out by itself, at the chain, whose evidence this is and for which job. */
export interface Proof {
  terms: Terms;
  /** The worker's `Accept`, which the chain may not have yet; undefined where none was signed for this round. */
  accept: SignedWord | undefined;
  /** The worker's `Submit` over the evidence. */
  submit: SignedWord;
  /** The reviewers' own words, one for each of the answers and in their order. */
  reviews: ReviewWords[];
}

/** What a reviewer signed: a review is a job of its own. */
export interface ReviewWords {
  /** Of the review job; their salt is `reviewSaltOf` the reviewed evidence. */
  terms: Terms;
  /** The evidence of the review job, which holds the answer. */
  bundle: EvidenceBundle;
  submit: SignedWord;
  /** 32 bytes. */
  opening: string;
}

export interface SignedWord {
  validUntilSeconds: bigint;
  signature: string;
}

/** The world outside the request that checks may look at. */
export interface Sources {
  /** @returns undefined when there is no such file */
  openFile(sha256: string): Promise<{ size: number; content: Readable } | undefined>;
  /** A fetch that reaches public addresses only, follows no redirect and ends after some seconds. */
  fetch(url: URL, options: { signal: AbortSignal }): Promise<{ status: number; body: string }>;
  /** @returns undefined for a chain that this oracle has no node of */
  transaction(chainId: number, hash: string): Promise<TransactionState | undefined> | undefined;
  /** The model that answers rubric questions where a job lets one; undefined where this oracle has none. */
  judge?: Judge;
  /** The gateway's own chain. */
  chainId: number;
}

export type TransactionState =
  | { state: "unknown" }
  | { state: "pending" }
  | { state: "mined"; succeeded: boolean; to: string | null; confirmations: number; logs: TransactionLog[] };

export interface TransactionLog {
  address: string;
  topics: readonly string[];
  data: string;
}

/** What a check found, with a reason that both sides can read. */
export interface Finding {
  outcome: Outcome;
  reason: string;
  details?: Record<string, Json>;
}

export type ParamsOf<Name extends CheckName> =
  Extract<CheckRequest, { check: Name }> extends { params: infer Params } ? Params : undefined;

/**
 * One way to look at evidence. A check reads, never writes; the same input gives the same finding. It says `unsure`,
 * not `fail`, where the world did not answer: silence must never cost the one who delivered.
 */
export interface Check<Name extends CheckName = CheckName> {
  name: Name;
  run(request: VerificationRequest, params: ParamsOf<Name>, sources: Sources, signal: AbortSignal): Promise<Finding>;
}

export const pass = (reason: string): Finding => ({ outcome: "pass", reason });
export const fail = (reason: string): Finding => ({ outcome: "fail", reason });
export const unsure = (reason: string): Finding => ({ outcome: "unsure", reason });

/** The items of one kind. */
export function itemsOf<Kind extends EvidenceBundle["items"][number]["kind"]>(
  bundle: EvidenceBundle,
  kind: Kind,
): Extract<EvidenceBundle["items"][number], { kind: Kind }>[] {
  return bundle.items.filter((item): item is Extract<typeof item, { kind: Kind }> => item.kind === kind);
}
