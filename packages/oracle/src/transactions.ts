import type { Provider } from "ethers";
import type { Sources, TransactionState } from "./check.ts";

/** Looks transactions up on the chains there is a node of. */
export function createTransactionSource(nodes: ReadonlyMap<number, Provider>): Sources["transaction"] {
  return (chainId, hash) => {
    const provider = nodes.get(chainId);
    return provider === undefined ? undefined : stateOf(provider, hash);
  };
}

async function stateOf(provider: Provider, hash: string): Promise<TransactionState> {
  const receipt = await provider.getTransactionReceipt(hash);
  if (receipt === null) {
    return { state: (await provider.getTransaction(hash)) === null ? "unknown" : "pending" };
  }
  const newest = await provider.getBlockNumber();
  const confirmations = newest - receipt.blockNumber + 1;
  const logs = receipt.logs.map(({ address, topics, data }) => ({ address, topics, data }));
  return { state: "mined", succeeded: receipt.status === 1, to: receipt.to, confirmations, logs };
}
