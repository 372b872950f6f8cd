import { type Block, type ChainNode, NodeError } from "./node.ts";

/** The number of the newest block that no reorg can take back; below zero while there is none. */
export type FinalNumber = (latest: Pick<Block, "number">) => Promise<bigint>;

/** @param confirmations blocks on top of one that make it final; 0: the node's own word, its `finalized` tag */
export function createFinalNumber(node: ChainNode, confirmations: number): FinalNumber {
  if (confirmations > 0) return (latest) => Promise.resolve(latest.number - BigInt(confirmations));
  return async () => {
    try {
      // A chain may be too young to have one.
      return (await node.block("finalized"))?.number ?? -1n;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      throw new Error(`The node knows no finalized block; set CONFIRMATIONS. It said: ${error.message}`, {
        cause: error,
      });
    }
  };
}
