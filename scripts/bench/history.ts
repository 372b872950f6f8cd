import { type LocalDeployment, mintLocalUsdc } from "../chain/deploy-local.ts";
import { type DevAccount, devAccounts } from "../chain/dev-accounts.ts";
import type { LocalChain } from "../chain/local-chain.ts";
import { ONE_USDC, type Terms, domainOf, escrowInterface, saltOf, usdcInterface } from "@hireforhumans/protocol";
import { MaxUint256, Wallet, ZeroAddress, ZeroHash, id, toQuantity } from "ethers";

/** Jobs in one transaction, and so in one block. */
export const JOBS_PER_BLOCK = 10;

const REWARD = ONE_USDC;
const FEE = ONE_USDC / 40n;
const EVIDENCE = id("evidence");
/** What the sender hands over who speaks for itself. */
const UNSIGNED = "0x";
const HOUR = 3_600n;

/** Terms as a gateway writes them, of jobs that anyone may take. */
export function historyTerms(jobIds: readonly string[], nowSeconds: number): Terms[] {
  return jobIds.map((jobId) => ({
    client: devAccounts.client.address,
    worker: ZeroAddress,
    matcher: ZeroAddress,
    verifier: devAccounts.verifier.address,
    arbiter: ZeroAddress,
    reward: REWARD,
    minReputation: 0n,
    backstopShareBps: 5_000n,
    deadline: BigInt(nowSeconds) + 24n * HOUR,
    workWindow: HOUR,
    verifyWindow: HOUR,
    reviewWindow: 0n,
    domain: domainOf("customer_support_escalation"),
    specHash: id(jobId),
    salt: saltOf(jobId),
  }));
}

/**
 * Lets these jobs live their whole life on chain, each step by the account whose right it is, without a gateway: funded,
 * accepted and submitted, released; a block for each step of every ten jobs.
 */
export async function playHistory(chain: LocalChain, deployment: LocalDeployment, jobs: Terms[]): Promise<void> {
  const { escrow, usdc } = deployment;
  await mintLocalUsdc(chain.url, usdc, devAccounts.client.address, (REWARD + FEE) * BigInt(jobs.length));
  const [client, verifier] = [senderOf(chain, devAccounts.client), senderOf(chain, devAccounts.verifier)];
  const workers = devAccounts.workers.map((account) => ({ account, send: senderOf(chain, account) }));
  await client(usdc, usdcInterface.encodeFunctionData("approve", [escrow, MaxUint256]));
  for (let start = 0; start < jobs.length; start += JOBS_PER_BLOCK) {
    const some = jobs.slice(start, start + JOBS_PER_BLOCK);
    const worker = workers[(start / JOBS_PER_BLOCK) % workers.length];
    if (worker === undefined) throw new Error("there is no development account for a worker");
    await client(escrow, multicall(some.map(fund)));
    await worker.send(escrow, multicall(some.flatMap((terms) => work(terms, worker.account.address))));
    await verifier(escrow, multicall(some.map(release)));
  }
}

const multicall = (calls: string[]): string => escrowInterface.encodeFunctionData("multicall", [calls]);
const fund = (terms: Terms): string => escrowInterface.encodeFunctionData("fund", [terms]);
const work = (terms: Terms, worker: string): string[] => [
  escrowInterface.encodeFunctionData("accept", [terms, worker, 0n, UNSIGNED]),
  escrowInterface.encodeFunctionData("submit", [terms, EVIDENCE, 0n, UNSIGNED]),
];
const release = (terms: Terms): string =>
  escrowInterface.encodeFunctionData("release", [
    terms,
    { evidenceHash: EVIDENCE, reasonsHash: ZeroHash, validUntil: 0n },
    UNSIGNED,
  ]);

/** Sends one transaction after the other; the chain makes a block of each at once. @throws where one fails */
function senderOf(chain: LocalChain, account: DevAccount): (to: string, data: string) => Promise<void> {
  const wallet = new Wallet(account.privateKey);
  let nonce: number | undefined;
  return async (to, data) => {
    nonce ??= Number(await chain.rpc("eth_getTransactionCount", [account.address, "latest"]));
    const raw = await wallet.signTransaction({
      type: 2,
      chainId: chain.chainId,
      nonce: nonce++,
      to,
      data,
      gasLimit: 5_000_000n,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 10n ** 9n,
    });
    const hash = await chain.rpc("eth_sendRawTransaction", [raw]);
    const receipt = (await chain.rpc("eth_getTransactionReceipt", [hash])) as {
      status: string;
      gasUsed: string;
    } | null;
    if (receipt?.status === toQuantity(1)) return;
    throw new Error(`a transaction of the history failed: ${JSON.stringify(receipt)}`);
  };
}
