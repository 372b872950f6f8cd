import { Contract, type EventLog, type Log, Wallet } from "ethers";
import { setTimeout as sleep } from "node:timers/promises";
import { readCoordinatorArtifact } from "./artifacts.ts";
import type { LocalDeployment } from "./deploy-local.ts";
import { devAccounts } from "./dev-accounts.ts";
import { localProvider } from "./provider.ts";

const POLL_MS = 200;

/**
 * Does on a local chain what Chainlink's nodes do on a public one: answers every request for randomness of the pool. The
 * words are made from the request's number, so that a run can be repeated.
 * @returns a function that ends it, and resolves when nothing is on its way any more; it rejects where the last try failed
 */
export async function answerRandomness(url: string, deployment: LocalDeployment): Promise<() => Promise<void>> {
  const { abi } = await readCoordinatorArtifact();
  const provider = localProvider(url);
  const node = new Wallet(devAccounts.stranger.privateKey, provider);
  const coordinator = new Contract(deployment.coordinator, abi as [], node);
  const stopping = new AbortController();
  let from = deployment.deployBlock;
  let failure: unknown;

  async function answerNew(): Promise<void> {
    const latest = await provider.getBlockNumber();
    if (latest < from) return;
    const answered = new Set<unknown>();
    for (const log of await coordinator.queryFilter("RandomWordsFulfilled", from, latest)) answered.add(idIn(log));
    for (const log of await coordinator.queryFilter("RandomWordsRequested", from, latest)) {
      // A try that failed half-way has answered some.
      if (!answered.has(idIn(log)))
        await coordinator.getFunction("fulfillRandomWords").send(idIn(log), deployment.arbitrationPool);
    }
    from = latest + 1;
  }

  const idIn = (log: Log | EventLog): bigint =>
    (coordinator.interface.parseLog(log)?.args as unknown as { requestId: bigint }).requestId;

  const answering = (async () => {
    while (!stopping.signal.aborted) {
      // A node that is away for a moment is asked again; whoever stops it learns of what lasts.
      failure = await answerNew().then(
        () => undefined,
        (error: unknown) => error,
      );
      await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await answering;
    provider.destroy();
    if (failure !== undefined) throw failure as Error;
  };
}
