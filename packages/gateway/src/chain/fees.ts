import { getBigInt } from "ethers";
import { isPolygon } from "../config.ts";
import type { ChainNode } from "./node.ts";

const GWEI = 1_000_000_000n;

/** Polygon's validators take no less: https://docs.polygon.technology/pos/concepts/transactions/eip-1559 */
const POLYGON_MIN_TIP = 30n * GWEI;
const MIN_TIP = GWEI / 10n;

/** A base fee can double in six full blocks; the rest of what is offered comes back. */
const BASE_FEE_HEADROOM = 2n;

/** Blocks whose tips are looked at, and which of the tips paid in each. */
const HISTORY_BLOCKS = 5;
const HISTORY_PERCENTILE = 50;

/** After this the node is asked again, while the last answer still serves: a node that makes a block answers late. */
const FRESH_MS = 1_000;
/** Fees older than this are not offered any more: a base fee can rise by an eighth with each block. */
const STALE_MS = 5_000;

/** What a transaction offers, in wei per gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

export interface FeeSource {
  /** What a transaction should offer now, never above the cap; from the last seconds. Asks the node once a second at most. */
  current(): Promise<Fees>;
  /**
   * What a replacement of a transaction at `old` has to offer: an eighth more (nodes ask for a tenth), or the current
   * fees where those are higher.
   * @returns undefined where the cap forbids it
   */
  bump(old: Fees): Promise<Fees | undefined>;
}

/** @param maxFeeGwei no transaction offers more per gas */
export function createFees(node: ChainNode, chainId: bigint, maxFeeGwei: number): FeeSource {
  const cap = BigInt(maxFeeGwei) * GWEI;
  const minTip = isPolygon(chainId) ? POLYGON_MIN_TIP : MIN_TIP;
  let latest: Fees | undefined;
  let readAt = -Infinity;
  let reading: Promise<Fees> | undefined;

  async function read(): Promise<Fees> {
    const history = (await node.send("eth_feeHistory", [HISTORY_BLOCKS, "latest", [HISTORY_PERCENTILE]])) as {
      baseFeePerGas: string[];
      reward?: string[][];
    };
    const nextBaseFee = getBigInt(history.baseFeePerGas.at(-1) ?? "0x0");
    const tips = (history.reward ?? []).map(([tip]) => getBigInt(tip ?? "0x0")).sort((a, b) => (a < b ? -1 : 1));
    const tip = atMost(cap, atLeast(minTip, tips[Math.floor(tips.length / 2)] ?? 0n));
    return { maxPriorityFeePerGas: tip, maxFeePerGas: atMost(cap, nextBaseFee * BASE_FEE_HEADROOM + tip) };
  }

  async function readOnce(): Promise<Fees> {
    const askedAt = performance.now();
    reading ??= read().finally(() => (reading = undefined));
    latest = await reading;
    readAt = askedAt;
    return latest;
  }

  async function current(): Promise<Fees> {
    const age = performance.now() - readAt;
    if (latest === undefined || age > STALE_MS) return readOnce();
    // Where this fails, the next call asks again, and waits for the answer once the last one is stale.
    if (age > FRESH_MS) readOnce().catch(() => undefined);
    return latest;
  }

  return {
    current,
    async bump(old) {
      const now = await current();
      const maxFeePerGas = atLeast(raised(old.maxFeePerGas), now.maxFeePerGas);
      const maxPriorityFeePerGas = atLeast(raised(old.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
      return maxFeePerGas > cap ? undefined : { maxFeePerGas, maxPriorityFeePerGas };
    },
  };
}

/** An eighth more, rounded up. */
const raised = (fee: bigint): bigint => (fee * 9n + 7n) / 8n;
const atLeast = (least: bigint, value: bigint): bigint => (value < least ? least : value);
const atMost = (most: bigint, value: bigint): bigint => (value > most ? most : value);
