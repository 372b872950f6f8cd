import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database, Trx } from "../context.ts";
import type { Listen, Unlisten } from "../database/notifications.ts";
import { type Loop, startLoop } from "../loop.ts";
import type { Metrics } from "../observability/metrics.ts";
import { type BroadcastOutcome, broadcastRaw } from "./broadcast.ts";
import { recordAct } from "../audit/record.ts";
import { ChainUnavailable, FencedOut } from "./errors.ts";
import type { FeeSource } from "./fees.ts";
import type { FinalNumber } from "./finality.ts";
import {
  type UnsentTransaction,
  insertIntents,
  markSent,
  raiseNextNonce,
  readOpen,
  readQueued,
  readUnsent,
  signIntents,
  transactionOf,
} from "./intent-rows.ts";
import type { IntentHandler, IntentKind, NewIntent } from "./intent.ts";
import { createLease } from "./lease.ts";
import { type ChainNode, NodeError } from "./node.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { Settlement } from "./settlement.ts";
import type { TransactionSigner } from "./signer.ts";
import { Unstick } from "./unstick.ts";

export type { FailureReason, Intent, IntentHandler, IntentKind, NewIntent } from "./intent.ts";
export type { Receipt } from "./node.ts";

/** Writes to the chain: an intent is stored first, then signed bytes, then broadcast until a block takes them up. */
export interface Outbox {
  /** The relayer's address, checksummed. */
  signer: string;
  /**
   * Idempotent by key.
   * @returns the intent's id, also when it was there before
   * @throws RangeError for a gas limit that no block would take
   */
  enqueue(trx: Trx, intent: NewIntent): Promise<string>;
  /** The same for many at once; their ids come in their order. */
  enqueueAll(trx: Trx, intents: readonly NewIntent[]): Promise<string[]>;
  /**
   * Signs, stores and hands to the node what is not yet. Call it after the commit of `enqueue`.
   * @returns the transaction's hash once its bytes are stored; an unreachable node gets them later.
   * @throws ChainUnavailable when nothing could be signed for ten seconds (no fees known, or the signer's lease is elsewhere)
   */
  broadcast(intentId: string): Promise<string>;
  /** Call it before `start`; once for each kind. */
  handle(kind: IntentKind, handler: IntentHandler): void;
  start(): Promise<void>;
  /** Ends what it is about and gives the lease back. */
  stop(): Promise<void>;
}

export interface OutboxOptions {
  db: Database;
  listen: Listen;
  node: ChainNode;
  chainId: bigint;
  signer: TransactionSigner;
  fees: FeeSource;
  finalNumber: FinalNumber;
  log: Logger;
  metrics: Metrics;
  pollMs: number;
  bumpAfterMs: number;
}

/** Intents signed in one transaction. */
const SIGN_AT_ONCE = 100;
/** A node may forget what it was given; it gets it again so often. */
const REBROADCAST_MS = 15_000;
/** How long `broadcast` waits for a signature, and then for the node's answer. */
const SIGNED_WITHIN_MS = 10_000;
const SENT_WITHIN_MS = 2_000;
const LOOK_AGAIN_MS = 25;

export function createOutbox(options: OutboxOptions): Outbox {
  return new LeasedOutbox(options);
}

class LeasedOutbox implements Outbox {
  readonly signer: string;
  readonly #options: OutboxOptions;
  readonly #handlers = new Map<IntentKind, IntentHandler>();
  readonly #lease;
  readonly #settlement: Settlement;
  readonly #unstick: Unstick;
  readonly #signQueued = oneAtATime(() => this.#signOnce());
  readonly #sendUnsent = oneAtATime(() => this.#sendOnce());
  #ready = false;
  #loop: Loop | undefined;
  #unlisten: Unlisten | undefined;
  /** Transactions that a node refused for their fees. */
  readonly #underpriced = new Set<string>();
  /** What was complained of in the log, so that it is said once. */
  readonly #complaints = new Set<string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.signer = options.signer.address;
    this.#lease = createLease(options.db, `signer:${this.signer}`);
    const guard = (trx: Trx) => this.#lease.guard(trx);
    this.#settlement = new Settlement({ ...options, handlers: this.#handlers, guard });
    this.#unstick = new Unstick({ ...options, guard });
  }

  async enqueue(trx: Trx, intent: NewIntent): Promise<string> {
    const [id = ""] = await this.enqueueAll(trx, [intent]);
    return id;
  }

  enqueueAll(trx: Trx, intents: readonly NewIntent[]): Promise<string[]> {
    return insertIntents(trx, this.signer, intents);
  }

  handle(kind: IntentKind, handler: IntentHandler): void {
    if (this.#handlers.has(kind)) throw new Error(`There is a handler for intents of kind ${kind} already.`);
    this.#handlers.set(kind, handler);
  }

  async broadcast(intentId: string): Promise<string> {
    const deadline = performance.now() + SIGNED_WITHIN_MS;
    let transaction = await transactionOf(this.#options.db, intentId);
    while (transaction === undefined) {
      const signed = await this.#trySigning();
      transaction = await transactionOf(this.#options.db, intentId);
      if (transaction !== undefined) break;
      if (this.#loop === undefined || performance.now() > deadline) {
        throw new ChainUnavailable("The transaction could not be signed in time. It is stored and will be sent.");
      }
      if (!signed) await sleep(LOOK_AGAIN_MS);
    }
    if (!transaction.sent) await Promise.race([this.#trySending(), sleep(SENT_WITHIN_MS, undefined, { ref: false })]);
    return transaction.hash;
  }

  async start(): Promise<void> {
    this.#loop = startLoop({
      everyMs: this.#options.pollMs,
      turn: () => this.#turn(),
      onError: (error, consecutive) => this.#report(error, consecutive),
      maxPauseMs: 5_000,
    });
    this.#unlisten = await this.#options.listen("intents", () => this.#loop?.wake());
  }

  async stop(): Promise<void> {
    const loop = this.#loop;
    this.#loop = undefined;
    await this.#unlisten?.();
    await loop?.stop();
    this.#ready = false;
    await Promise.allSettled([this.#signQueued(), this.#sendUnsent()]);
    await this.#lease.release();
  }

  async #turn(): Promise<boolean> {
    if (!(await this.#takeOver())) return false;
    const { db, node, finalNumber, metrics } = this.#options;
    await this.#signQueued();
    const leftover = await this.#sendUnsent();
    const open = await readOpen(db, this.signer);
    const signed = open.filter(({ status }) => status === "signed");
    metrics.outboxIntents.set({ status: "signed" }, signed.length);
    metrics.outboxIntents.set({ status: "mined" }, open.length - signed.length);
    if (open.length === 0) {
      this.#underpriced.clear();
      this.#complaints.clear();
      return false;
    }
    const [latest, nextNonce] = await Promise.all([node.block("latest"), node.transactionCount(this.signer, "latest")]);
    if (latest === undefined) throw new ChainUnavailable("The node has no latest block.");
    await this.#settlement.follow(open, { latest, nextNonce, final: await finalNumber(latest) });
    const replaced = await this.#unstick.look(signed, nextNonce, this.#underpriced);
    return replaced || leftover;
  }

  /** Makes sure that this process may sign and knows the next nonce. */
  async #takeOver(): Promise<boolean> {
    const { held, taken } = await this.#lease.keep();
    if (!held || taken) this.#ready = false;
    if (!held || this.#ready) return held;
    const { db, node, log } = this.#options;
    const pending = await node.transactionCount(this.signer, "pending");
    await db.transaction().execute(async (trx) => {
      await this.#lease.guard(trx);
      await raiseNextNonce(trx, this.signer, pending);
      if (taken) await recordAct(trx, { caller: "gateway" }, { action: "signer.taken_over", subject: this.signer });
    });
    this.#ready = true;
    log.info({ signer: this.signer, pending }, "this process sends the relayer's transactions");
    return true;
  }

  /** @returns whether this process is the one that signs */
  async #trySigning(): Promise<boolean> {
    if (!this.#ready) {
      this.#loop?.wake();
      return false;
    }
    try {
      await this.#signQueued();
      return true;
    } catch (error) {
      if (!(error instanceof ChainUnavailable || error instanceof FencedOut)) throw error;
      return false;
    }
  }

  /** The bytes are stored, so whatever hinders their sending is the loop's to overcome. */
  async #trySending(): Promise<void> {
    try {
      await this.#sendUnsent();
    } catch (error) {
      this.#options.log.warn({ err: error }, "a stored transaction could not be sent yet; it is tried again");
    }
  }

  async #signOnce(): Promise<void> {
    const { db, fees } = this.#options;
    if (!this.#ready || (await readQueued(db, this.signer, 1)).length === 0) return;
    const offered = await fees.current();
    await db.transaction().execute(async (trx) => {
      await this.#lease.guard(trx);
      await signIntents(trx, await readQueued(trx, this.signer, SIGN_AT_ONCE), { ...this.#options, fees: offered });
    });
  }

  /** @returns whether a node took some and waits for others */
  async #sendOnce(): Promise<boolean> {
    if (!this.#ready) return false;
    const { db, node } = this.#options;
    const unsent = await readUnsent(db, this.signer, REBROADCAST_MS);
    const outcomes = await Promise.all(unsent.map(({ raw }) => broadcastRaw(node, raw)));
    const sent = unsent.filter((transaction, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && this.#note(transaction, outcome);
    });
    await markSent(
      db,
      sent.map(({ hash }) => hash),
    );
    return sent.length > 0 && sent.length < unsent.length;
  }

  /** @returns whether the node has dealt with the transaction for now */
  #note({ hash, intentId }: UnsentTransaction, outcome: BroadcastOutcome): boolean {
    const { log, metrics } = this.#options;
    const about = { intent_id: intentId, transaction: hash };
    switch (outcome.kind) {
      case "taken":
        metrics.relayerBalanceShort.set(0);
        this.#complaints.delete("unaffordable");
        return true;
      case "nonceUsed":
        return true;
      case "tooEarly":
        return false;
      case "underpriced":
        this.#underpriced.add(hash);
        log.warn({ ...about, answer: outcome.message }, "the node asks for higher fees");
        return true;
      case "unaffordable":
        metrics.relayerBalanceShort.set(1);
        this.#complain("unaffordable", { ...about, answer: outcome.message }, "the relayer can't pay for gas: fund it");
        return false;
      case "refused":
        this.#complain(hash, { ...about, answer: outcome.message }, "the node refuses a transaction; later ones wait");
        return false;
      case "unreachable":
        metrics.rpcErrors.inc({ part: "outbox" });
        return false;
    }
  }

  #complain(once: string, about: object, message: string): void {
    if (this.#complaints.has(once)) return;
    this.#complaints.add(once);
    this.#options.log.error({ ...about, signer: this.signer }, message);
  }

  #report(error: unknown, consecutive: number): void {
    const { log, metrics } = this.#options;
    if (error instanceof FencedOut) {
      log.info("another process sends the relayer's transactions now");
      return;
    }
    if (error instanceof ChainUnavailable || error instanceof NodeError) metrics.rpcErrors.inc({ part: "outbox" });
    // One hiccup is every node's right.
    log[consecutive === 3 ? "error" : "debug"]({ err: error, consecutive }, "the outbox could not do its turn");
  }
}
