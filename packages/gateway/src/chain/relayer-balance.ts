import type { Logger } from "pino";
import type { Metrics } from "../observability/metrics.ts";
import type { FeeSource } from "./fees.ts";
import type { ChainNode } from "./node.ts";

export interface RelayerBalanceOptions {
  node: ChainNode;
  fees: FeeSource;
  /** The relayer's address. */
  relayer: string;
  /** Below so many transactions that it can still pay for, the alarm is given. */
  least: number;
  log: Logger;
  metrics: Metrics;
}

/** What a transaction of the relayer uses at most, by the rows of docs/gas.md. */
const GAS_OF_TRANSACTION = 250_000n;

/**
 * Looks at the coin by which the relayer pays for its transactions. The alarm is in the metrics while it lasts, and in the
 * log when it begins and when it ends.
 * @returns a sweep that looks once
 */
export function createBalanceWatch(options: RelayerBalanceOptions): () => Promise<number> {
  const { node, fees, relayer, least, log, metrics } = options;
  let low = false;
  return async () => {
    const [balance, { maxFeePerGas }] = await Promise.all([node.getBalance(relayer), fees.current()]);
    const left = Number(balance / (maxFeePerGas * GAS_OF_TRANSACTION));
    metrics.relayerBalance.set(Number(balance) / 1e18);
    metrics.relayerTransactionsLeft.set(left);
    metrics.relayerBalanceLow.set(left < least ? 1 : 0);
    if (left < least === low) return 0;
    low = left < least;
    const about = { relayer, balance_wei: balance.toString(), transactions_left: left, alarm_below: least };
    if (low) log.error(about, "the relayer's coin is running out: fund it");
    else log.info(about, "the relayer has coin enough again");
    return 0;
  };
}
