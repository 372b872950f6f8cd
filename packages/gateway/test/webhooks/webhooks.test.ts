import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPublicNetwork } from "@hireforhumans/oracle";
import { eventSchema, type JobCreateInput } from "@hireforhumans/protocol";
import { createGatewayApp } from "../../src/gateway-app.ts";
import { Drain } from "../../src/http/drain.ts";
import { appendJobEvent } from "../../src/jobs/events.ts";
import { attemptDelivery, sendingsOf } from "../../src/webhooks/attempt.ts";
import { claimDeliveries, renewClaims } from "../../src/webhooks/claim.ts";
import { giveUpOldDeliveries } from "../../src/webhooks/record.ts";
import { CIRCUIT_FAILURES } from "../../src/webhooks/retry.ts";
import { engines } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type TestGateway, call, eventually, fieldBody, startTestGateway } from "../http/test-gateway.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

describe.each(engines)("webhooks (%s)", (engine) => {
  const { log, lines } = recordingLog();
  let gateway: TestGateway;
  let receiver: Receiver;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, log });
  });
  afterAll(() => gateway.stop());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await gateway.ctx.db.updateTable("webhook_endpoints").set({ deleted_at: new Date() }).execute();
    await receiver.stop();
  });

  const api = (method: string, path: string, body?: unknown) =>
    gateway.call(method, path, { token: gateway.client.apiKey, ...(body === undefined ? {} : { body }) });
  const job = async (changes: Partial<JobCreateInput> = {}) =>
    (await gateway.agent.jobs.create({ ...fieldBody, webhook_url: receiver.url, ...changes })).job_id;
  const tell = (jobId: string, once: string) =>
    gateway.ctx.db
      .transaction()
      .execute((trx) => appendJobEvent(trx, { jobId, type: "job.question", once, data: { question: once } }));
  const received = (jobId: string, count: number) =>
    eventually(() => Promise.resolve(receiver.of(jobId).length >= count ? receiver.of(jobId) : undefined));
  const deliveries = async (jobId: string) => {
    const answer = await api("GET", `/v1/webhooks/deliveries?job_id=${jobId}&limit=100`);
    return answer.body?.["data"] as {
      id: string;
      status: string;
      attempts: number;
      error: string | null;
      sequence: number;
      next_attempt_at: string | null;
    }[];
  };
  /** Retries wait for seconds and hours in life. What is under way is tried a second time by it, as by another process. */
  const letTimePass = async (jobId: string) => {
    await gateway.ctx.db
      .updateTable("webhook_deliveries")
      .set({ next_attempt_at: sql<Date>`now()` })
      .where("job_id", "=", jobId)
      .where("status", "=", "pending")
      .execute();
    await sql`select pg_notify('webhooks', '')`.execute(gateway.ctx.db);
  };

  it("carry an event in the form that receivers read, signed as Standard Webhooks says", async () => {
    const jobId = await job({
      webhook_headers: { Authorization: "Bearer receiver-token", "X-Team": "support" },
      state: { step: 2 },
    });
    const [first] = await received(jobId, 1);
    new Webhook(gateway.client.webhookSecret).verify(first!.body, first!.headers as Record<string, string>);
    expect(eventSchema.parse(first!.event)).toMatchObject({
      type: "job.created",
      job_id: jobId,
      resolution: null,
      worker_notes: null,
      sequence: 1,
      state: { step: 2 },
      data: { job_id: jobId, total: "15.375" },
    });
    expect(first!.headers).toMatchObject({
      authorization: "Bearer receiver-token",
      "x-team": "support",
      "content-type": "application/json",
      "webhook-id": first!.event.id,
    });
    expect(() =>
      new Webhook(`whsec_${Buffer.from("another secret").toString("base64")}`).verify(
        first!.body,
        first!.headers as Record<string, string>,
      ),
    ).toThrow();
  });

  it("leave within a moment of what they tell", async () => {
    const jobId = await job();
    await received(jobId, 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The quickest of some: a busy machine is slow for reasons of its own.
    let quickestMs = Infinity;
    for (let tries = 0; tries < 20 && quickestMs >= 500; tries++) {
      const seen = receiver.of(jobId).length;
      const toldAtMs = Date.now();
      await tell(jobId, `now ${tries}`);
      const last = (await received(jobId, seen + 1)).at(-1);
      quickestMs = Math.min(quickestMs, last!.atMs - toldAtMs);
    }
    expect(quickestMs).toBeLessThan(500);
  });

  it("come in the order of their job, each once, also when tries fail", async () => {
    receiver.answers.push(500, 503, null);
    const jobId = await job();
    for (let index = 0; index < 6; index += 1) await tell(jobId, `q${index}`);
    for (const status of [500, 503]) {
      const error = `the receiver answered with status ${status}`;
      await eventually(async () => (await deliveries(jobId)).find((delivery) => delivery.error === error));
      await letTimePass(jobId);
    }
    // Nobody waits for the one that is not answered.
    await received(jobId, 3);
    await letTimePass(jobId);
    await eventually(async () =>
      (await deliveries(jobId)).every(({ status }) => status === "delivered") ? true : undefined,
    );
    const sequences = receiver.of(jobId).map(({ event }) => event.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    const total = (await deliveries(jobId)).length;
    expect(new Set(sequences).size).toBe(total);
    expect(sequences.length).toBe(total + 3);
    const ids = receiver
      .of(jobId)
      .slice(0, 3)
      .map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
  });

  it("follow no redirect, and tell the client what came", async () => {
    receiver.answers.push(302);
    const jobId = await job();
    const failed = await eventually(async () => (await deliveries(jobId)).find(({ attempts }) => attempts > 0));
    expect(failed).toMatchObject({ status: "pending", attempts: 1 });
    await eventually(async () => {
      const [first] = (await deliveries(jobId)).filter(({ sequence }) => sequence === 1);
      return first?.error === "the receiver answered with status 302" && first.next_attempt_at !== null
        ? true
        : undefined;
    });
  });

  it("are sent again when a client asks, from the same event", async () => {
    const jobId = await job();
    const [first] = await received(jobId, 2);
    const delivered = await eventually(async () =>
      (await deliveries(jobId)).find(({ sequence, status }) => sequence === 1 && status === "delivered"),
    );
    expect(await api("POST", `/v1/webhooks/deliveries/${delivered.id}/replay`)).toMatchObject({
      status: 200,
      body: { status: "pending" },
    });
    const again = await eventually(() =>
      Promise.resolve(
        receiver.of(jobId).filter(({ event }) => event.sequence === 1).length === 2
          ? receiver.of(jobId).at(-1)
          : undefined,
      ),
    );
    expect(again.headers["webhook-id"]).toBe(first!.headers["webhook-id"]);
  });

  it("are given up after a day, and then no longer hold up what follows", async () => {
    const jobId = await job();
    await received(jobId, 2);
    await eventually(async () =>
      (await deliveries(jobId)).every(({ status }) => status === "delivered") ? true : undefined,
    );
    receiver.answers.push(500);
    await tell(jobId, "lost");
    await tell(jobId, "next");
    await eventually(async () => (await deliveries(jobId)).find(({ error }) => error !== null));
    await gateway.ctx.db
      .updateTable("webhook_deliveries")
      .set({ give_up_at: sql<Date>`now() - interval '1 second'` })
      .where("job_id", "=", jobId)
      .where("error", "is not", null)
      .execute();
    await giveUpOldDeliveries(gateway.ctx.db);
    const rows = await eventually(async () => {
      const all = await deliveries(jobId);
      return all.every(({ status }) => status !== "pending") ? all : undefined;
    });
    expect(rows.map(({ status }) => status)).toEqual(["delivered", "dead", ...rows.slice(2).map(() => "delivered")]);
  });

  it("pause for an endpoint that fails and fails, and go on when it is back", async () => {
    const made = await api("POST", "/v1/webhooks/endpoints", { url: receiver.url, event_types: ["job.question"] });
    const endpointId = String(made.body?.["id"]);
    const jobId = await job({ webhook_url: undefined });
    receiver.answers.push(...Array.from({ length: CIRCUIT_FAILURES }, () => 500));
    await tell(jobId, "first");
    const endpointAfter = (failures: number) =>
      eventually(async () => {
        const row = await gateway.ctx.db
          .selectFrom("webhook_endpoints")
          .selectAll()
          .where("id", "=", endpointId)
          .executeTakeFirstOrThrow();
        return row.failures === failures ? row : undefined;
      });
    for (let failures = 1; failures < CIRCUIT_FAILURES; failures += 1) {
      expect((await endpointAfter(failures)).open_until).toBeNull();
      await letTimePass(jobId);
    }
    expect((await endpointAfter(CIRCUIT_FAILURES)).open_until).not.toBeNull();
    await tell(jobId, "while paused");
    await letTimePass(jobId);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.of(jobId)).toHaveLength(CIRCUIT_FAILURES);
    const listed = await api("GET", "/v1/webhooks/endpoints");
    expect((listed.body?.["data"] as { paused_until: string | null }[])[0]?.paused_until).not.toBeNull();

    await gateway.ctx.db
      .updateTable("webhook_endpoints")
      .set({ open_until: sql<Date>`now()` })
      .where("id", "=", endpointId)
      .execute();
    await received(jobId, CIRCUIT_FAILURES + 2);
    expect((await endpointAfter(0)).open_until).toBeNull();
  });

  it("stay claimed while a slow receiver is asked, and come once from all that look", async () => {
    const jobId = await job();
    await received(jobId, 1);
    receiver.answers.push(null);
    await tell(jobId, "slow");
    await received(jobId, 2);
    const claimEndsAtMs = async () =>
      Date.parse(
        (await deliveries(jobId)).find(({ attempts, status }) => attempts > 0 && status === "pending")
          ?.next_attempt_at ?? "",
      );
    const first = await claimEndsAtMs();
    await eventually(async () => ((await claimEndsAtMs()) > first ? true : undefined));
    expect(receiver.of(jobId)).toHaveLength(2);
  });

  if (engine === "postgres")
    it("are renewed without a wait for what another transaction ends, so that no two wait for each other", async () => {
      const { db } = gateway.ctx;
      const jobId = await job({ webhook_url: "http://127.0.0.1:9/nobody" });
      await eventually(async () => (await deliveries(jobId)).find(({ error }) => error !== null));
      // The gateway's own sender leaves them alone.
      await db
        .updateTable("webhook_endpoints")
        .set({ open_until: new Date(Date.now() + 3_600_000) })
        .execute();
      await tell(jobId, "now");
      const [one, two] = (await deliveries(jobId)).map(({ id }) => id);
      if (one === undefined || two === undefined) throw new Error("there are no two deliveries");
      await db
        .updateTable("webhook_deliveries")
        .set({ next_attempt_at: new Date(0) })
        .execute();
      const renewed = await db.transaction().execute(async (trx) => {
        await trx.updateTable("webhook_deliveries").set({ error: "ended" }).where("id", "=", one).execute();
        await renewClaims(db, [one, two]);
        const rows = await db
          .selectFrom("webhook_deliveries")
          .select("id")
          .where("id", "in", [one, two])
          .where("next_attempt_at", ">", sql<Date>`now() + interval '5 seconds'`)
          .execute();
        return rows.map(({ id }) => id);
      });
      expect(renewed).toEqual([two]);
    });

  it("are due again when their sender dies in the middle, and are not taken by two", async () => {
    const jobId = await job({ webhook_url: undefined });
    await api("POST", "/v1/webhooks/endpoints", { url: "http://127.0.0.1:9/closed", event_types: ["job.question"] });
    await tell(jobId, "crash");
    const waiting = await eventually(async () => (await deliveries(jobId)).find(({ error }) => error !== null));
    expect(waiting.error).toBe("the receiver refused the connection");
    await gateway.ctx.db.transaction().execute(async (trx) => {
      await sql`lock table webhook_deliveries in share row exclusive mode`.execute(trx);
      await trx
        .updateTable("webhook_deliveries")
        .set({ next_attempt_at: sql<Date>`now()` })
        .where("id", "=", waiting.id)
        .execute();
      const [claimed, second] = [await claimDeliveries(trx, 10, []), await claimDeliveries(trx, 10, [])];
      expect(claimed.map(({ id }) => id)).toContain(waiting.id);
      expect(second).toEqual([]);
      // The claim ends by itself, some seconds later.
      const row = await trx
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("id", "=", waiting.id)
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ status: "pending" });
      expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now() + 6_000);
    });
  });

  describe("endpoints", () => {
    it("hear of the events they want, with a secret of their own that is shown once", async () => {
      const made = await api("POST", "/v1/webhooks/endpoints", {
        url: receiver.url,
        event_types: ["job.funded"],
        headers: { "X-Token": "hidden" },
      });
      expect(made).toMatchObject({
        status: 201,
        body: { header_names: ["X-Token"], event_types: ["job.funded"], job_id: null },
      });
      const secret = String(made.body?.["secret"]);
      const jobId = await job({ webhook_url: undefined });
      const [first] = await received(jobId, 1);
      expect(first!.event.type).toBe("job.funded");
      new Webhook(secret).verify(first!.body, first!.headers as Record<string, string>);
      const listed = await api("GET", "/v1/webhooks/endpoints");
      expect(listed.text).not.toContain(secret);
      expect(listed.text).not.toContain("hidden");
    });

    it("hear nothing once they are deleted", async () => {
      const made = await api("POST", "/v1/webhooks/endpoints", { url: receiver.url });
      expect((await api("DELETE", `/v1/webhooks/endpoints/${String(made.body?.["id"])}`)).status).toBe(204);
      const jobId = await job({ webhook_url: undefined });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(receiver.of(jobId)).toEqual([]);
      expect((await api("DELETE", `/v1/webhooks/endpoints/${String(made.body?.["id"])}`)).status).toBe(404);
    });

    it("are known to their client alone", async () => {
      const made = await api("POST", "/v1/webhooks/endpoints", { url: receiver.url });
      const jobId = await job();
      const delivery = await eventually(async () => (await deliveries(jobId))[0]);
      const { apiKey } = await gateway.bootstrap({});
      for (const [method, path] of [
        ["DELETE", `/v1/webhooks/endpoints/${String(made.body?.["id"])}`],
        ["POST", `/v1/webhooks/deliveries/${delivery.id}/replay`],
      ] as const) {
        expect(await gateway.call(method, path, { token: apiKey })).toMatchObject({
          status: 404,
          body: { code: "not_found" },
        });
      }
      for (const path of ["/v1/webhooks/endpoints", "/v1/webhooks/deliveries"]) {
        expect((await gateway.call("GET", path, { token: apiKey })).body).toMatchObject({ data: [] });
      }
    });

    it("take no list of events that is none", async () => {
      expect(
        await api("POST", "/v1/webhooks/endpoints", { url: receiver.url, event_types: ["job.weird"] }),
      ).toMatchObject({
        status: 422,
        body: { param: "event_types.0" },
      });
    });
  });

  describe("where this machine may not be reached", () => {
    let server: Server;
    let url: string;
    const closed = createPublicNetwork({ allowLoopback: false });
    beforeAll(async () => {
      const ctx = { ...gateway.ctx, network: closed, config: { ...gateway.ctx.config, allowLoopback: false } };
      server = createServer(createGatewayApp(ctx, {}, new Drain()) as RequestListener).listen(0, "127.0.0.1");
      await once(server, "listening");
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      await closed.close();
      server.closeAllConnections();
      server.close();
    });

    const targets = [
      "http://example.com/hook",
      "https://user:password@example.com/hook",
      "ftp://example.com/hook",
      "https://127.0.0.1/",
      "https://127.1/",
      "https://127.255.255.254/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0177.0.0.1/",
      "https://0/",
      "https://0.0.0.0/",
      "https://localhost/",
      "https://hooks.localhost/",
      "https://localhost./",
      "https://10.1.2.3/",
      "https://172.16.0.1/",
      "https://192.168.1.1/",
      "https://100.64.0.1/",
      "https://169.254.169.254/latest/meta-data/",
      "https://metadata.google.internal/",
      "https://192.0.2.1/",
      "https://198.18.0.1/",
      "https://203.0.113.9/",
      "https://224.0.0.1/",
      "https://255.255.255.255/",
      "https://[::]/",
      "https://[::1]/",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:7f00:1]/",
      "https://[::127.0.0.1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[64:ff9b:1::a00:1]/",
      "https://[2002:7f00:1::]/",
      "https://[2001::1]/",
      "https://[fc00::1]/",
      "https://[fd12:3456::1]/",
      "https://[fe80::1]/",
      "https://[fec0::1]/",
      "https://[ff02::1]/",
      "https://[2001:db8::1]/",
    ];

    it.each(targets)("refuses %s", async (target) => {
      const token = gateway.client.apiKey;
      const endpoint = await call(`${url}/v1/webhooks/endpoints`, "POST", { token, body: { url: target } });
      expect(endpoint).toMatchObject({ status: 422, body: { param: "url" } });
      const job = await call(`${url}/v1/jobs`, "POST", { token, body: { ...fieldBody, webhook_url: target } });
      expect(job).toMatchObject({ status: 422, body: { param: "webhook_url" } });
    });

    it("takes a name that does not resolve yet", async () => {
      const body = { url: "https://not-yet-there.example/hook" };
      expect((await call(`${url}/v1/webhooks/endpoints`, "POST", { token: gateway.client.apiKey, body })).status).toBe(
        201,
      );
    });

    it("refuses again at each connection what was let in before", async () => {
      const jobId = await job();
      await received(jobId, 2);
      const row = await gateway.ctx.db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("job_id", "=", jobId)
        .executeTakeFirstOrThrow();
      const seen = receiver.of(jobId).length;
      const [sending] = await sendingsOf(gateway.ctx, [row]);
      const result = await attemptDelivery({ ...gateway.ctx, network: closed }, sending!);
      expect(result).toMatchObject({ delivered: false, status: null });
      expect(receiver.of(jobId)).toHaveLength(seen);
    });
  });

  it("leave no secret in the log", () => {
    const text = JSON.stringify(lines);
    expect(text).toContain("a webhook was not delivered");
    expect(text).not.toMatch(/whsec_|receiver-token|hfh_/);
  });
});
