import type { Logger } from "pino";
import type { Database, Trx } from "../context.ts";
import type { Metrics } from "../observability/metrics.ts";
import { FencedOut } from "./errors.ts";
import { reasonOf } from "./failure.ts";
import { type OpenIntent, recordFinal, recordLostNonce, recordLostReceipt, recordReceipt } from "./intent-rows.ts";
import type { IntentHandler, IntentKind } from "./intent.ts";
import type { Block, ChainNode, Receipt } from "./node.ts";

export interface SettlementOptions {
  db: Database;
  node: ChainNode;
  log: Logger;
  metrics: Metrics;
  handlers: ReadonlyMap<IntentKind, IntentHandler>;
  /** Keeps the signer's lease in place for a transaction, or throws FencedOut. */
  guard: (trx: Trx) => Promise<void>;
}

/** Where the chain stands, as far as one signer is concerned. */
export interface ChainPosition {
  latest: Block;
  /** The newest block that can't be taken back; below zero while there is none. */
  final: bigint;
  /** The nonce that the newest block asks for next. */
  nextNonce: bigint;
}

interface Look {
  intent: OpenIntent;
  /** Undefined: the node knows of no block that holds any of the intent's transactions. */
  receipt: Receipt | undefined;
}

/** Finds out what has become of signed intents, by the receipts that the node gives for their transactions. */
export class Settlement {
  readonly #options: SettlementOptions;
  /** The head by which all that was mined was last looked at. */
  #confirmedAt: string | undefined;
  /** Intents whose nonce was seen used at a final block while no receipt was there. */
  #orphans = new Set<string>();
  /** Numbers of the blocks that took intents up, by hash. */
  #blockNumbers = new Map<string, bigint>();

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** Records what is new about these intents. An intent whose receipts can't be had is left for the next time. */
  async follow(open: OpenIntent[], position: ChainPosition): Promise<void> {
    const headMoved = position.latest.hash !== this.#confirmedAt;
    const standing = headMoved ? await this.#settleStanding(open, position.final) : new Set<OpenIntent>();
    const due = open.filter((intent) =>
      intent.status === "signed" ? intent.nonce < position.nextNonce : headMoved && !standing.has(intent),
    );
    const looks = (await Promise.all(due.map((intent) => this.#look(intent)))).flatMap((look) => look ?? []);
    for (const look of looks) await this.#attempt(look.intent, () => this.#record(look, position.final));
    const lost = looks.flatMap(({ intent, receipt }) =>
      receipt === undefined && intent.status === "signed" ? [intent] : [],
    );
    await this.#replaceLostNonces(lost, position.final);
    if (looks.length === due.length) this.#confirmedAt = position.latest.hash;
  }

  /**
   * Records which mined intents are final. One question for a block tells of all intents in it what their receipts would.
   * @returns those whose block is known to stand where it stood
   */
  async #settleStanding(open: readonly OpenIntent[], final: bigint): Promise<Set<OpenIntent>> {
    const mined = Map.groupBy(
      open.filter(({ status }) => status === "mined"),
      ({ minedBlockHash }) => minedBlockHash ?? "",
    );
    this.#blockNumbers = new Map([...this.#blockNumbers].filter(([hash]) => mined.has(hash)));
    const known = [...this.#blockNumbers];
    const blocks = await Promise.allSettled(known.map(([, number]) => this.#options.node.block(number)));
    const standing = known.filter(([hash], index) => {
      const block = blocks[index];
      return block?.status === "fulfilled" && block.value?.hash === hash;
    });
    const intentsOf = (some: typeof known) => some.flatMap(([hash]) => mined.get(hash) ?? []);
    const settled = intentsOf(standing.filter(([, number]) => number <= final));
    if (settled.length > 0) {
      const ids = settled.map(({ id }) => id);
      await this.#write((trx) => recordFinal(trx, ids));
    }
    return new Set(intentsOf(standing));
  }

  async #look(intent: OpenIntent): Promise<Look | undefined> {
    const answers = await Promise.allSettled(intent.transactions.map(({ hash }) => this.#options.node.receipt(hash)));
    const receipt = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : undefined)).find(Boolean);
    const complete = answers.every(({ status }) => status === "fulfilled");
    return receipt === undefined && !complete ? undefined : { intent, receipt };
  }

  /** One intent's trouble (a handler that throws, say) does not hold up the others. */
  async #attempt(intent: OpenIntent, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof FencedOut) throw error;
      const about = { err: error, intent_id: intent.id, key: intent.key, job_id: intent.jobId };
      this.#options.log.error(about, "what became of an intent could not be recorded; it is tried again");
    }
  }

  async #record({ intent, receipt }: Look, final: bigint): Promise<void> {
    if (receipt === undefined) {
      if (intent.status === "signed") return;
      const about = { intent_id: intent.id, key: intent.key, transaction: intent.minedHash };
      this.#options.log.warn(about, "a mined transaction was taken back; it is broadcast again");
      return this.#write((trx) => recordLostReceipt(trx, intent.id));
    }
    this.#blockNumbers.set(receipt.blockHash, receipt.blockNumber);
    const known = receipt.blockHash === intent.minedBlockHash && receipt.transactionHash === intent.minedHash;
    if (!known) await this.#recordReceipt(intent, receipt);
    if (receipt.blockNumber <= final) await this.#write((trx) => recordFinal(trx, [intent.id]));
  }

  async #recordReceipt(intent: OpenIntent, receipt: Receipt): Promise<void> {
    const { node, log, metrics, handlers } = this.#options;
    const reason = receipt.succeeded ? undefined : await reasonOf(node, intent, receipt);
    const handler = handlers.get(intent.kind);
    await this.#write(async (trx) => {
      await recordReceipt(trx, intent.id, receipt, reason);
      if (reason === undefined) await handler?.onMined?.(trx, intent, receipt);
      else await handler?.onFailed?.(trx, intent, reason);
    });
    metrics.outboxSettled.inc({ kind: intent.kind, outcome: reason === undefined ? "mined" : "failed" });
    metrics.outboxMinedSeconds.observe((Date.now() - intent.createdAt.getTime()) / 1_000);
    const about = { intent_id: intent.id, key: intent.key, job_id: intent.jobId, transaction: receipt.transactionHash };
    if (reason === undefined) log.info(about, "a transaction was mined");
    else log.error({ ...about, reason: reason.message }, "a transaction was reverted");
  }

  /**
   * A nonce that a final block has used, while none of the intent's transactions is in any block, went to somebody
   * else's transaction. It is looked at twice, because a node may know the count before the receipt.
   */
  async #replaceLostNonces(lost: OpenIntent[], final: bigint): Promise<void> {
    const [first] = lost;
    if (first === undefined || final < 0n) {
      this.#orphans.clear();
      return;
    }
    const finalNonce = await this.#options.node.transactionCount(first.signer, final);
    const orphans = lost.filter(({ nonce }) => nonce < finalNonce);
    for (const intent of orphans.filter(({ id }) => this.#orphans.has(id))) {
      const about = { intent_id: intent.id, key: intent.key, nonce: intent.nonce };
      this.#options.log.error(
        about,
        "another transaction of the relayer's key took this nonce; the intent gets a new one",
      );
      await this.#write((trx) => recordLostNonce(trx, intent));
    }
    this.#orphans = new Set(orphans.map(({ id }) => id));
  }

  async #write(work: (trx: Trx) => Promise<void>): Promise<void> {
    await this.#options.db.transaction().execute(async (trx) => {
      await this.#options.guard(trx);
      await work(trx);
    });
  }
}
