import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type Client,
  createClient,
  createEscrowClient,
  createOperator,
  createWorkerClient,
} from "@hireforhumans/client";
import type { WorkerClient } from "@hireforhumans/client";
import { usdcInterface } from "@hireforhumans/protocol";
import { Contract, type JsonRpcProvider, Wallet } from "ethers";
import { deployLocal, type LocalDeployment } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { localProvider } from "../chain/provider.ts";
import { PostgresServer } from "../stack/postgres.ts";
import { freePort, grantLimits, settingsFor } from "../stack/stack.ts";
import { type Gate, startGate } from "./gate.ts";
import { type Receiver, startReceiver } from "./hooks.ts";
import { type Mortal, startMortal } from "./mortal.ts";
import { insist } from "./insist.ts";
import { domain } from "./lives.ts";

const execute = promisify(execFile);
const gatewayPath = fileURLToPath(new URL("../../packages/gateway/src/main.ts", import.meta.url));
const oraclePath = fileURLToPath(new URL("../../packages/oracle/src/main.ts", import.meta.url));

export interface WorldOptions {
  engine: "postgres" | "embedded";
}

export interface WorldWorker {
  address: string;
  api: WorkerClient;
}

/** A whole stack of processes that may die, with gates between them. */
export interface World {
  /** Undefined: the database is the embedded one. */
  postgres: PostgresServer | undefined;
  blockIntervalMs: number;
  chain: LocalChain;
  deployment: LocalDeployment;
  provider: JsonRpcProvider;
  escrow: ReturnType<typeof createEscrowClient>;
  /** Between the gateway and the chain's node. */
  rpc: Gate;
  /** Between the gateway and the oracle's node. */
  oracleGate: Gate;
  gateway: Mortal;
  oracle: Mortal;
  gatewayUrl: string;
  apiKey: string;
  agent: Client;
  workers: WorldWorker[];
  receiver: Receiver;
  dataDir: string;
  /** The jobs that are played now, by id on chain, and how many are yet to be posted. */
  playing: Set<string>;
  toPost: number;
  /** File systems that are mounted for it. */
  mounts: string[];
  /** What went wrong by itself: processes that ended untold. */
  faults: string[];
  usdcOf(address: string): Promise<bigint>;
  stop(): Promise<void>;
}

export const databaseName = "hireforhumans";
const blockIntervalMs = 200;
const operatorToken = `hfo_${"chaos".repeat(8)}`;
const nodeToken = "what the gateway and its oracle's node share";
/** Blocks on top of one that make it final: more than a reorg of the campaign takes back. */
export const confirmations = 70;

export async function startWorld({ engine }: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-chaos-"));
  const clearAway = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", clearAway);
  // The database's own account has to get to its data.
  await chmod(folder, 0o755);
  const postgres = engine === "postgres" ? await PostgresServer.create(join(folder, "postgres")) : undefined;
  await postgres?.query(`create database ${databaseName}`);
  const chain = await startLocalChain();
  const deployment = await deployLocal(chain.url);
  await grantLimits(chain, deployment);
  await chain.rpc("evm_setAutomine", [false]);
  await chain.rpc("evm_setIntervalMining", [blockIntervalMs]);

  const rpc = await startGate(chain.url);
  const faults: string[] = [];
  const onFault = (what: string) => void faults.push(what);
  const [gatewayPort, oraclePort] = [await freePort(), await freePort()];
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const oracleUrl = `http://127.0.0.1:${oraclePort}`;
  const oracleGate = await startGate(oracleUrl);
  const configuration = {
    port: oraclePort,
    private_key: { env: "ORACLE_KEY" },
    chain_id: deployment.chainId,
    rpc_url: rpc.url,
    escrow: deployment.escrow,
    gateway_url: gatewayUrl,
    gateway_token: { env: "GATEWAY_TOKEN" },
    database: join(folder, "oracle.db"),
    allow_loopback: true,
    log_level: "warn",
  };
  await writeFile(join(folder, "oracle.json"), JSON.stringify(configuration));
  const oracle = startMortal({
    name: "oracle",
    command: [oraclePath, join(folder, "oracle.json")],
    env: { GATEWAY_TOKEN: nodeToken, ORACLE_KEY: devAccounts.verifier.privateKey },
    readyUrl: `${oracleUrl}/readyz`,
    onFault,
  });
  const settings = settingsFor({ url: rpc.url }, deployment, gatewayPort);
  const gateway = startMortal({
    name: "gateway",
    command: [gatewayPath],
    env: {
      ...settings,
      // Jobs that know no disputes end without a wait.
      ARBITRATION_POOL: "",
      HFH_DATA_DIR: folder,
      ...(postgres === undefined ? {} : { DATABASE_URL: postgres.urlOf(databaseName) }),
      DATABASE_CONNECTIONS: "8",
      ORACLE_PRIVATE_KEY: "",
      ORACLE_NODES: JSON.stringify([{ url: oracleGate.url, address: devAccounts.verifier.address, token: nodeToken }]),
      OPERATOR_TOKEN: operatorToken,
      REVIEW_FUND: "",
      FOLLOWER_POLL_MS: "200",
      CONFIRMATIONS: String(confirmations),
      // An offer must outlast some deaths.
      OFFER_WAVE_SECONDS: "120,120,120,120",
      STRANGER_REQUESTS_PER_MINUTE: "1000000",
      REQUESTS_PER_MINUTE: "1000000",
      LOG_LEVEL: "warn",
      BUMP_AFTER_MS: "1000",
    },
    readyUrl: `${gatewayUrl}/readyz`,
    onFault,
  });
  await Promise.all([oracle.ready(), gateway.ready()]);

  const operator = createOperator({ baseUrl: gatewayUrl, token: operatorToken });
  const client = await operator.createClient({ address: devAccounts.client.address, name: "chaos" });
  const provider = localProvider(chain.url);
  const usdc = new Contract(deployment.usdc, usdcInterface, provider);
  const receiver = await startReceiver(client.webhook_secret);
  const world: World = {
    postgres,
    blockIntervalMs,
    chain,
    deployment,
    provider,
    escrow: createEscrowClient({ provider, deployment }),
    rpc,
    oracleGate,
    gateway,
    oracle,
    gatewayUrl,
    apiKey: client.secret,
    agent: createClient({ baseUrl: gatewayUrl, apiKey: client.secret, retry: { attempts: 1 }, timeoutMs: 20_000 }),
    workers: [],
    receiver,
    dataDir: folder,
    playing: new Set(),
    toPost: 0,
    mounts: [],
    faults,
    usdcOf: (address) => usdc.getFunction("balanceOf")(address) as Promise<bigint>,
    async stop() {
      await Promise.all([gateway.stop(), oracle.stop()]);
      for (const part of [rpc, oracleGate, receiver]) part.stop();
      provider.destroy();
      await chain.stop();
      await postgres?.stop("immediate");
      for (const mount of world.mounts) await execute("umount", [mount]);
      await rm(folder, { recursive: true, force: true });
      process.off("exit", clearAway);
    },
  };
  for (const index of [0, 1]) world.workers.push(await signUp(world, index));
  return world;
}

async function signUp({ gatewayUrl, deployment }: World, index: number): Promise<WorldWorker> {
  const account = devAccounts.workers[index];
  if (account === undefined) throw new Error(`there is no development account for worker ${index}`);
  const signer = new Wallet(account.privateKey);
  const api = createWorkerClient({
    baseUrl: gatewayUrl,
    signer,
    trusted: deployment,
    retry: { attempts: 1 },
    timeoutMs: 20_000,
  });
  await insist(() => api.signIn());
  await api.update({ name: `Worker ${index}`, country: "DE", capacity: 50 });
  await api.createProfile({ domain, skills: ["billing"], languages: ["english"] });
  await api.setPresence("online");
  return { address: account.address, api };
}
