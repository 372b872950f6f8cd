import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet } from "ethers";
import type { Logger } from "pino";
import { createClient, createWorkerClient, type Client, type WorkerClient } from "@hireforhumans/client";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { freePort } from "../../../../scripts/stack/stack.ts";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { startGateway } from "../../src/gateway.ts";
import { type BootstrapOptions, type BootstrappedClient, bootstrapClient } from "../../src/keys/bootstrap.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { type Engine, gatewayDatabase } from "../support/database.ts";
import { silentLog } from "../support/log.ts";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined where there is none. */
  body: Record<string, unknown> | undefined;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array;
  headers?: Record<string, string>;
}

/** A whole gateway on a real local chain and a database of its own. */
export interface TestGateway {
  url: string;
  /** Its settings; with another PORT a second one can run on the same PostgreSQL. */
  env: Record<string, string>;
  ctx: Context;
  chain: TestChain;
  /** The wallet `devAccounts.client` with a key that may do everything. */
  client: BootstrappedClient;
  agent: Client;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Another client or key. */
  bootstrap(options: Partial<BootstrapOptions>): Promise<BootstrappedClient>;
  /** A worker who is signed in, with a profile that takes `test` jobs, on line. */
  worker(index: number, domain?: string): Promise<{ client: WorkerClient; token: string }>;
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  engine: Engine;
  log?: Logger;
  env?: Record<string, string>;
  /** USDC base units that the client gets, allows and sets as its limit. */
  funds?: bigint;
}

export async function startTestGateway({
  engine,
  log = silentLog,
  env = {},
  funds = 1_000_000_000n,
}: TestGatewayOptions): Promise<TestGateway> {
  const chain = await startTestChain();
  const dataDir = await mkdtemp(join(tmpdir(), "hireforhumans-gateway-"));
  const database = await gatewayDatabase(engine)(dataDir);
  const { escrow, reputation, usdc, startBlock, chainId } = chain.deployment;
  if (funds > 0n) await chain.fundClient(funds);
  const settings = {
    // Sign-in messages name the port, so it has to be known before.
    PORT: String(await freePort()),
    HFH_DATA_DIR: dataDir,
    HFH_ALLOW_LOOPBACK: "true",
    RPC_URL: chain.chain.url,
    CHAIN_ID: chainId.toString(),
    ESCROW_ADDRESS: escrow,
    REPUTATION_ADDRESS: reputation,
    USDC_ADDRESS: usdc,
    START_BLOCK: startBlock.toString(),
    FOLLOWER_POLL_MS: "50",
    RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
    ORACLE_PRIVATE_KEY: devAccounts.verifier.privateKey,
    ...database.env,
    ...env,
  };
  const gateway = await startGateway(readConfig(settings), log);
  // What it says of the client's money is as of the block that it has come to.
  await gateway.caughtUp();
  const { context: ctx, url } = gateway;
  const client = await bootstrapClient(ctx.db, { address: devAccounts.client.address });
  return {
    url,
    env: settings,
    ctx,
    chain,
    client,
    agent: createClient({ baseUrl: url, apiKey: client.apiKey }),
    call: (method, path, options) => call(`${url}${path}`, method, options),
    bootstrap: (options) => bootstrapClient(ctx.db, { address: devAccounts.stranger.address, ...options }),
    worker: (index, domain = "test") => signInWorker(url, index, domain),
    caughtUp: () => gateway.caughtUp(),
    async stop() {
      await gateway.stop();
      await chain.stop();
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function signInWorker(baseUrl: string, index: number, domain: string) {
  const account = devAccounts.workers[index];
  if (account === undefined) throw new Error(`There is no worker ${index} among the development accounts.`);
  const client = createWorkerClient({ baseUrl, signer: new Wallet(account.privateKey) });
  const { token } = await client.signIn();
  await client.createProfile({ domain, skills: [], languages: ["english"] });
  await client.setPresence("online");
  return { client, token };
}

export async function call(url: string, method: string, options: CallOptions = {}): Promise<Answer> {
  const { token, body, raw, headers = {} } = options;
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent as BodyInit }),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? (JSON.parse(text) as Record<string, unknown>) : undefined,
  };
}

/** A body of POST /v1/jobs as integrations in the field send it. */
export const fieldBody = {
  category: "customer_support_escalation",
  description: "Customer is angry about a double charge. Sort it out and tell us what was agreed.",
  context: { conversation_history: "Customer: you charged me twice!\nBot: I am sorry.", customer_id: "cus_81" },
  requirements: ["english", "support_experience"],
  reward: "15.00",
  deadline_minutes: 30,
};

/** Waits until `read` gives something, as whatever happens by itself takes a moment. */
export async function eventually<T>(read: () => Promise<T | undefined>, withinMs = 25_000): Promise<T> {
  const endAt = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > endAt) throw new Error(`It did not happen within ${withinMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
