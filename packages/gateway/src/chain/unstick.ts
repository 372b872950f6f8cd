import type { Logger } from "pino";
import type { Database } from "../context.ts";
import { newId } from "../ids.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { FeeSource } from "./fees.ts";
import { type OpenIntent, insertTransaction, readCall, unheldNonces } from "./intent-rows.ts";
import type { Lease } from "./lease.ts";
import type { ChainNode } from "./node.ts";
import type { TransactionSigner } from "./signer.ts";

export interface UnstickOptions {
  db: Database;
  node: ChainNode;
  chainId: bigint;
  signer: TransactionSigner;
  fees: FeeSource;
  log: Logger;
  metrics: Metrics;
  /** How long the lowest open transaction waits before its fees rise. */
  bumpAfterMs: number;
  lease: Pick<Lease, "transaction">;
}

/** Nodes may be a moment behind one another; a gap in the nonces that stays this long is one. */
const GAP_PATIENCE_MS = 5_000;
/** So many times as long as a transaction of ours waits before its fees rise, one of somebody else may hold up ours. */
const FOREIGN_PATIENCE = 3;
const FILL_GAS = 21_000n;

/** Moves the lowest open nonce, behind which all others wait: by higher fees, or by filling the nonces before it. */
export class Unstick {
  readonly #options: UnstickOptions;
  #lowest: { nonce: bigint; since: number } | undefined;
  #gap: { next: bigint; since: number } | undefined;

  constructor(options: UnstickOptions) {
    this.#options = options;
  }

  /**
   * @param signed intents in the order of their nonces
   * @param nextNonce the nonce that the newest block asks for next
   * @param underpriced hashes of transactions that a node refused for their fees
   * @returns whether something new is to be broadcast
   */
  async look(signed: readonly OpenIntent[], nextNonce: bigint, underpriced: ReadonlySet<string>): Promise<boolean> {
    const lowest = signed.find(({ nonce }) => nonce >= nextNonce);
    if (lowest === undefined) return false;
    if (lowest.nonce > nextNonce) return this.#fill(nextNonce, lowest.nonce);
    this.#gap = undefined;

    const [newest] = lowest.transactions;
    if (newest === undefined) return false;
    const now = performance.now();
    if (this.#lowest?.nonce !== lowest.nonce) this.#lowest = { nonce: lowest.nonce, since: now };
    const waited = Math.min(now - this.#lowest.since, newest.signedAgoMs);
    if (!underpriced.has(newest.hash) && waited < this.#options.bumpAfterMs) return false;
    return this.#bump(lowest);
  }

  async #bump(intent: OpenIntent): Promise<boolean> {
    const { db, chainId, signer, fees, log, metrics, lease } = this.#options;
    const { nonce } = intent;
    const [newest] = intent.transactions;
    const raised = newest && (await fees.bump(newest.fees));
    metrics.outboxFeeCapped.set(raised === undefined ? 1 : 0);
    const about = { intent_id: intent.id, key: intent.key, job_id: intent.jobId, nonce };
    if (raised === undefined) {
      log.error({ ...about, offered: newest?.fees }, "a transaction is stuck and MAX_FEE_GWEI forbids to offer more");
      this.#lowest = undefined;
      return false;
    }
    const signed = await signer.sign({ chainId, nonce, ...(await readCall(db, intent.id)), ...raised });
    await lease.transaction(async (trx) => {
      await insertTransaction(trx, intent.id, nonce, raised, signed);
    });
    metrics.outboxBumps.inc();
    log.warn(
      { ...about, transaction: signed.hash, ...raised },
      "a transaction is stuck; it is replaced at higher fees",
    );
    return true;
  }

  /** Nonces that nobody's transaction is going to use are used up by sending ourselves nothing. */
  async #fill(nextNonce: bigint, lowest: bigint): Promise<boolean> {
    const { db, node, signer } = this.#options;
    const now = performance.now();
    if (this.#gap?.next !== nextNonce) this.#gap = { next: nextNonce, since: now };
    if (now - this.#gap.since < GAP_PATIENCE_MS) return false;
    // Somebody else's transactions wait there: they fill it, unless they offer too little to be mined at all.
    const foreignMs = FOREIGN_PATIENCE * this.#options.bumpAfterMs;
    if (now - this.#gap.since < foreignMs && (await node.transactionCount(signer.address, "pending")) >= lowest)
      return false;
    const missing = await unheldNonces(db, signer.address, nextNonce, lowest);
    for (const nonce of missing) await this.#fillOne(nonce);
    return missing.length > 0;
  }

  async #fillOne(nonce: bigint): Promise<void> {
    const { chainId, signer, fees, log, lease } = this.#options;
    const offered = await fees.current();
    const call = { to: signer.address, data: "0x", gasLimit: FILL_GAS };
    const signed = await signer.sign({ chainId, nonce, ...call, ...offered });
    const id = newId("int");
    await lease.transaction(async (trx) => {
      await trx
        .insertInto("intents")
        .values({
          id,
          intent_key: `fill:${signer.address}:${nonce}`,
          kind: "fill",
          signer: signer.address,
          to_address: call.to,
          data: call.data,
          gas_limit: call.gasLimit,
          nonce,
          status: "signed",
        })
        .execute();
      await insertTransaction(trx, id, nonce, offered, signed);
    });
    log.warn({ intent_id: id, nonce }, "a nonce was left unused; it is filled so that later ones can be mined");
  }
}
