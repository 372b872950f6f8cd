import { ZeroHash } from "ethers";
import { type Terms, type Words, escrowCalls } from "@hireforhumans/protocol";
import type { NewIntent } from "../chain/outbox.ts";

/** What every intent on a job's money is made of. */
export interface JobOnChain {
  id: string;
  chainJobId: string;
  round: number;
  terms: Terms;
}

/** A worker's (or client's) signed word; an empty signature when the relayer speaks for itself. */
export interface SignedWord {
  validUntilSeconds: bigint;
  signature: string;
}

/**
 * Gas limits are fixed, not estimated: an intent may follow another that is not mined yet, on whose state an estimate
 * would fail. Each is about twice the most that docs/gas.md shows for the operation with a blocked receiver and a first
 * use of every slot, plus what the escrow keeps in reserve for its guarded calls; unused gas is not paid.
 */
const gasLimits = {
  fund: 300_000n,
  accept: 250_000n,
  submit: 200_000n,
  settlement: 600_000n,
} as const;

const call = (escrow: string, job: JobOnChain, kind: NewIntent["kind"], key: string, data: string, gasLimit: bigint) =>
  ({ key, kind, jobId: job.id, to: escrow, data, gasLimit }) satisfies NewIntent;

/** Funds a job from the client's allowance, inside the spending limit that the client gave the relayer. */
export function fundIntent(escrow: string, job: JobOnChain): NewIntent {
  const data = escrowCalls.fund(job.terms);
  return call(escrow, job, "fund", `fund:${job.id}`, data, gasLimits.fund);
}

/** Funds a job with the client's EIP-3009 authorization, whose nonce is the job's id on chain. */
export function fundWithAuthorizationIntent(
  escrow: string,
  job: JobOnChain,
  authorization: { validAfterSeconds: bigint; validBeforeSeconds: bigint; signature: string },
): NewIntent {
  const data = escrowCalls.fundWithAuthorization(
    job.terms,
    authorization.validAfterSeconds,
    authorization.validBeforeSeconds,
    authorization.signature,
  );
  return call(escrow, job, "fund", `fund:${job.id}`, data, gasLimits.fund);
}

/** The relayer speaking as its client's operator. */
const ownWord: SignedWord = { validUntilSeconds: 0n, signature: "0x" };

/**
 * @param word the client's `Cancel`; without it the relayer cancels as the client's operator
 * @param attempt how often it was tried and failed before
 */
export function cancelIntent(escrow: string, job: JobOnChain, word = ownWord, attempt = 0): NewIntent {
  const data = escrowCalls.cancel(job.terms, word.validUntilSeconds, word.signature);
  return call(escrow, job, "cancel", `cancel:${job.id}:${job.round}:${attempt}`, data, gasLimits.settlement);
}

export function acceptIntent(escrow: string, job: JobOnChain, worker: string, word: SignedWord): NewIntent {
  const data = escrowCalls.accept(job.terms, worker, word.validUntilSeconds, word.signature);
  return call(escrow, job, "accept", `accept:${job.id}:${job.round}:${worker}`, data, gasLimits.accept);
}

/** A worker's evidence as the chain gets it. Its id names what is sent of it: each worker of a round has another. */
export interface EvidenceOnChain {
  id: string;
  hash: string;
  /** The worker's `Submit`. */
  word: SignedWord;
}

/** The worker's submission alone: when the verdict takes longer than the work window may last. */
export function submitIntent(escrow: string, job: JobOnChain, evidence: EvidenceOnChain): NewIntent {
  return call(escrow, job, "submit", submitKey(evidence.id), encodeSubmit(job, evidence), gasLimits.submit);
}

/** The worker's submission and the verdict on it, in one transaction: both or none. */
export function submitWithVerdictIntent(
  escrow: string,
  job: JobOnChain,
  evidence: EvidenceOnChain,
  verdict: Words["Verdict"],
  signature: string,
): NewIntent {
  const data = escrowCalls.multicall([encodeSubmit(job, evidence), encodeVerdict(job, verdict, signature)]);
  return call(escrow, job, "submit", submitKey(evidence.id), data, gasLimits.submit + gasLimits.settlement);
}

/** The verdict on evidence that the chain has, or will have by an earlier intent. */
export function verdictIntent(
  escrow: string,
  job: JobOnChain,
  evidenceId: string,
  verdict: Words["Verdict"],
  signature: string,
): NewIntent {
  const verb = verdict.pass ? "release" : "reject";
  const data = encodeVerdict(job, verdict, signature);
  return call(escrow, job, verb, `${verb}:${evidenceId}`, data, gasLimits.settlement);
}

/**
 * The client's own word that the work is good, which has no reasons.
 * @param word the client's `Verdict`; without it the relayer releases as the client's operator
 * @param attempt how often it was tried and failed before
 */
export function releaseIntent(
  escrow: string,
  job: JobOnChain,
  evidenceHash: string,
  word = ownWord,
  attempt = 0,
): NewIntent {
  const verdict = { evidenceHash, reasonsHash: ZeroHash, validUntil: word.validUntilSeconds };
  const data = escrowCalls.release(job.terms, verdict, word.signature);
  return call(escrow, job, "release", `release:${job.id}:${job.round}:client:${attempt}`, data, gasLimits.settlement);
}

/**
 * What anyone may do when a window is over.
 * @param attempt How often it was tried and failed before.
 */
export function deadlineIntent(
  escrow: string,
  job: JobOnChain,
  verb: "reopen" | "refund" | "settle",
  attempt: number,
): NewIntent {
  const data = escrowCalls[verb](job.terms);
  return call(escrow, job, verb, `${verb}:${job.id}:${job.round}:${attempt}`, data, gasLimits.settlement);
}

export const submitKey = (evidenceId: string): string => `submit:${evidenceId}`;

function encodeSubmit({ terms }: JobOnChain, { hash, word }: EvidenceOnChain): string {
  return escrowCalls.submit(terms, hash, word.validUntilSeconds, word.signature);
}

function encodeVerdict({ terms }: JobOnChain, verdict: Words["Verdict"], signature: string): string {
  const encode = verdict.pass ? escrowCalls.release : escrowCalls.reject;
  return encode(terms, verdict, signature);
}
