import type { TransactionReceipt } from "ethers";
import type { Trx } from "../context.ts";

/** What an intent does; `fill` closes a nonce gap and is the outbox's own. */
export type IntentKind =
  "fund" | "cancel" | "accept" | "reopen" | "submit" | "release" | "reject" | "refund" | "settle" | "fill";

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

export interface Intent extends NewIntent {
  id: string;
  signer: string;
}

/** Why a transaction was reverted. */
export interface FailureReason {
  /** The contract's error, "Panic", or "Unknown" where the node could not tell. */
  name: string;
  /** With actual and expected values, for the log and the job's `failure`. */
  message: string;
  transactionHash: string;
}

/**
 * What follows when a block took an intent up, in the transaction that records it. After a reorg the last word
 * counts: `onMined` may follow `onFailed` and either may come again, so both must be idempotent.
 */
export interface IntentHandler {
  onMined?(trx: Trx, intent: Intent, receipt: TransactionReceipt): Promise<void>;
  onFailed?(trx: Trx, intent: Intent, reason: FailureReason): Promise<void>;
}

/** Writes to the chain: an intent is stored first, then signed bytes, then broadcast until a block takes them up. */
export interface Outbox {
  /** The relayer's address, checksummed. */
  signer: string;
  /** Idempotent by key. @returns the intent's id, also when it was there before */
  enqueue(trx: Trx, intent: NewIntent): Promise<string>;
  /**
   * Signs, stores and hands to the node what is not yet. Call it after the commit of `enqueue`.
   * @returns the transaction's hash as soon as its bytes are stored; an unreachable node gets them later.
   * @throws ChainUnavailable when nothing could be signed yet (no fees known, or the signer's lease stays elsewhere)
   */
  broadcast(intentId: string): Promise<string>;
  handle(kind: IntentKind, handler: IntentHandler): void;
  start(): Promise<void>;
  /** Ends what it is about and gives the lease back. */
  stop(): Promise<void>;
}
