import { id, type JsonRpcProvider, Wallet, ZeroAddress } from "ethers";
import { createEscrowClient, type EscrowClient } from "@hireforhumans/client";
import {
  type Deployment,
  deploymentSchema,
  domainOf,
  hashOf,
  jobIdOf,
  parseUsdc,
  type Terms,
} from "@hireforhumans/protocol";
import { deployLocal, type LocalDeployment, mintLocalUsdc } from "../../../../scripts/chain/deploy-local.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type LocalChain, startLocalChain } from "../../../../scripts/chain/local-chain.ts";
import { localProvider } from "../../../../scripts/chain/provider.ts";

export const REWARD = parseUsdc("15");
export const FEE = parseUsdc("0.375");
export const TOTAL = REWARD + FEE;
export const EVIDENCE = id("evidence");
export const REASONS = hashOf({ summary: "all there" });

/** A local chain with real USDC and our contracts, and a client for each who plays a part. */
export interface Stage {
  chain: LocalChain;
  deployment: Deployment;
  /** The same and what only a local chain has. */
  local: LocalDeployment;
  provider: JsonRpcProvider;
  client: EscrowClient;
  worker: EscrowClient;
  verifier: EscrowClient;
  /** Has coin for gas and no part in any job. */
  relayer: EscrowClient;
  addresses: { client: string; worker: string; verifier: string; relayer: string };
  /** Terms of a job that no other test has. */
  terms(changes?: Partial<Terms>): Promise<Terms>;
  /** Funds such a job from the client's allowance. */
  funded(changes?: Partial<Terms>): Promise<Terms>;
  idOf(terms: Terms): string;
  stop(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const chain = await startLocalChain();
  const local = await deployLocal(chain.url);
  const deployment = deploymentSchema.strip().parse(local);
  const provider = localProvider(chain.url);
  const [workerAccount] = devAccounts.workers;
  if (workerAccount === undefined) throw new Error("there are no dev workers");
  const as = (key: string): EscrowClient => createEscrowClient({ deployment, signer: new Wallet(key, provider) });
  const client = as(devAccounts.client.privateKey);
  const addresses = {
    client: devAccounts.client.address,
    worker: workerAccount.address,
    verifier: devAccounts.verifier.address,
    relayer: devAccounts.relayer.address,
  };
  await mintLocalUsdc(chain.url, deployment.usdc, addresses.client, parseUsdc("10000"));

  let salts = 0;
  const terms = async (changes: Partial<Terms> = {}): Promise<Terms> => ({
    client: addresses.client,
    worker: ZeroAddress,
    matcher: ZeroAddress,
    verifier: addresses.verifier,
    arbiter: ZeroAddress,
    reward: REWARD,
    minReputation: 0n,
    backstopShareBps: 7_000n,
    deadline: (await client.chainTime()) + 86_400n,
    workWindow: 3_600n,
    verifyWindow: 600n,
    reviewWindow: 0n,
    domain: domainOf("customer_support"),
    specHash: id("packet"),
    salt: id(`job ${salts++}`),
    ...changes,
  });

  return {
    chain,
    deployment,
    local,
    provider,
    client,
    worker: as(workerAccount.privateKey),
    verifier: as(devAccounts.verifier.privateKey),
    relayer: as(devAccounts.relayer.privateKey),
    addresses,
    terms,
    async funded(changes) {
      const job = await terms(changes);
      await client.approve({ amount: TOTAL });
      await client.fund({ terms: job });
      return job;
    },
    idOf: (job) => jobIdOf(deployment.chainId, deployment.escrow, job),
    async stop() {
      provider.destroy();
      await chain.stop();
    },
  };
}
