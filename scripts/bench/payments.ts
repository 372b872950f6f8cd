import { setTimeout as sleep } from "node:timers/promises";
import { escrowInterface } from "@hireforhumans/protocol";
import { JsonRpcProvider } from "ethers";

/** When payments came to stand in a block, by the chain's own word. */
export interface Payments {
  /** By `performance.now()`; undefined while the job's reward is not paid. */
  seenAt(chainJobId: string): number | undefined;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 20;

/** Looks at every new block as soon as there is one. */
export function watchPayments(chainUrl: string, escrow: string): Payments {
  const provider = new JsonRpcProvider(chainUrl, undefined, { staticNetwork: true, cacheTimeout: -1 });
  const times = new Map<string, number>();
  const topic = escrowInterface.getEvent("Released").topicHash;
  let stopped = false;

  async function watch(): Promise<void> {
    let last = await provider.getBlockNumber();
    while (!stopped) {
      const latest = await provider.getBlockNumber();
      const now = performance.now();
      if (latest > last) {
        const logs = await provider.getLogs({ address: escrow, fromBlock: last + 1, toBlock: latest, topics: [topic] });
        for (const { topics } of logs) times.set(topics[1] ?? "", now);
        last = latest;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  const watching = watch();
  return {
    seenAt: (chainJobId) => times.get(chainJobId),
    async stop() {
      stopped = true;
      await watching;
      provider.destroy();
    },
  };
}
