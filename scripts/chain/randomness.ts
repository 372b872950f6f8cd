import { Contract, Wallet } from "ethers";
import { setTimeout as sleep } from "node:timers/promises";
import { readCoordinatorArtifact } from "./artifacts.ts";
import type { LocalDeployment } from "./deploy-local.ts";
import { devAccounts } from "./dev-accounts.ts";
import { localProvider } from "./provider.ts";

const POLL_MS = 200;

/**
 * Does on a local chain what Chainlink's nodes do on a public one: answers every request for randomness of the pool. The
 * words are made from the request's number, so that a run can be repeated.
 * @returns a function that ends it, and resolves when nothing is on its way any more
 */
export async function answerRandomness(url: string, deployment: LocalDeployment): Promise<() => Promise<void>> {
  const { abi } = await readCoordinatorArtifact();
  const provider = localProvider(url);
  const node = new Wallet(devAccounts.stranger.privateKey, provider);
  const coordinator = new Contract(deployment.coordinator, abi as [], node);
  const stopping = new AbortController();
  const answering = (async () => {
    let from = deployment.deployBlock;
    while (!stopping.signal.aborted) {
      const latest = await provider.getBlockNumber();
      if (latest >= from) {
        for (const log of await coordinator.queryFilter("RandomWordsRequested", from, latest)) {
          const { requestId } = coordinator.interface.parseLog(log)?.args as unknown as { requestId: bigint };
          await coordinator.getFunction("fulfillRandomWords").send(requestId, deployment.arbitrationPool);
        }
        from = latest + 1;
      }
      await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  // Whoever stops it learns of the failure then.
  answering.catch(() => undefined);
  return async () => {
    stopping.abort();
    await answering;
    provider.destroy();
  };
}
