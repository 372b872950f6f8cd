import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { projectCases } from "./arbitration/project.ts";
import { createEscrowBatch } from "./chain/batch.ts";
import { createFees } from "./chain/fees.ts";
import { createFinalNumber } from "./chain/finality.ts";
import { createFollower, type Follower } from "./chain/follower.ts";
import { hashInWasm } from "./chain/keccak.ts";
import { ChainNode } from "./chain/node.ts";
import { createOutbox } from "./chain/outbox.ts";
import { createChainReader, type Deployment } from "./chain/reader.ts";
import { createBalanceWatch } from "./chain/relayer-balance.ts";
import { createTransactionSigner } from "./chain/signer.ts";
import { openRelayer, openVerifier, requireRolesApart } from "./chain/keys.ts";
import type { Config } from "./config.ts";
import type { Context, Trx } from "./context.ts";
import { migrate, newerMigrations } from "./database/migrate.ts";
import { openDatabase, type OpenDatabase } from "./database/open.ts";
import { createDiskFileStore } from "./evidence/files.ts";
import { createGatewayApp } from "./gateway-app.ts";
import { Drain } from "./http/drain.ts";
import { connectOracle } from "./verification/connect-oracle.ts";
import { createCandidateFeed } from "./matching/candidate-feed.ts";
import { CandidateIndex } from "./matching/candidates.ts";
import { createMetrics } from "./observability/metrics.ts";
import { readGoldenTasks } from "./review/golden.ts";
import { projectJobs } from "./jobs/project.ts";
import { createQueue } from "./queue/queue.ts";
import { requireNoRebuild } from "./rebuild/begin.ts";
import { createDiskRecordStore } from "./records/store.ts";
import { createWebhookSender } from "./webhooks/sender.ts";
import { createPublicNetwork } from "@hireforhumans/oracle";
import { projectionListeners, registerWork } from "./gateway-work.ts";

export interface Gateway {
  /** Where it listens: "http://127.0.0.1:3000". */
  url: string;
  context: Context;
  /** Resolves once everything on the chain up to now is in the database. */
  caughtUp(): Promise<void>;
  /**
   * Is not ready any more, serves on for `drainSeconds`, takes no new requests, ends those in hand and the work in hand,
   * then closes the database. Idempotent.
   */
  stop(): Promise<void>;
}

/**
 * Starts a whole gateway in this process.
 * @throws FolderInUse, EmbeddedRefused, SchemaTooNew, RebuildUnfinished, SignerRefused, SignerUnavailable, KeyRolesShared,
 * ChainMismatch, ChainReplaced; EADDRINUSE where the port is taken
 */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  await hashInWasm();
  const database = await openDatabase(config, log);
  try {
    await migrate(database.db);
    const newer = await newerMigrations(database.db);
    if (newer.length > 0)
      log.warn({ migrations: newer }, "newer gateways have added to the database; this one goes on");
    await requireNoRebuild(database.db);
    return await startOn(database, config, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startOn(database: OpenDatabase, config: Config, log: Logger): Promise<Gateway> {
  const { context, follower, node } = await assemble(database, config, log);
  const { outbox, queue, feed } = context;
  if (config.goldenTasksFile !== undefined) await readGoldenTasks(context.db, config.goldenTasksFile);
  registerWork(context);
  const drain = new Drain();
  const probes = { follower: () => requireFollowing(follower), serving: () => drain.requireServing() };
  const app = createGatewayApp(context, probes, drain);
  const server = createServer(serverLimits, app as RequestListener);
  const parts: { stop(): Promise<unknown> }[] = [];
  const stopParts = async () => {
    for (const part of parts.reverse()) await part.stop();
    await context.network.close();
    node.destroy();
  };
  try {
    for (const part of [follower, outbox, feed, queue, createWebhookSender(context)]) {
      parts.push(part);
      await part.start();
    }
    await listen(server, config);
  } catch (error) {
    await stopParts();
    throw error;
  }
  const stop = oneStop(async () => {
    drain.begin();
    await sleep(config.drainSeconds * 1_000);
    await closeServer(server);
    await drain.ended();
    await stopParts();
    await database.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${config.host}:${port}`, context, caughtUp: () => follower.caughtUp(), stop };
}

const BALANCE_EVERY_MS = 60_000;

async function assemble(database: OpenDatabase, config: Config, log: Logger) {
  const { db, listen, connections, queue: connection } = database;
  const metrics = createMetrics();
  const [relayer, verifier] = [await openRelayer(config), await openVerifier(config)];
  requireRolesApart(config, relayer, verifier);
  const node = new ChainNode(config.rpcUrl, config.chainId);
  const deployment: Deployment = {
    chainId: BigInt(config.chainId),
    escrow: config.escrow,
    reputation: config.reputation,
    usdc: config.usdc,
    arbitrationPool: config.arbitrationPool,
    startBlock: BigInt(config.startBlock),
  };
  const queue = createQueue({ connection, log, metrics });
  const listeners = projectionListeners(queue);
  async function project(trx: Trx, chainJobIds: string[]): Promise<void> {
    await projectJobs(trx, deployment.escrow, chainJobIds, listeners);
    if (deployment.arbitrationPool !== undefined) await projectCases(trx, deployment.arbitrationPool, chainJobIds);
  }
  const follower = createFollower({
    db,
    node,
    deployment,
    log,
    metrics,
    pollMs: config.followerPollMs,
    confirmations: config.confirmations,
    onEvents: (trx, events) =>
      project(
        trx,
        events.flatMap(({ chainJobId }) => chainJobId ?? []),
      ),
    onRolledBack: project,
  });
  const fees = createFees(node, deployment.chainId, config.maxFeeGwei);
  const outbox = createOutbox({
    db,
    listen,
    node,
    chainId: deployment.chainId,
    signer: createTransactionSigner(relayer),
    fees,
    finalNumber: createFinalNumber(node, config.confirmations),
    log,
    metrics,
    pollMs: config.followerPollMs,
    bumpAfterMs: config.bumpAfterMs,
    batch: createEscrowBatch(deployment.escrow),
  });
  const balance = { node, fees, relayer: relayer.address, least: config.relayerLowTransactions, log, metrics };
  queue.sweep("relayer_balance", BALANCE_EVERY_MS, createBalanceWatch(balance));
  const chain = createChainReader(node, deployment, () => follower.head());
  const files = createDiskFileStore(join(config.dataDir, "files"));
  const records = createDiskRecordStore(join(config.dataDir, "records"));
  const network = createPublicNetwork({ allowLoopback: config.allowLoopback });
  const oracle = await connectOracle(config, { verifier, node, files, network, log, metrics });
  const candidates = new CandidateIndex();
  const feed = createCandidateFeed({ db, candidates, log });
  const context: Context = {
    config,
    db,
    ...(connections === undefined ? {} : { connections }),
    listen,
    log,
    metrics,
    chain,
    outbox,
    queue,
    candidates,
    feed,
    oracle,
    files,
    records,
    network,
  };
  return { context, follower, node };
}

function requireFollowing(follower: Follower): void {
  const reason = follower.halted();
  if (reason !== undefined) throw reason;
}

/** Against callers who hold connections without asking anything. Bodies have limits of their own, by what they are. */
const serverLimits = {
  headersTimeout: 10_000,
  maxHeaderSize: 16 * 1024,
  // Ten minutes for the largest file on a slow line.
  requestTimeout: 600_000,
  connectionsCheckingInterval: 2_000,
};

async function listen(server: Server, { host, port }: Config): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

/** Answers take less, but where the chain is away; an open event stream is cut off then, and resumes elsewhere. */
const drainMs = 10_000;

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(cut);
}

function oneStop(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= stop());
}
