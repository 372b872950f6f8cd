import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Wallet } from "ethers";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { createFees } from "../../src/chain/fees.ts";
import { createFinalNumber } from "../../src/chain/finality.ts";
import { ChainNode } from "../../src/chain/node.ts";
import { createOutbox } from "../../src/chain/outbox.ts";
import { type Deployment, type Head, createChainReader } from "../../src/chain/reader.ts";
import { createKeySigner } from "../../src/chain/signer.ts";
import { Secret, readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import type { OpenDatabase } from "../../src/database/open.ts";
import { handoffRoutes } from "../../src/handoff/routes.ts";
import { createApp } from "../../src/http/app.ts";
import { Drain } from "../../src/http/drain.ts";
import { createKeyAuthenticator } from "../../src/keys/authenticate.ts";
import { createCandidateFeed } from "../../src/matching/candidate-feed.ts";
import { CandidateIndex } from "../../src/matching/candidates.ts";
import { matchingRoutes } from "../../src/matching/routes.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { profileRoutes } from "../../src/workers/profile-routes.ts";
import { workerRoutes } from "../../src/workers/routes.ts";
import { createSessionAuthenticator } from "../../src/workers/sessions.ts";
import { silentLog } from "../support/log.ts";

/** The chain's time as long as a test does not move it. */
export const NOW_SECONDS = 1_800_000_000n;

const addressOf = (byte: string): string => new Wallet(`0x${byte.repeat(32)}`).address;

/** Where no node answers: enough for whoever signs with a key. */
const nowhere: Deployment = {
  chainId: 31337n,
  escrow: addressOf("22"),
  reputation: addressOf("33"),
  usdc: addressOf("44"),
  startBlock: 0n,
};

export interface Answer {
  status: number;
  body: unknown;
}

export interface MatchingGateway {
  ctx: Context;
  /** The followed head's time; a test may set it. */
  clock: { seconds: bigint };
  call(method: string, path: string, token?: string, body?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * The parts of a gateway that matching needs, on a real database and queue, with its API. The queue keeps what it is sent
 * and the outbox what it is asked for, until `register` gives them somebody to do it.
 */
export async function matchingGateway(
  database: OpenDatabase,
  chain?: { url: string; deployment: Deployment },
  register: (ctx: Context) => void = () => undefined,
): Promise<MatchingGateway> {
  const node = new ChainNode(chain?.url ?? "http://127.0.0.1:1", 31337);
  const clock = { seconds: NOW_SECONDS };
  const ctx = contextOf(database, node, chain?.deployment ?? nowhere, () => ({
    number: 1n,
    hash: `0x${"00".repeat(32)}`,
    timestampSeconds: clock.seconds,
  }));
  register(ctx);
  await ctx.queue.start();
  const server = appOf(ctx).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ctx,
    clock,
    call: (...request) => callAt(url, ...request),
    async stop() {
      server.close();
      await ctx.queue.stop();
      node.destroy();
    },
  };
}

function contextOf(
  { db, listen, queue: connection }: OpenDatabase,
  node: ChainNode,
  deployment: Deployment,
  head: () => Head,
) {
  const relayerKey = devAccounts.relayer.privateKey;
  const config = readConfig({
    ESCROW_ADDRESS: deployment.escrow,
    REPUTATION_ADDRESS: deployment.reputation,
    USDC_ADDRESS: deployment.usdc,
    RELAYER_PRIVATE_KEY: relayerKey,
    ORACLE_PRIVATE_KEY: relayerKey,
    PUBLIC_URL: "https://work.example",
    STRANGER_REQUESTS_PER_MINUTE: "100000",
  });
  const metrics = createMetrics();
  const outbox = createOutbox({
    db,
    listen,
    node,
    chainId: deployment.chainId,
    signer: createKeySigner(new Secret(relayerKey)),
    fees: createFees(node, deployment.chainId, config.maxFeeGwei),
    finalNumber: createFinalNumber(node, 1),
    log: silentLog,
    metrics,
    pollMs: 50,
    bumpAfterMs: config.bumpAfterMs,
  });
  const queue = createQueue({ connection, log: silentLog, metrics });
  const reader = createChainReader(node, deployment, head);
  const candidates = new CandidateIndex();
  const parts: Omit<Context, "oracle" | "files" | "records" | "network"> = {
    config,
    db,
    listen,
    log: silentLog,
    metrics,
    outbox,
    queue,
    chain: reader,
    candidates,
    feed: createCandidateFeed({ db, candidates, log: silentLog }),
  };
  // Nothing here verifies evidence, stores files or calls others.
  return parts as Context;
}

function appOf(ctx: Context) {
  const routes = [...workerRoutes(ctx), ...profileRoutes(ctx), ...matchingRoutes(ctx), ...handoffRoutes(ctx)];
  const authenticators = {
    key: createKeyAuthenticator(ctx.db),
    session: createSessionAuthenticator(ctx.db),
    operator: () => undefined,
  };
  return createApp(ctx, routes, authenticators, new Drain());
}

async function callAt(url: string, method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
}
