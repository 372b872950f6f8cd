import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { keccak256, toQuantity } from "ethers";
import { type Event, parseUsdc } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type MortalGateway, startMortalGateway } from "./process.ts";
import { deadlineMinutes, domain, type Stage, startStage } from "./stage.ts";
import { gatewayDatabase } from "../support/database.ts";

/** The process dies while the agent reads this; a new one tries again once the attempt's time is over, 30 s. */
const fatalNews = "job.completed";

let stage: Stage;
let gateway: MortalGateway;
let rpc: Server;
let hooks: Server;
const deathsAt = new Set<string>();
const heard: { id: string; event: Event }[] = [];
beforeAll(async () => {
  stage = await startStage({ database: gatewayDatabase("embedded") });
  // From here on the gateway is another process, over the same database and chain.
  await stage.stack.gateway.stop();
  rpc = await listening(passOn);
  hooks = await listening(hear);
  gateway = startMortalGateway(environment(urlOf(rpc)));
  await gateway.ready();
});
afterAll(async () => {
  await gateway.stop();
  for (const server of [rpc, hooks]) server.close().closeAllConnections();
  await stage.stop();
});

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>) {
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function environment(rpcUrl: string): Record<string, string> {
  const { config } = stage.stack.gateway.context;
  return {
    PORT: String(config.port),
    HFH_DATA_DIR: config.dataDir,
    HFH_ALLOW_LOOPBACK: "true",
    RPC_URL: rpcUrl,
    CHAIN_ID: String(config.chainId),
    ESCROW_ADDRESS: config.escrow,
    REPUTATION_ADDRESS: config.reputation,
    USDC_ADDRESS: config.usdc,
    START_BLOCK: String(config.startBlock),
    RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
    ORACLE_PRIVATE_KEY: devAccounts.verifier.privateKey,
    // An offer must outlast some deaths.
    OFFER_WAVE_SIZES: "1",
    OFFER_WAVE_SECONDS: "600",
    LOG_LEVEL: "silent",
  };
}

/** Lets the process die the first time that it gets there. */
function dieOnceAt(step: string): void {
  if (deathsAt.has(step)) return;
  deathsAt.add(step);
  gateway.kill();
  throw new Error(`died at ${step}`);
}

/** Between the gateway and the node: it dies before the node has a transaction, and after, before it hears of it. */
async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const calls = [JSON.parse(body) as unknown].flat() as { method: string; params: string[] }[];
  const sent = calls.flatMap(({ method, params: [raw] }) =>
    method === "eth_sendRawTransaction" && raw !== undefined ? [keccak256(raw)] : [],
  );
  for (const hash of sent) dieOnceAt(`before ${hash}`);
  const headers = { "content-type": "application/json" };
  const answer = await (await fetch(stage.stack.chain.url, { method: "POST", headers, body })).text();
  for (const hash of sent) dieOnceAt(`after ${hash}`);
  response.writeHead(200, headers).end(answer);
}

/** The agent's webhook receiver. */
async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const event = JSON.parse(await text(request)) as Event;
  heard.push({ id: String(request.headers["webhook-id"]), event });
  if (event.type === fatalNews) dieOnceAt(event.type);
  response.writeHead(204).end();
}

/** Asks again until it is done, as a caller does who got no answer. A new process waits for the dead one's lease. */
const insist = <Result>(ask: () => Promise<Result>): Promise<Result> =>
  vi.waitFor(ask, { timeout: 120_000, interval: 100 });

it(
  "pays once and tells all once, whichever step of funding and settlement it dies at",
  { timeout: 600_000 },
  async () => {
    const { agent, ada, stack } = stage;
    const nonceOf = async () =>
      Number(await stack.chain.rpc("eth_getTransactionCount", [devAccounts.relayer.address, "latest"]));
    const head = Number(await stack.chain.rpc("eth_blockNumber", []));
    const before = {
      client: await stack.usdcOf(devAccounts.client.address),
      worker: await stack.usdcOf(ada.address),
      nonce: await nonceOf(),
    };
    const request = {
      category: domain,
      description: "A customer asks for a person.",
      requirements: ["english"],
      reward: "12.00",
      deadline_minutes: deadlineMinutes,
      webhook_url: `${urlOf(hooks)}/hooks`,
    };
    const idempotencyKey = "one-job-for-all-these-deaths";
    const job = await insist(() => agent.jobs.create(request, { idempotencyKey }));
    const offer = await insist(async () => {
      const { data } = await ada.api.offers.list({ status: "pending" });
      const made = data.find(({ job_id }) => job_id === job.job_id);
      return made ?? Promise.reject(new Error("there is no offer"));
    });
    await insist(() => ada.api.offers.accept(offer));
    const content = { resolution: "Refunded.", items: [{ kind: "text" as const, text: "Called the customer." }] };
    await insist(() => ada.api.evidence.submit(offer, content));
    await insist(async () => expect((await agent.jobs.get(job.job_id)).status).toBe("paid"));
    await vi.waitUntil(() => heard.filter(({ event }) => event.type === fatalNews).length > 1, { timeout: 120_000 });

    expect(await stack.usdcOf(devAccounts.client.address)).toBe(before.client - parseUsdc("12.30"));
    expect(await stack.usdcOf(ada.address)).toBe(before.worker + parseUsdc("12.00"));
    // Fund, accept, and submit with release, or these two apart where the verdict came late: each was sent again and again,
    // was mined once, and did something.
    const mined = (await nonceOf()) - before.nonce;
    const address = stack.gateway.context.config.escrow;
    const logs = (await stack.chain.rpc("eth_getLogs", [{ address, fromBlock: toQuantity(head + 1) }])) as {
      transactionHash: string;
    }[];
    expect(mined).toBe(new Set(logs.map(({ transactionHash }) => transactionHash)).size);
    expect([3, 4]).toContain(mined);
    expect(gateway.deaths()).toBe(mined * 2 + 1);

    const idsByType = Map.groupBy(heard, ({ event }) => event.type);
    expect([...idsByType.keys()]).toEqual([
      "job.created",
      "job.funded",
      "job.offered",
      "job.accepted",
      "job.submitted",
      "job.verified",
      "job.completed",
    ]);
    for (const [type, deliveries] of idsByType)
      expect(new Set(deliveries.map(({ id }) => id)), type).toHaveProperty("size", 1);
    expect([...new Set(heard.map(({ event }) => event.sequence))]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  },
);
