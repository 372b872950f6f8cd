import { explainRevert } from "@hireforhumans/protocol";
import type { Logger } from "pino";
import type { Database, Trx } from "../context.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { BatchCall } from "./batch.ts";
import { FencedOut } from "./errors.ts";
import { reasonOf } from "./failure.ts";
import {
  type CarriedIntent,
  type OpenIntent,
  readCarried,
  readHalfTold,
  readMinedBlocks,
  readMinedIn,
  recordBatch,
  recordFinal,
  recordLostNonce,
  recordLostReceipt,
  recordSettled,
} from "./intent-rows.ts";
import type { FailureReason, IntentHandler, IntentKind } from "./intent.ts";
import type { Lease } from "./lease.ts";
import type { Block, ChainNode, Receipt } from "./node.ts";

export interface SettlementOptions {
  db: Database;
  node: ChainNode;
  log: Logger;
  metrics: Metrics;
  batch?: BatchCall | undefined;
  handlers: ReadonlyMap<IntentKind, IntentHandler>;
  /** The signer's. */
  lease: Pick<Lease, "transaction">;
}

/** Where the chain stands, as far as one signer is concerned. */
export interface ChainPosition {
  signer: string;
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

interface Told {
  intent: CarriedIntent;
  /** Undefined: it succeeded. */
  reason: FailureReason | undefined;
}

/** Finds out what has become of signed intents, by the receipts that the node gives for their transactions. */
export class Settlement {
  readonly #options: SettlementOptions;
  /** The head by which all that was mined was last looked at. */
  #confirmedAt: string | undefined;
  /** Intents whose nonce was seen used at a final block while no receipt was there. */
  #orphans = new Set<string>();

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** Whatever was known of the head, all that was mined is looked at with the next. */
  lookAgain(): void {
    this.#confirmedAt = undefined;
  }

  /**
   * Records what is new about all that is signed or mined. An intent whose receipts can't be had is left for the next time.
   * @param signed intents in the order of their nonces
   */
  async follow(signed: readonly OpenIntent[], position: ChainPosition): Promise<void> {
    const headMoved = position.latest.hash !== this.#confirmedAt;
    const doubtful = headMoved ? await this.#doubtful(position) : [];
    const due = [...signed.filter(({ nonce }) => nonce < position.nextNonce), ...doubtful];
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
   * @returns those of which more has to be asked: their block does not stand where it stood, or not all was told
   */
  async #doubtful({ signer, final }: ChainPosition): Promise<OpenIntent[]> {
    const { db, node } = this.#options;
    const mined = await readMinedBlocks(db, signer);
    const blocks = await Promise.allSettled(
      mined.map(({ number }) => (number === null ? Promise.resolve(undefined) : node.block(number))),
    );
    const stands = mined.map(({ hash }, index) => {
      const block = blocks[index];
      return block?.status === "fulfilled" && block.value?.hash === hash;
    });
    const settled = mined.filter(({ number }, index) => stands[index] === true && number !== null && number <= final);
    if (settled.length > 0) {
      const intents = await readMinedIn(
        db,
        signer,
        settled.map(({ hash }) => hash),
      );
      await this.#write((trx) =>
        recordFinal(
          trx,
          intents.map(({ id }) => id),
        ),
      );
    }
    const moved = mined.filter((_, index) => stands[index] !== true).map(({ hash }) => hash);
    const doubtful = moved.length === 0 ? [] : await readMinedIn(db, signer, moved);
    const known = new Set(doubtful.map(({ id }) => id));
    return [...doubtful, ...(await readHalfTold(db, signer)).filter(({ id }) => !known.has(id))];
  }

  async #look(intent: OpenIntent): Promise<Look | undefined> {
    const answers = await Promise.allSettled(intent.transactions.map(({ hash }) => this.#options.node.receipt(hash)));
    const receipt = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : undefined)).find(Boolean);
    const complete = answers.every(({ status }) => status === "fulfilled");
    return receipt === undefined && !complete ? undefined : { intent, receipt };
  }

  /** One intent's trouble (a handler that throws, say) does not hold up the others. */
  async #attempt(intent: Pick<OpenIntent, "id" | "key" | "jobId">, work: () => Promise<void>): Promise<void> {
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
      const about = { intent_id: intent.id, key: intent.key, job_id: intent.jobId, transaction: intent.minedHash };
      this.#options.log.warn(about, "a mined transaction was taken back; it is broadcast again");
      return this.#write((trx) => recordLostReceipt(trx, intent.id));
    }
    await this.#recordReceipt(intent, receipt);
    if (receipt.blockNumber <= final) await this.#write((trx) => recordFinal(trx, [intent.id]));
  }

  /** What succeeded is told together; of what failed, one trouble does not hold up the others. */
  async #recordReceipt(intent: OpenIntent, receipt: Receipt): Promise<void> {
    const { db, log } = this.#options;
    const carried = await readCarried(db, intent);
    const isBatch = intent.kind === "batch";
    if (isBatch && !receipt.succeeded) {
      log.error({ intent_id: intent.id, transaction: receipt.transactionHash }, "a batch was reverted as a whole");
      const failure = "The batch was reverted as a whole; each of its intents is sent alone once that is final.";
      return this.#write((trx) => recordBatch(trx, intent.id, receipt, failure));
    }
    const untold = carried.filter(
      ({ minedHash, minedBlockHash }) => minedHash !== receipt.transactionHash || minedBlockHash !== receipt.blockHash,
    );
    const told = await this.#toldBy(receipt, untold, isBatch);
    const succeeded = told.filter(({ reason }) => reason === undefined).map((one) => one.intent);
    if (isBatch || succeeded.length > 0) {
      await this.#write(async (trx) => {
        if (isBatch) await recordBatch(trx, intent.id, receipt, null);
        await this.#tellMined(trx, succeeded, receipt);
      });
    }
    this.#note(succeeded, receipt, undefined);
    for (const { intent: member, reason } of told) {
      if (reason === undefined) continue;
      await this.#attempt(member, async () => {
        await this.#write(async (trx) => {
          await recordSettled(trx, [member.id], receipt, reason);
          await this.#options.handlers.get(member.kind)?.onFailed?.(trx, member, reason);
        });
        this.#note([member], receipt, reason);
      });
    }
  }

  /** What a receipt says of each: of a batch the contract's own report, of one alone that it was reverted. */
  async #toldBy(receipt: Receipt, carried: readonly CarriedIntent[], isBatch: boolean): Promise<Told[]> {
    const { node, batch } = this.#options;
    const failures = isBatch ? (batch?.failures(receipt.logs) ?? new Map<number, string>()) : new Map<number, string>();
    return Promise.all(
      carried.map(async (intent) => {
        const data = failures.get(intent.place);
        const failed = isBatch ? data !== undefined : !receipt.succeeded;
        if (!failed) return { intent, reason: undefined };
        const refusal = explainRevert(data ?? "0x");
        if (refusal === undefined) return { intent, reason: await reasonOf(node, intent, receipt) };
        const { name, code, message } = refusal;
        return { intent, reason: { name, code, message, transactionHash: receipt.transactionHash } };
      }),
    );
  }

  async #tellMined(trx: Trx, intents: readonly CarriedIntent[], receipt: Receipt): Promise<void> {
    if (intents.length === 0) return;
    await recordSettled(
      trx,
      intents.map(({ id }) => id),
      receipt,
      undefined,
    );
    for (const [kind, some] of Map.groupBy(intents, (intent) => intent.kind)) {
      await this.#options.handlers.get(kind)?.onMined?.(trx, some, receipt);
    }
  }

  #note(intents: readonly CarriedIntent[], { transactionHash }: Receipt, reason: FailureReason | undefined): void {
    const { log, metrics } = this.#options;
    for (const { id, key, kind, jobId, createdAt } of intents) {
      metrics.outboxSettled.inc({ kind, outcome: reason === undefined ? "mined" : "failed" });
      metrics.outboxMinedSeconds.observe((Date.now() - createdAt.getTime()) / 1_000);
      const about = { intent_id: id, key, job_id: jobId, transaction: transactionHash };
      if (reason === undefined) log.info(about, "a transaction was mined");
      else log.error({ ...about, reason: reason.message }, "a transaction was reverted");
    }
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
      const about = { intent_id: intent.id, key: intent.key, job_id: intent.jobId, nonce: intent.nonce };
      this.#options.log.error(
        about,
        "another transaction of the relayer's key took this nonce; the intent gets a new one",
      );
      await this.#write((trx) => recordLostNonce(trx, intent));
    }
    this.#orphans = new Set(orphans.map(({ id }) => id));
  }

  #write(work: (trx: Trx) => Promise<void>): Promise<void> {
    return this.#options.lease.transaction(work);
  }
}
