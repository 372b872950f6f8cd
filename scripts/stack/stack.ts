import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { bootstrapClient, createLogger, type Gateway, readConfig, startGateway } from "@hireforhumans/gateway";
import { createEscrowClient } from "@hireforhumans/client";
import { ONE_USDC, usdcInterface } from "@hireforhumans/protocol";
import { Contract, JsonRpcProvider, Wallet } from "ethers";
import { deployLocal, type LocalDeployment, mintLocalUsdc } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { seedJurors } from "./jurors.ts";
import { answerRandomness } from "../chain/randomness.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";

export interface StackOptions {
  /** Of the gateway. 0: any free one. */
  port: number;
  /** Of the chain. 0: any free one. */
  chainPort: number;
  /** Default: a block for each transaction, at once. */
  blockIntervalMs?: number;
  /** Default: the local node's own. */
  blockGasLimit?: bigint;
  /** Where the gateway keeps its database and files. */
  dataDir: string;
  /** Default: a new one. */
  apiKey?: string;
  /** Settings of the gateway beside these, by their names in the environment. */
  env?: Record<string, string>;
  /** Makes what the gateway needs on this chain, a committee and its nodes, say. @returns further settings of the gateway */
  prepare?: (made: {
    chain: LocalChain;
    deployment: LocalDeployment;
    gatewayUrl: string;
  }) => Promise<Record<string, string>>;
  /** Of the gateway. Default: one that writes where LOG_LEVEL says. */
  log?: ReturnType<typeof createLogger>;
  /** What is being started, for whoever waits. */
  onProgress(what: string): void;
}

/** All of HireForHumans on one machine: chain, contracts, gateway, oracle, and a client with money. */
export interface Stack {
  chain: LocalChain;
  deployment: LocalDeployment;
  gateway: Gateway;
  apiKey: string;
  /** Verifies the signatures of the webhooks of that key's client. */
  webhookSecret: string;
  /** Base units of USDC that an account holds by the chain's own word. */
  usdcOf: (address: string) => Promise<bigint>;
  /** Base units that wait in the escrow for an account (the treasury's fees). */
  creditOf: (address: string) => Promise<bigint>;
  stop(): Promise<void>;
}

/** What those have who pay in a local stack, and what its gateway may spend of it. */
const payers = [
  { account: devAccounts.client, funds: 100_000n * ONE_USDC, remaining: 50_000n * ONE_USDC, perJob: 500n * ONE_USDC },
  { account: devAccounts.reviewFund, funds: 1_000n * ONE_USDC, remaining: 1_000n * ONE_USDC, perJob: ONE_USDC },
];

/** Throws what its parts throw: a taken port by its number, a folder in use by its path. */
export async function startStack(options: StackOptions): Promise<Stack> {
  options.onProgress("chain");
  const chain = await startLocalChain({
    port: options.chainPort,
    ...(options.blockGasLimit === undefined ? {} : { blockGasLimit: options.blockGasLimit }),
  });
  try {
    options.onProgress("USDC and contracts");
    const deployment = await deployLocal(chain.url);
    options.onProgress("the payers' money and the gateway's limits");
    await grantLimits(chain, deployment);
    await seedJurors(chain.url, deployment);
    const stopRandomness = await answerRandomness(chain.url, deployment);
    if (options.blockIntervalMs !== undefined) await mineByTheClock(chain, options.blockIntervalMs);
    options.onProgress("gateway and oracle");
    const port = options.port === 0 ? await freePort() : options.port;
    const prepared = await options.prepare?.({ chain, deployment, gatewayUrl: `http://127.0.0.1:${port}` });
    const gateway = await startGateway(
      configOf(chain, deployment, port, { ...options, env: { ...options.env, ...prepared } }),
      options.log ?? createLogger(logLevelOf(options)),
    );
    return await stackOf(chain, deployment, gateway, stopRandomness, options);
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

const logLevelOf = (options: StackOptions) => readLevel(options.env?.["LOG_LEVEL"]);
const readLevel = (level = "warn") => level as Parameters<typeof createLogger>[0];

async function stackOf(
  chain: LocalChain,
  deployment: LocalDeployment,
  gateway: Gateway,
  stopRandomness: () => Promise<void>,
  options: StackOptions,
) {
  const provider = new JsonRpcProvider(chain.url, undefined, { staticNetwork: true, cacheTimeout: -1 });
  const usdc = new Contract(deployment.usdc, usdcInterface, provider);
  const escrow = createEscrowClient({ provider, deployment });
  const { apiKey, webhookSecret } = await bootstrapClient(gateway.context.db, {
    address: devAccounts.client.address,
    name: "development",
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
  });
  await gateway.caughtUp();
  return {
    chain,
    deployment,
    gateway,
    apiKey,
    webhookSecret,
    usdcOf: (address: string) => usdc.getFunction("balanceOf")(address) as Promise<bigint>,
    creditOf: (address: string) => escrow.credit({ owner: address }),
    async stop() {
      await gateway.stop();
      await stopRandomness();
      provider.destroy();
      await chain.stop();
    },
  };
}

const configOf = (
  chain: LocalChain,
  deployment: LocalDeployment,
  port: number,
  { dataDir, env = {} }: Pick<StackOptions, "dataDir" | "env">,
) => readConfig({ ...settingsFor(chain, deployment, port), HFH_DATA_DIR: dataDir, ...env });

/** Settings of a gateway on this chain, by their names in the environment; where it keeps its data is for others to say. */
export function settingsFor(
  chain: Pick<LocalChain, "url">,
  deployment: LocalDeployment,
  port: number,
): Record<string, string> {
  return {
    PORT: String(port),
    HFH_ALLOW_LOOPBACK: "true",
    RPC_URL: chain.url,
    CHAIN_ID: String(deployment.chainId),
    ESCROW_ADDRESS: deployment.escrow,
    REPUTATION_ADDRESS: deployment.reputation,
    USDC_ADDRESS: deployment.usdc,
    ARBITRATION_POOL: deployment.arbitrationPool,
    START_BLOCK: String(deployment.deployBlock),
    RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
    ORACLE_PRIVATE_KEY: devAccounts.verifier.privateKey,
    // Only what a job asks for: the workers of a local stack are all newcomers, and nobody there is called to review.
    REVIEW_FUND: devAccounts.reviewFund.address,
    REVIEW_BELOW_SCORE: "0",
    REVIEW_SHARE: "0",
    LOG_LEVEL: "warn",
  };
}

/** Gives those who pay their money, and the gateway its limits. */
export async function grantLimits(chain: LocalChain, deployment: LocalDeployment): Promise<void> {
  for (const payer of payers) await grantLimit(chain, deployment, payer);
}

/** What an agent builder does once: allow the escrow to pull, and limit what the gateway may make it pull. */
export async function grantLimit(
  chain: LocalChain,
  deployment: LocalDeployment,
  { account, funds, remaining, perJob }: (typeof payers)[number],
): Promise<void> {
  await mintLocalUsdc(chain.url, deployment.usdc, account.address, funds);
  const provider = new JsonRpcProvider(chain.url, undefined, {
    staticNetwork: true,
    cacheTimeout: -1,
    pollingInterval: 50,
  });
  try {
    const client = createEscrowClient({ signer: new Wallet(account.privateKey, provider), deployment });
    await client.approve({ amount: funds });
    const year = 365 * 24 * 3600;
    await client.setSpendingLimit({
      operator: devAccounts.relayer.address,
      remaining,
      perJob,
      expiresAt: BigInt((await chain.timeSeconds()) + year),
    });
  } finally {
    provider.destroy();
  }
}

/** Only now, since what is above would wait for a block a dozen times. */
async function mineByTheClock(chain: LocalChain, intervalMs: number): Promise<void> {
  await chain.rpc("evm_setAutomine", [false]);
  await chain.rpc("evm_setIntervalMining", [intervalMs]);
}

/** Below the ports that systems take for outgoing connections: one of those could be taken while its process is away. */
const [firstPort, lastPort] = [15_000, 32_000];
const givenPorts = new Set<number>();

/** A port that nobody listens on, and that was not given before. Sign-in messages name it, so it has to be known early. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(firstPort, lastPort);
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      server.close();
      await once(server, "close");
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

/** Where scripts keep what they make. */
export const localFolder = (...path: string[]): string => join(import.meta.dirname, "..", "..", ".hfh", ...path);
