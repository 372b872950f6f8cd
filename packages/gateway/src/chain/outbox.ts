import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database, Trx } from "../context.ts";
import type { Listen, Unlisten } from "../database/notifications.ts";
import { inGroups } from "../groups.ts";
import { type Loop, startLoop } from "../loop.ts";
import type { Metrics } from "../observability/metrics.ts";
import { type BatchCall, planBatches } from "./batch.ts";
import { type BroadcastOutcome, broadcastRaw } from "./broadcast.ts";
import { recordAct } from "../audit/record.ts";
import { ChainUnavailable, FencedOut } from "./errors.ts";
import type { FeeSource, Fees } from "./fees.ts";
import type { FinalNumber } from "./finality.ts";
import {
  type AssignedTransaction,
  type UnsentTransaction,
  assignNonces,
  hasQueued,
  insertIntents,
  markSent,
  raiseNextNonce,
  readAssigned,
  readMinedBlocks,
  readQueued,
  readSigned,
  readUnsent,
  storeSigned,
  transactionsOf,
} from "./intent-rows.ts";
import type { IntentHandler, IntentKind, NewIntent } from "./intent.ts";
import { createLease } from "./lease.ts";
import { type ChainNode, NodeError } from "./node.ts";
import { Settlement } from "./settlement.ts";
import type { TransactionSigner } from "./signer.ts";
import { Unstick } from "./unstick.ts";

export type { FailureReason, Intent, IntentHandler, IntentKind, NewIntent } from "./intent.ts";
export type { Receipt } from "./node.ts";

/**
 * Writes to the chain: an intent is stored first, then its nonce, then signed bytes, which are broadcast until a block takes
 * them up.
 */
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
  /** Intents to one contract that wait for a signature at the same time travel together. Undefined: each travels alone. */
  batch?: BatchCall | undefined;
}

/** Intents that get their nonces in one transaction of the database. */
const ASSIGN_AT_ONCE = 500;
/** Transactions that are signed side by side and stored together: a key service takes its time for each. */
const SIGN_AT_ONCE = 16;
/** Signatures are at least so far apart, so that under load many intents share one; an intent alone waits no longer. */
const GATHER_MS = 50;
/** A node may forget what it was given; it gets it again so often. */
const REBROADCAST_MS = 15_000;
/** How long `broadcast` waits for a signature, and then for the node's answer. */
const SIGNED_WITHIN_MS = 10_000;
const SENT_WITHIN_MS = 100;
const LOOK_AGAIN_MS = 25;

/** The transaction that carries an intent, and whether a node has taken it. */
interface SignedFor {
  hash: string;
  sent: boolean;
}

export function createOutbox(options: OutboxOptions): Outbox {
  return new LeasedOutbox(options);
}

class LeasedOutbox implements Outbox {
  readonly signer: string;
  readonly #options: OutboxOptions;
  readonly #handlers = new Map<IntentKind, IntentHandler>();
  readonly #lease;
  readonly #key: TransactionSigner;
  readonly #settlement: Settlement;
  readonly #unstick: Unstick;
  readonly #sign = inGroups((ids: (string | null)[]) => this.#signGroup(ids), { most: Infinity, apartMs: GATHER_MS });
  readonly #find = inGroups((ids: string[]) => this.#findAll(ids));
  readonly #send = inGroups((calls: null[]) => this.#sendOnce().then((more) => calls.map(() => more)));
  #ready = false;
  /** The process before this one may have left something untold of what is final. */
  #looksBack = false;
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
    // Outside of transactions, since the key may be in a service elsewhere; nobody else is to begin the same meanwhile.
    const sign: TransactionSigner["sign"] = (transaction) => this.#lease.during(() => options.signer.sign(transaction));
    this.#key = { address: this.signer, sign };
    const lease = this.#lease;
    this.#settlement = new Settlement({ ...options, handlers: this.#handlers, lease });
    this.#unstick = new Unstick({ ...options, signer: this.#key, lease });
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
    let transaction = await this.#carrierOf(intentId);
    while (transaction === undefined) {
      if (this.#loop === undefined || performance.now() > deadline) {
        throw new ChainUnavailable("The transaction could not be signed in time. It is stored and will be sent.");
      }
      await sleep(LOOK_AGAIN_MS);
      transaction = await this.#carrierOf(intentId);
    }
    if (!transaction.sent) await Promise.race([this.#trySending(), sleep(SENT_WITHIN_MS, undefined, { ref: false })]);
    return transaction.hash;
  }

  /** Signs it where that is for this process to do. @returns undefined while nobody has */
  async #carrierOf(intentId: string): Promise<SignedFor | undefined> {
    if (!this.#ready) {
      this.#loop?.wake();
      return this.#find(intentId);
    }
    try {
      return (await this.#sign(intentId)) ?? (await this.#find(intentId));
    } catch (error) {
      if (!(error instanceof ChainUnavailable || error instanceof FencedOut)) throw error;
      return this.#find(intentId);
    }
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
    await Promise.allSettled([this.#sign(null), this.#send(null)]);
    await this.#lease.release();
  }

  async #turn(): Promise<boolean> {
    if (!(await this.#takeOver())) return false;
    const [signing] = await Promise.allSettled([this.#sign(null)]);
    // What is signed is sent and followed also where the key is out of reach.
    const more = await this.#sendAndFollow();
    if (signing.status === "rejected") throw signing.reason as Error;
    return more;
  }

  async #sendAndFollow(): Promise<boolean> {
    const { db, node, finalNumber } = this.#options;
    const leftover = await this.#send(null);
    const signed = await readSigned(db, this.signer);
    const mined = await readMinedBlocks(db, this.signer);
    if (signed.length === 0) {
      this.#underpriced.clear();
      this.#complaints.clear();
      if (mined.length === 0 && !this.#looksBack) return false;
    }
    const [latest, nextNonce] = await Promise.all([node.block("latest"), node.transactionCount(this.signer, "latest")]);
    if (latest === undefined) throw new ChainUnavailable("The node has no latest block.");
    const position = { signer: this.signer, latest, nextNonce, final: await finalNumber(latest) };
    await this.#settlement.follow(signed, position);
    this.#looksBack = false;
    const replaced = await this.#unstick.look(signed, nextNonce, this.#underpriced);
    return replaced || leftover;
  }

  /** Makes sure that this process may sign and knows the next nonce. */
  async #takeOver(): Promise<boolean> {
    const { held, taken } = await this.#lease.keep();
    if (!held || taken) this.#ready = false;
    if (!held || this.#ready) return held;
    const { node, log } = this.#options;
    const pending = await node.transactionCount(this.signer, "pending");
    await this.#lease.transaction(async (trx) => {
      await raiseNextNonce(trx, this.signer, pending);
      if (taken) await recordAct(trx, { caller: "gateway" }, { action: "signer.taken_over", subject: this.signer });
    });
    this.#ready = true;
    this.#looksBack = true;
    this.#settlement.lookAgain();
    log.info({ signer: this.signer, pending }, "this process sends the relayer's transactions");
    return true;
  }

  /** The bytes are stored, so whatever hinders their sending is the loop's to overcome. */
  async #trySending(): Promise<void> {
    try {
      await this.#send(null);
    } catch (error) {
      this.#options.log.warn({ err: error }, "a stored transaction could not be sent yet; it is tried again");
    }
  }

  async #signGroup(ids: readonly (string | null)[]): Promise<(SignedFor | undefined)[]> {
    const signed = await this.#signOnce();
    return ids.map((id) => {
      const hash = id === null ? undefined : signed.get(id);
      return hash === undefined ? undefined : { hash, sent: false };
    });
  }

  async #findAll(ids: readonly string[]): Promise<(SignedFor | undefined)[]> {
    const found = await transactionsOf(this.#options.db, [...new Set(ids)]);
    return ids.map((id) => found.get(id));
  }

  /** @returns the hash of the transaction of each intent that was signed now */
  async #signOnce(): Promise<Map<string, string>> {
    const { db, fees } = this.#options;
    const hashes = new Map<string, string>();
    if (!this.#ready || !(await hasQueued(db, this.signer))) return hashes;
    const offered = await fees.current();
    const assigned = await this.#assign();
    for (let from = 0; from < assigned.length; from += SIGN_AT_ONCE) {
      const stored = await this.#signAndStore(assigned.slice(from, from + SIGN_AT_ONCE), offered);
      for (const [id, hash] of stored) hashes.set(id, hash);
    }
    return hashes;
  }

  /** What has a nonce and was not signed comes first, and alone: while a key service is away, nonces do not pile up. */
  #assign(): Promise<AssignedTransaction[]> {
    const { batch } = this.#options;
    return this.#lease.transaction(async (trx) => {
      const left = await readAssigned(trx, this.signer);
      if (left.length > 0) return left;
      const plans = planBatches(await readQueued(trx, this.signer, ASSIGN_AT_ONCE), batch);
      return plans.length === 0 ? [] : assignNonces(trx, this.signer, plans, batch);
    });
  }

  /** Stores what could be signed, also where not all could. @throws what kept one from being signed */
  async #signAndStore(some: readonly AssignedTransaction[], fees: Fees): Promise<Map<string, string>> {
    const { chainId } = this.#options;
    const signing = await Promise.allSettled(
      some.map(async ({ id, nonce, to, data, gasLimit }) => ({
        id,
        nonce,
        ...(await this.#key.sign({ chainId, nonce, to, data, gasLimit, ...fees })),
      })),
    );
    const signed = signing.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const hashes = await this.#lease.transaction(async (trx) => {
      const stored = await storeSigned(trx, fees, signed);
      for (const [kind, told] of Map.groupBy(stored, ({ intent }) => intent.kind))
        await this.#handlers.get(kind)?.onSigned?.(trx, told);
      return new Map(stored.map(({ intent, hash }) => [intent.id, hash]));
    });
    const failed = signing.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason as Error;
    return hashes;
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
  #note({ hash, intentId, jobId }: UnsentTransaction, outcome: BroadcastOutcome): boolean {
    const { log, metrics } = this.#options;
    const about = { intent_id: intentId, job_id: jobId, transaction: hash };
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
