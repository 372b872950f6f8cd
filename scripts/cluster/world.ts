import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createOperator } from "@hireforhumans/client";
import { usdcInterface } from "@hireforhumans/protocol";
import { Contract, type JsonRpcProvider } from "ethers";
import { deployLocal, type LocalDeployment } from "../chain/deploy-local.ts";
import { devAccounts } from "../chain/dev-accounts.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { localProvider } from "../chain/provider.ts";
import { PostgresServer } from "../stack/postgres.ts";
import { freePort, grantLimits, settingsFor } from "../stack/stack.ts";
import { type Balancer, startBalancer } from "./balancer.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { type Relay, startRelay } from "./relay.ts";

export const root = join(import.meta.dirname, "..", "..");
/** Blocks on top of one that make it final. */
const confirmations = 8;
const blockIntervalMs = 500;
const gatewayCount = 3;
const database = "hireforhumans";

/** Three gateways behind one address, on one database behind another, and all that they need. */
export interface World {
  /** Where everything of the run lies. */
  folder: string;
  chain: LocalChain;
  deployment: LocalDeployment;
  provider: JsonRpcProvider;
  postgres: PostgresServer;
  /** Where the gateways reach their database. */
  databaseRelay: Relay;
  gateways: GatewayProcess[];
  balancer: Balancer;
  apiKey: string;
  receiver: Receiver;
  /** Processes that ended by themselves. */
  faults: string[];
  usdcOf(address: string): Promise<bigint>;
  /** Transactions of the relayer that the chain has. */
  relayerTransactions(): Promise<number>;
  /** Asks the database that the gateways write to. */
  query(statement: string): Promise<Record<string, unknown>[]>;
  /** Starts a gateway in the place of one that is gone. @param code where its code is; default: this project's */
  replace(index: number, code?: string): Promise<void>;
  /** What else has to end with it, before what there was already. */
  endings: Endings;
  stop(): Promise<void>;
}

/** What has to end with a world: the last begun first. */
class Endings {
  readonly #list: (() => unknown)[] = [];
  begun = false;

  add(end: () => unknown): void {
    this.#list.push(end);
  }

  /** Idempotent. */
  async run(): Promise<void> {
    this.begun = true;
    for (let end = this.#list.pop(); end !== undefined; end = this.#list.pop()) await end();
  }
}

export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-cluster-"));
  // The database's own account has to get to its data.
  await chmod(folder, 0o755);
  const endings = new Endings();
  endings.add(() => rm(folder, { recursive: true, force: true }));
  try {
    return await build(folder, endings);
  } catch (error) {
    await endings.run();
    throw error;
  }
}

async function build(folder: string, endings: Endings): Promise<World> {
  const postgres = await PostgresServer.create(join(folder, "postgres"));
  endings.add(() => postgres.stop("immediate"));
  await postgres.query(`create database ${database}`);
  const databaseRelay = await startRelay(postgres.port);
  endings.add(() => databaseRelay.stop());

  const chain = await startLocalChain();
  endings.add(() => chain.stop());
  const deployment = await deployLocal(chain.url);
  await grantLimits(chain, deployment);
  await chain.rpc("evm_setAutomine", [false]);
  await chain.rpc("evm_setIntervalMining", [blockIntervalMs]);
  const provider = localProvider(chain.url);
  endings.add(() => {
    provider.destroy();
  });

  const ports: number[] = [];
  for (let index = 0; index < gatewayCount; index++) ports.push(await freePort());
  const balancer = await startBalancer(ports);
  endings.add(() => balancer.stop());
  const operatorToken = `hfo_${randomBytes(24).toString("hex")}`;
  const env = {
    ...settingsFor(chain, deployment, 0),
    PUBLIC_URL: balancer.url,
    HFH_DATA_DIR: join(folder, "data"),
    DATABASE_URL: `postgresql://postgres@127.0.0.1:${databaseRelay.port}/${database}`,
    OPERATOR_TOKEN: operatorToken,
    REVIEW_FUND: "",
    CONFIRMATIONS: String(confirmations),
    STRANGER_REQUESTS_PER_MINUTE: "10000000",
    REQUESTS_PER_MINUTE: "10000000",
    LOG_LEVEL: "info",
    // The balancer looks several times in a second.
    DRAIN_SECONDS: "1",
  };
  const faults: string[] = [];
  const logFolder = join(folder, "logs");
  await mkdir(logFolder);
  const startGateway = (index: number, code: string) =>
    new GatewayProcess({
      name: `gateway ${index + 1}`,
      root: code,
      port: ports[index] ?? 0,
      env,
      logFolder,
      onFault: (what) => faults.push(what),
    });
  const gateways = ports.map((_port, index) => startGateway(index, root));
  endings.add(() => Promise.all(gateways.map((gateway) => gateway.kill())));
  await Promise.all(gateways.map((gateway) => gateway.ready()));
  // The balancer looks for itself, a moment later.
  while (balancer.ready().length < gatewayCount) await sleep(20);
  const operator = createOperator({ baseUrl: balancer.url, token: operatorToken });
  const { secret, webhook_secret } = await operator.createClient({ address: devAccounts.client.address, name: "load" });
  const receiver = await startReceiver(webhook_secret);
  endings.add(() => receiver.stop());

  const usdc = new Contract(deployment.usdc, usdcInterface, provider);
  const world: World = {
    folder,
    chain,
    deployment,
    provider,
    postgres,
    databaseRelay,
    gateways,
    balancer,
    apiKey: secret,
    receiver,
    faults,
    usdcOf: (address) => usdc.getFunction("balanceOf")(address) as Promise<bigint>,
    relayerTransactions: () => provider.getTransactionCount(devAccounts.relayer.address),
    query: (statement) => world.postgres.query(statement, database),
    async replace(index, code = root) {
      if (endings.begun) throw new Error("the campaign is over");
      gateways[index] = startGateway(index, code);
      await gateways[index].ready();
    },
    endings,
    stop: () => endings.run(),
  };
  return world;
}
