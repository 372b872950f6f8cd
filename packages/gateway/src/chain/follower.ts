import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database, Trx } from "../context.ts";
import { type Loop, startLoop } from "../loop.ts";
import type { Metrics } from "../observability/metrics.ts";
import { appendBlocks, dropAbove, finalizeUpTo, readHead, readOpenBlocks } from "./branch.ts";
import { createDecode } from "./decode.ts";
import {
  BranchCutShort,
  ChainMismatch,
  ChainReplaced,
  ChainUnavailable,
  FencedOut,
  FinalBlockReplaced,
} from "./errors.ts";
import type { ChainEvent } from "./events.ts";
import { createFinalNumber } from "./finality.ts";
import { checkIdentity } from "./identity.ts";
import { type Lease, createLease } from "./lease.ts";
import { type Block, type ChainNode, NodeError, type RawLog } from "./node.ts";
import type { Deployment, Head } from "./reader.ts";

export interface FollowerOptions {
  db: Database;
  node: ChainNode;
  deployment: Deployment;
  log: Logger;
  metrics: Metrics;
  pollMs: number;
  /** Blocks on top of one that make it final; 0: the node's `finalized` tag. */
  confirmations: number;
  /** Called in the transaction that stores these events, in the chain's order. Both listeners must be idempotent. */
  onEvents: (trx: Trx, events: ChainEvent[]) => Promise<void>;
  /** Called in the transaction that takes back events of these jobs, by id on chain. */
  onRolledBack: (trx: Trx, chainJobIds: string[]) => Promise<void>;
}

/** Keeps the database's copy of our contracts' events equal to the chain's best branch. */
export interface Follower {
  /**
   * Where several processes share a database, one follows and the others stand by. A node that does not answer yet is
   * waited for.
   * @throws ChainMismatch, ChainReplaced
   */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The followed branch's newest block. @throws ChainUnavailable before the first */
  head(): Head;
  /** Resolves once the branch holds what is the node's newest block at the time of the call. */
  caughtUp(): Promise<void>;
  /** Why nothing is followed any more, if so: the chain is not the one that it was. */
  halted(): Error | undefined;
}

/** How many blocks that can still be taken back are fetched ahead of the transaction that stores each. */
const FETCH_AHEAD = 20n;
/** Final blocks are read in ranges that hold about so many events; nodes limit a range's blocks and answers too. */
const EVENTS_PER_RANGE = 1_000;
const MAX_RANGE = 5_000n;
const FIRST_RANGE = 500n;

const isHalting = (error: unknown): error is Error =>
  error instanceof ChainMismatch || error instanceof ChainReplaced || error instanceof FinalBlockReplaced;

export function createFollower(options: FollowerOptions): Follower {
  return new BranchFollower(options);
}

class BranchFollower implements Follower {
  readonly #options: FollowerOptions;
  readonly #lease: Lease;
  readonly #decode;
  readonly #finalNumber;
  readonly #addresses: string[];
  #loop: Loop | undefined;
  #head: Head | undefined;
  #headIsStale = true;
  #identified = false;
  #final = -1n;
  #range = FIRST_RANGE;
  #halted: Error | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#lease = createLease(options.db, "follower");
    this.#decode = createDecode(options.deployment);
    this.#finalNumber = createFinalNumber(options.node, options.confirmations);
    const { escrow, reputation, arbitrationPool } = options.deployment;
    this.#addresses = [escrow, reputation, ...(arbitrationPool === undefined ? [] : [arbitrationPool])];
  }

  async start(): Promise<void> {
    try {
      await this.#identify();
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      this.#options.log.warn({ err: error }, "the chain's node does not answer yet");
    }
    this.#head = await readHead(this.#options.db);
    this.#loop = startLoop({
      everyMs: this.#options.pollMs,
      turn: () => this.#turn(),
      onError: (error, consecutive) => this.#report(error, consecutive),
    });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
    await this.#lease.release();
  }

  head(): Head {
    if (this.#head === undefined) throw new ChainUnavailable("No block of the chain is known yet.");
    return this.#head;
  }

  async caughtUp(): Promise<void> {
    const latest = await this.#options.node.block("latest");
    while (latest !== undefined && (this.#head?.number ?? -1n) < latest.number) {
      if (this.#halted !== undefined) throw this.#halted;
      this.#loop?.wake();
      await sleep(10);
    }
  }

  halted(): Error | undefined {
    return this.#halted;
  }

  async #identify(): Promise<void> {
    if (this.#identified) return;
    await checkIdentity(this.#options.db, this.#options.node, this.#options.deployment);
    this.#identified = true;
  }

  async #turn(): Promise<boolean> {
    if (this.#halted !== undefined) return false;
    await this.#identify();
    const { held, taken } = await this.#lease.keep();
    if (!held || taken || this.#headIsStale) {
      this.#head = await readHead(this.#options.db);
      this.#headIsStale = false;
    }
    if (!held) return false;
    try {
      return await this.#advance();
    } catch (error) {
      // A transaction may have been committed without our hearing of it.
      this.#headIsStale = true;
      throw error;
    }
  }

  /** Brings the branch closer to the node's newest block. @returns whether it is still behind */
  async #advance(): Promise<boolean> {
    const { node, metrics, deployment } = this.#options;
    const latest = await node.block("latest");
    if (latest === undefined) throw new ChainUnavailable("The node has no latest block.");
    const final = await this.#finalNumber(latest);
    const next = this.#head === undefined ? deployment.startBlock : this.#head.number + 1n;
    metrics.followerLag.set(Math.max(0, Number(latest.number - next + 1n)));

    if (next <= latest.number) {
      // One final block behind the head is no reason to leave the block by block way.
      if (final >= next + FETCH_AHEAD) await this.#catchUp(next, final, latest.number);
      else await this.#step(next, latest.number);
    } else if (this.#head !== undefined && latest.number <= this.#head.number) {
      await this.#compare(latest);
    }
    await this.#finalize(final);
    return this.#head === undefined || this.#head.number < latest.number;
  }

  /** Blocks that may still be taken back: each is stored by its own transaction, after its parent. */
  async #step(next: bigint, latest: bigint): Promise<void> {
    const { node } = this.#options;
    const count = latest - next + 1n < FETCH_AHEAD ? latest - next + 1n : FETCH_AHEAD;
    const numbers = Array.from({ length: Number(count) }, (_, index) => next + BigInt(index));
    const blocks = await Promise.all(numbers.map((number) => node.block(number)));
    const missing = blocks.indexOf(undefined);
    const known = blocks.slice(0, missing === -1 ? blocks.length : missing).filter((block) => block !== undefined);
    const logs = await Promise.all(known.map((block) => node.logsOfBlock(block.hash, this.#addresses)));
    for (const [index, block] of known.entries()) {
      if (this.#head !== undefined && block.parentHash !== this.#head.hash) return this.#rollBack(latest);
      await this.#store([block], logs[index] ?? [], block);
    }
  }

  /** Blocks that are final: those with events are stored, a range at a time. */
  async #catchUp(next: bigint, final: bigint, latest: bigint): Promise<void> {
    const { node } = this.#options;
    const last = next + this.#range - 1n < final ? next + this.#range - 1n : final;
    // Asked in one batch, so that the node that gives the logs is one that has the last block.
    const [logs, lastBlock, headBlock] = await Promise.all([
      this.#logsOfRange(next, last),
      node.block(last),
      this.#head === undefined ? undefined : node.block(this.#head.number),
    ]);
    if (headBlock?.hash !== this.#head?.hash) return this.#rollBack(latest);
    if (logs === undefined) return;
    if (lastBlock === undefined)
      throw new ChainUnavailable(`The node does not have block ${last}, which it calls final.`);

    const numbers = [...new Set(logs.map(({ blockNumber }) => blockNumber))].filter((number) => number !== last);
    const blocks = (await Promise.all(numbers.map((number) => node.block(number)))).flatMap((block) => block ?? []);
    const hashes = new Set([...blocks, lastBlock].map(({ hash }) => hash));
    if (!logs.every(({ blockHash }) => hashes.has(blockHash))) {
      throw new ChainUnavailable(`The node gave logs and blocks ${next} to ${last} that do not fit together.`);
    }
    await this.#store([...blocks, lastBlock], logs, lastBlock);
    if (logs.length > EVENTS_PER_RANGE) this.#range = this.#range / 2n || 1n;
    else if (logs.length < EVENTS_PER_RANGE / 2 && this.#range < MAX_RANGE) this.#range *= 2n;
  }

  /** @returns undefined where the node finds the range too large; the next try asks for half of it */
  async #logsOfRange(from: bigint, to: bigint): Promise<RawLog[] | undefined> {
    try {
      return await this.#options.node.logsOfRange(from, to, this.#addresses);
    } catch (error) {
      if (!(error instanceof NodeError) || from === to) throw error;
      this.#range = (to - from + 1n) / 2n;
      this.#options.log.debug({ err: error, from, to }, "the node refused a range of logs; half of it is tried");
      return undefined;
    }
  }

  async #store(blocks: Block[], logs: RawLog[], head: Block): Promise<void> {
    const { metrics, onEvents } = this.#options;
    const byHash = new Map(blocks.map((block) => [block.hash, block]));
    const events = logs
      .flatMap((log) => this.#decode(log, byHash.get(log.blockHash) ?? head) ?? [])
      .sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
    await this.#lease.transaction(async (trx) => {
      await this.#requireHead(trx);
      await appendBlocks(trx, blocks, events);
      if (events.length > 0) await onEvents(trx, events);
    });
    this.#head = { number: head.number, hash: head.hash, timestampSeconds: head.timestampSeconds };
    metrics.followerHead.set(Number(head.number));
    for (const { name } of events) metrics.followerEvents.inc({ event: name });
  }

  /** A block is stored after its parent, and a database may have forgotten what it confirmed. @throws BranchCutShort */
  async #requireHead(trx: Trx): Promise<void> {
    const stored = await readHead(trx);
    if (stored?.hash !== this.#head?.hash) throw new BranchCutShort(stored?.number, this.#head?.number);
  }

  /** The node is not ahead of us: it lags, or it went another way. */
  async #compare(latest: Block): Promise<void> {
    if (latest.hash === this.#head?.hash) return;
    const stored = (await readOpenBlocks(this.#options.db)).find(({ number }) => number === latest.number);
    if (stored === undefined || stored.hash === latest.hash) return;
    await this.#rollBack(latest.number);
  }

  /** Takes back what the node's branch, `latest` blocks long, does not share with ours. */
  async #rollBack(latest: bigint): Promise<void> {
    const { db, node, log, metrics, onRolledBack } = this.#options;
    const stored = await readOpenBlocks(db);
    const actual = await Promise.all(
      stored.map(({ number }) => (number > latest ? Promise.resolve(undefined) : node.block(number))),
    );
    if (stored.some(({ number }, index) => number <= latest && actual[index] === undefined)) {
      throw new ChainUnavailable("The node does not give blocks that it has; where the branches part can't be told.");
    }
    const ancestor = stored.find(({ hash }, index) => hash === actual[index]?.hash);
    const finalIndex = stored.findIndex(({ final }) => final);
    const broken = stored[finalIndex];
    if (ancestor === undefined && broken !== undefined) {
      throw new FinalBlockReplaced(broken.number, actual[finalIndex]?.hash, broken.hash);
    }
    const keepUpTo = ancestor?.number ?? this.#options.deployment.startBlock - 1n;
    const dropped = await this.#lease.transaction(async (trx) => {
      const result = await dropAbove(trx, keepUpTo);
      if (result.chainJobIds.length > 0) await onRolledBack(trx, result.chainJobIds);
      return result;
    });
    this.#head = ancestor;
    metrics.followerRollbacks.inc(dropped.blocks);
    log.info(
      { blocks: dropped.blocks, jobs: dropped.chainJobIds.length, ancestor: keepUpTo },
      "the chain went another way",
    );
  }

  async #finalize(final: bigint): Promise<void> {
    const { metrics } = this.#options;
    const number = this.#head === undefined || final < this.#head.number ? final : this.#head.number;
    if (number <= this.#final) return;
    await this.#lease.transaction(async (trx) => {
      await finalizeUpTo(trx, number);
    });
    this.#final = number;
    metrics.followerFinal.set(Number(number));
  }

  #report(error: unknown, consecutive: number): void {
    const { log, metrics } = this.#options;
    if (isHalting(error)) {
      this.#halted = error;
      log.fatal({ err: error }, "the chain is not followed any more");
    } else if (error instanceof BranchCutShort) {
      log.error({ err: error }, "the database has lost blocks that it had stored; they are followed again");
    } else if (error instanceof FencedOut) {
      log.info("another process follows the chain now");
    } else {
      if (error instanceof ChainUnavailable || error instanceof NodeError) metrics.rpcErrors.inc({ part: "follower" });
      // One hiccup is every node's right.
      log[consecutive === 3 ? "error" : "debug"]({ err: error, consecutive }, "the chain could not be followed");
    }
  }
}
