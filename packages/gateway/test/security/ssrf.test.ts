import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type LookupFunction } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodeClient, createPublicNetwork, type PublicNetwork } from "@hireforhumans/oracle";
import { innerAddresses } from "../../../oracle/test/inner-addresses.ts";
import { keepPage } from "../../src/evidence/pages.ts";
import { attemptDelivery, sendingsOf } from "../../src/webhooks/attempt.ts";
import { fieldBody, type TestGateway, startTestGateway } from "../http/test-gateway.ts";

/** A machine of ours that nobody outside may reach; it counts who tries. */
async function startInner() {
  let connections = 0;
  const server = createSocketServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections, stop: () => server.close() };
}

/** A name that is public when it is asked for first, and ours from then on. */
function rebinding(): LookupFunction {
  let asked = 0;
  return (_host, options, callback) => {
    asked += 1;
    const address = asked === 1 ? "93.184.215.14" : "127.0.0.1";
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}

describe("an address that is not public", () => {
  let gateway: TestGateway;
  let ours: Awaited<ReturnType<typeof startInner>>;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine: "embedded", env: { HFH_ALLOW_LOOPBACK: "false" } });
    ours = await startInner();
  });
  afterAll(async () => {
    ours.stop();
    await gateway.stop();
  });

  const post = (path: string, body: object) => gateway.call("POST", path, { token: gateway.client.apiKey, body });
  const confirmedBy = (url: string) => ({
    ...fieldBody,
    acceptance: { checks: [{ check: "http_confirmation", params: { url } }] },
  });
  /** Each place where a stranger's URL comes in, and what it is refused with. */
  const doors: [string, (url: string) => ReturnType<typeof post>, object][] = [
    [
      "an endpoint of webhooks",
      (url) => post("/v1/webhooks/endpoints", { url }),
      { code: "webhook_url_not_allowed", param: "url" },
    ],
    [
      "a job's webhook",
      (url) => post("/v1/jobs", { ...fieldBody, webhook_url: url }),
      { code: "webhook_url_not_allowed", param: "webhook_url" },
    ],
    [
      "the system that confirms a job",
      (url) => post("/v1/jobs", confirmedBy(url)),
      { code: "invalid_request", param: "acceptance.checks.0.params" },
    ],
  ];

  it.each(doors)("is refused as %s, however it is written", async (_, door, problem) => {
    for (const url of innerAddresses) {
      const answer = await door(url);
      // What is no URL at all by the standard is refused as that.
      const refused = answer.body?.["code"] === "invalid_request" ? { status: 422 } : { status: 422, body: problem };
      expect(answer, url).toMatchObject(refused);
    }
    expect(await door("https://93.184.215.14/")).toMatchObject({ status: 201 });
  });

  it("is looked at neither as a link that a worker wants kept nor as one of evidence, however it is written", async () => {
    const { client, token } = await gateway.worker(0);
    const { id } = await client.me();
    const { job_id } = await gateway.agent.jobs.create(fieldBody);
    const { db } = gateway.ctx;
    const statusOf = () => db.selectFrom("jobs").select("status").where("id", "=", job_id).executeTakeFirst();
    await expect.poll(statusOf, { timeout: 20_000 }).toEqual({ status: "open" });
    const accepted = { status: "accepted", worker_id: id, next_wave_at: null };
    await db.updateTable("jobs").set(accepted).where("id", "=", job_id).execute();
    for (const url of innerAddresses) {
      const answer = await gateway.call("POST", `/v1/jobs/${job_id}/links`, { token, body: { url } });
      // What is no URL at all by the standard is refused as that.
      if (answer.status === 422) expect(answer.body, url).toMatchObject({ code: "invalid_request" });
      else {
        const problem = expect.stringMatching(/not at a public https address|does not resolve/) as string;
        expect(answer, url).toMatchObject({ status: 200, body: { copy: null, problem, leads_to: null } });
        expect(await gateway.ctx.network.refusalOf(url), url).toBeDefined();
      }
    }
  });

  it("is refused at the connection by the network that fetches for webhooks, confirmations and evidence", async () => {
    const network = createPublicNetwork({ allowLoopback: false });
    for (const text of innerAddresses.filter((url) => URL.canParse(url))) {
      const url = new URL(text);
      if (url.port === "") url.port = String(ours.port);
      await expect(network.request(url, { method: "GET" }), text).rejects.toThrow();
    }
    expect(ours.connections()).toBe(0);
    await network.close();
  });

  describe("behind a name that changes its mind", () => {
    const rebound = async (use: (network: PublicNetwork, url: string) => Promise<void>) => {
      const network = createPublicNetwork({ allowLoopback: false, lookup: rebinding() });
      const url = `https://rebinding.example:${ours.port}/`;
      expect(await network.refusalOf(url)).toBeUndefined();
      await use(network, url);
      await network.close();
      expect(ours.connections()).toBe(0);
    };

    it("is not reached by a webhook", () =>
      rebound(async (network, url) => {
        const made = await post("/v1/webhooks/endpoints", { url: "https://93.184.215.14/" });
        const id = String(made.body?.["id"]);
        await gateway.ctx.db.updateTable("webhook_endpoints").set({ url }).where("id", "=", id).execute();
        await gateway.agent.jobs.create(fieldBody);
        // Whether or not the gateway's own sender has had it in hand.
        const delivery = await gateway.ctx.db
          .selectFrom("webhook_deliveries")
          .select(["id", "endpoint_id", "event_id", "job_id", "attempts"])
          .where("endpoint_id", "=", id)
          .limit(1)
          .executeTakeFirstOrThrow();
        const [sending] = await sendingsOf(gateway.ctx, [delivery]);
        if (sending === undefined) throw new Error("there is nothing to send");
        expect(await attemptDelivery({ ...gateway.ctx, network }, sending)).toEqual({
          delivered: false,
          status: null,
          error: "the receiver's address is not a public one",
        });
        await gateway.agent.webhooks.deleteEndpoint(id);
      }));

    it("is not reached by a link of evidence", () =>
      rebound(async (network, url) => {
        const none = { copy: null, problem: "it is not at a public https address", leads_to: null };
        expect(await keepPage({ ...gateway.ctx, network }, url)).toEqual(none);
      }));

    it("is not reached by a fetch for a confirmation or for evidence", () =>
      rebound(async (network, url) => {
        await expect(network.request(new URL(url), { method: "GET" })).rejects.toMatchObject({
          code: "ERR_IP_BLOCKED",
        });
      }));
  });

  it("is not reached by a redirect, neither of a receiver nor of a node of the oracle", async () => {
    const redirecting = createServer((_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${ours.port}/` }).end();
    }).listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    const { port } = redirecting.address() as AddressInfo;
    const network = createPublicNetwork({ allowLoopback: true });
    const url = new URL(`http://127.0.0.1:${port}/`);
    expect((await network.request(url, { method: "POST", body: "{}" })).status).toBe(307);
    const node = createNodeClient({
      url: url.href,
      token: "t".repeat(32),
      address: `0x${"0".repeat(40)}`,
      linkTo: () => "",
    });
    const words = { worker: `0x${"0".repeat(40)}`, reasons: {} as never, validUntilSeconds: 1n };
    await expect(node.sign(words, AbortSignal.timeout(5_000))).rejects.toThrow("fetch failed");
    expect(ours.connections()).toBe(0);
    await network.close();
    redirecting.close().closeAllConnections();
  });
});
