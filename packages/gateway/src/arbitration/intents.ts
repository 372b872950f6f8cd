import { type Terms, arbitrationPoolInterface, escrowInterface } from "@hireforhumans/protocol";
import type { PoolVerb } from "../chain/intent.ts";
import type { SignedWord } from "../settlement/intents.ts";

/** A call of the pool (a dispute: of the escrow) and the most gas that it may use, see `gasLimits`. */
export interface PoolCall {
  verb: PoolVerb;
  to: string;
  data: string;
  gasLimit: bigint;
}

/**
 * Fixed as those of the escrow's intents are, at twice and more of what was measured. A panel of 15 takes 321,000 to draw,
 * 261,000 to commit, 157,000 to reveal and, with two panels before it, 361,000 to rule; a draw may pass over 64 jurors,
 * and two more panels may have failed. Unused gas is not paid.
 */
const gasLimits = {
  account: 300_000n,
  dispute: 500_000n,
  party: 300_000n,
  requestDraw: 700_000n,
  requestDrawForEach: 80_000n,
  draw: 3_000_000n,
  vote: 200_000n,
  voteForEach: 80_000n,
  tally: 300_000n,
  rule: 3_000_000n,
} as const;

const encode = arbitrationPoolInterface.encodeFunctionData.bind(arbitrationPoolInterface);

export interface DepositAuthorization {
  /** Base units. */
  amount: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: string;
  signature: string;
}

export function depositCall(pool: string, owner: string, deposit: DepositAuthorization): PoolCall {
  const { amount, validAfter, validBefore, nonce, signature } = deposit;
  const data = encode("depositWithAuthorization", [owner, amount, validAfter, validBefore, nonce, signature]);
  return { verb: "deposit", to: pool, data, gasLimit: gasLimits.account };
}

/** The call, and before it, in the same transaction, the deposit that pays for it. */
export function withDeposit(call: PoolCall, owner: string, deposit: DepositAuthorization | undefined): PoolCall {
  if (deposit === undefined) return call;
  const first = depositCall(call.to, owner, deposit);
  const data = encode("multicall", [[first.data, call.data]]);
  return { ...call, data, gasLimit: first.gasLimit + call.gasLimit };
}

export function withdrawCall(pool: string, owner: string, amount: bigint, word: SignedWord): PoolCall {
  const data = encode("withdraw", [owner, amount, word.validUntilSeconds, word.signature]);
  return { verb: "withdraw", to: pool, data, gasLimit: gasLimits.account };
}

export function setStandingAnswerCall(pool: string, owner: string, stands: boolean, word: SignedWord): PoolCall {
  const data = encode("setStandingAnswer", [owner, stands, word.validUntilSeconds, word.signature]);
  return { verb: "setStandingAnswer", to: pool, data, gasLimit: gasLimits.account };
}

export function stakeCall(pool: string, juror: string, amount: bigint, word: SignedWord): PoolCall {
  const data = encode("stake", [juror, amount, word.validUntilSeconds, word.signature]);
  return { verb: "stake", to: pool, data, gasLimit: gasLimits.account };
}

export function retireCall(pool: string, juror: string, word: SignedWord): PoolCall {
  const data = encode("retire", [juror, word.validUntilSeconds, word.signature]);
  return { verb: "retire", to: pool, data, gasLimit: gasLimits.account };
}

/** What anyone may do for a juror. */
export function jurorCall(pool: string, verb: "collect" | "unstake", juror: string): PoolCall {
  return { verb, to: pool, data: encode(verb as "collect", [juror]), gasLimit: gasLimits.account };
}

export function disputeCall(
  escrow: string,
  terms: Terms,
  { by, statementHash, word }: { by: string; statementHash: string; word: SignedWord },
): PoolCall {
  const data = escrowInterface.encodeFunctionData("dispute", [
    terms,
    by,
    statementHash,
    word.validUntilSeconds,
    word.signature,
    "0x",
  ]);
  return { verb: "dispute", to: escrow, data, gasLimit: gasLimits.dispute };
}

export function addEvidenceCall(
  pool: string,
  terms: Terms,
  { by, evidenceHash, word }: { by: string; evidenceHash: string; word: SignedWord },
): PoolCall {
  const data = encode("addEvidence", [terms, by, evidenceHash, word.validUntilSeconds, word.signature]);
  return { verb: "addEvidence", to: pool, data, gasLimit: gasLimits.party };
}

export function bondedCall(
  pool: string,
  verb: "answer" | "appeal",
  terms: Terms,
  { by, word }: { by: string; word: SignedWord },
): PoolCall {
  const data = encode(verb as "answer", [terms, by, word.validUntilSeconds, word.signature]);
  return { verb, to: pool, data, gasLimit: gasLimits.party };
}

export function requestDrawCall(pool: string, chainJobIds: readonly string[]): PoolCall {
  const gasLimit = gasLimits.requestDraw + gasLimits.requestDrawForEach * BigInt(chainJobIds.length);
  return { verb: "requestDraw", to: pool, data: encode("requestDraw", [[...chainJobIds]]), gasLimit };
}

export function drawCall(pool: string, terms: Terms): PoolCall {
  return { verb: "draw", to: pool, data: encode("draw", [terms]), gasLimit: gasLimits.draw };
}

export interface SealedVote {
  seat: bigint;
  commitment: string;
  validUntil: bigint;
  signature: string;
}

export function commitCall(pool: string, chainJobId: string, words: readonly SealedVote[]): PoolCall {
  const data = encode("commit", [chainJobId, [...words]]);
  return { verb: "commit", to: pool, data, gasLimit: gasLimits.vote + gasLimits.voteForEach * BigInt(words.length) };
}

export interface OpenedVote {
  seat: bigint;
  vote: bigint;
  salt: string;
}

/** @param commitments all of the panel, in the order of their events */
export function revealCall(
  pool: string,
  chainJobId: string,
  commitments: readonly { seat: bigint; commitment: string }[],
  openings: readonly OpenedVote[],
): PoolCall {
  const data = encode("reveal", [chainJobId, [...commitments], [...openings]]);
  return { verb: "reveal", to: pool, data, gasLimit: gasLimits.vote + gasLimits.voteForEach * BigInt(openings.length) };
}

export function tallyCall(pool: string, chainJobId: string): PoolCall {
  return { verb: "tally", to: pool, data: encode("tally", [chainJobId]), gasLimit: gasLimits.tally };
}

export function ruleCall(pool: string, terms: Terms): PoolCall {
  return { verb: "rule", to: pool, data: encode("rule", [terms]), gasLimit: gasLimits.rule };
}
