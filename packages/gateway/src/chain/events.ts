/** One event of one of our contracts on the followed branch. */
export interface ChainEvent {
  /** The contract's address, checksummed. */
  address: string;
  name: string;
  /** By parameter name: integers as decimal text, addresses checksummed, bytes as lower-case hex, lists joined by commas. */
  args: Record<string, string>;
  /** The job it is about; null where it is about none (a spending limit, say). */
  chainJobId: string | null;
  blockHash: string;
  blockNumber: bigint;
  /** Unix seconds. */
  blockTimestampSeconds: bigint;
  logIndex: number;
  transactionHash: string;
}
