import type { ErrorCode } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import type { Receipt } from "./node.ts";

/** What an intent does. The outbox's own: `batch` carries others, `fill` closes a gap in the nonces. */
export type IntentKind =
  | "fund"
  | "cancel"
  | "accept"
  | "reopen"
  | "submit"
  | "release"
  | "reject"
  | "refund"
  | "settle"
  | PoolVerb
  | "batch"
  | "fill";

/** What is done with disputes and jurors. All but `dispute` is the arbitration pool's. */
export type PoolVerb =
  | "deposit"
  | "withdraw"
  | "setStandingAnswer"
  | "stake"
  | "collect"
  | "retire"
  | "unstake"
  | "dispute"
  | "addEvidence"
  | "answer"
  | "requestDraw"
  | "draw"
  | "commit"
  | "reveal"
  | "tally"
  | "appeal"
  | "rule";

export interface NewIntent {
  /** Names the effect, so that asking twice sends once: "fund:job_…", "submit:job_…:0". */
  key: string;
  kind: IntentKind;
  jobId?: string;
  to: string;
  /** Call data, 0x hex. */
  data: string;
  gasLimit: bigint;
}

export interface Intent {
  id: string;
  key: string;
  kind: IntentKind;
  jobId: string | null;
  signer: string;
  to: string;
  data: string;
  gasLimit: bigint;
}

/** Why a transaction was reverted. */
export interface FailureReason {
  /** The contract's error, "Error" or "Panic"; "Unknown" where the node could not tell. */
  name: string;
  /** The code of the error table that fits. */
  code: ErrorCode;
  /** For people, with what is and what would have to be. */
  message: string;
  transactionHash: string;
}

/**
 * What follows when an intent was signed or a block took it up, in the transaction that records it. After a reorg the last word
 * counts: `onMined` may follow `onFailed`, and either may come again, so both must be idempotent.
 */
export interface IntentHandler {
  /** The transactions that carry these were signed, in the transaction that stores them; again after a nonce was lost. */
  onSigned?: (trx: Trx, signed: readonly { intent: Intent; hash: string }[]) => Promise<void>;
  /** Of those that one transaction carried. */
  onMined?: (trx: Trx, intents: readonly Intent[], receipt: Receipt) => Promise<void>;
  onFailed?: (trx: Trx, intent: Intent, reason: FailureReason) => Promise<void>;
}
