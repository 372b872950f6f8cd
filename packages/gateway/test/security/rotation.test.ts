import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyWebhook } from "@hireforhumans/client";
import { eventually, fieldBody, type TestGateway, startTestGateway } from "../http/test-gateway.ts";
import { engines } from "../support/database.ts";
import { type Delivered, type Receiver, startReceiver } from "../webhooks/receiver.ts";

describe.each(engines)("a key's rotation (%s)", (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, funds: 0n });
  });
  afterAll(() => gateway.stop());

  const make = async (body: object, token = gateway.client.apiKey) => {
    const { body: made } = await gateway.call("POST", "/v1/keys", { token, body });
    return { id: String(made?.["id"]), secret: String(made?.["secret"]) };
  };
  const rotate = (id: string, token: string, body: object = {}) =>
    gateway.call("POST", `/v1/keys/${id}/rotate`, { token, body });
  const secretOf = (answer: { body: Record<string, unknown> | undefined }) => String(answer.body?.["secret"]);
  const works = async (token: string) => (await gateway.call("GET", "/v1/jobs", { token })).status === 200;

  it("gives the same key a new secret, and ends the old one at once", async () => {
    const key = await make({ name: "agent", scopes: ["jobs:read"], cap_total: "20.00" });
    const rotated = await rotate(key.id, gateway.client.apiKey);
    expect(rotated).toMatchObject({ status: 200, body: { id: key.id, cap_total: "20.00", old_secret_until: null } });
    expect(secretOf(rotated)).toMatch(/^hfh_[\w-]{43}$/);
    expect(await works(secretOf(rotated))).toBe(true);
    expect(await works(key.secret)).toBe(false);
  });

  it("leaves the old secret its grace and not a moment more", async () => {
    const key = await make({ name: "agent", scopes: ["jobs:read"] });
    const rotated = await rotate(key.id, gateway.client.apiKey, { grace_minutes: 1 });
    expect(Date.parse(String(rotated.body?.["old_secret_until"])) - Date.now()).toBeGreaterThan(50_000);
    expect([await works(key.secret), await works(secretOf(rotated))]).toEqual([true, true]);
    const past = { old_secret_until: new Date(Date.now() - 1) };
    await gateway.ctx.db.updateTable("api_keys").set(past).where("id", "=", key.id).execute();
    expect([await works(key.secret), await works(secretOf(rotated))]).toEqual([false, true]);
  });

  it("ends a secret in its grace when the key is rotated again, and both when it is revoked", async () => {
    const key = await make({ name: "agent", scopes: ["jobs:read"] });
    const second = secretOf(await rotate(key.id, gateway.client.apiKey, { grace_minutes: 60 }));
    const third = secretOf(await rotate(key.id, gateway.client.apiKey, { grace_minutes: 60 }));
    expect([await works(key.secret), await works(second), await works(third)]).toEqual([false, true, true]);
    await gateway.agent.keys.revoke(key.id);
    expect([await works(second), await works(third)]).toEqual([false, false]);
    expect(await rotate(key.id, gateway.client.apiKey)).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("lets a key rotate itself and what it made, and no stronger one nor another client's", async () => {
    const weak = await make({ name: "weak", scopes: ["keys:write"] });
    const child = await make({ name: "child", scopes: ["keys:write"] }, weak.secret);
    const other = await gateway.bootstrap({});
    for (const [id, token] of [
      [gateway.client.keyId, weak.secret],
      [weak.id, child.secret],
      [weak.id, other.apiKey],
    ] as const) {
      expect(await rotate(id, token)).toMatchObject({ status: 404, body: { code: "not_found", param: "id" } });
    }
    expect((await rotate(child.id, weak.secret)).status).toBe(200);
    const own = await rotate(weak.id, weak.secret);
    expect((await rotate(weak.id, secretOf(own))).status).toBe(200);
  });

  it("is refused a grace below nothing or beyond a week", async () => {
    for (const grace_minutes of [-1, 10_081, 1.5, "5"]) {
      const answer = await rotate(gateway.client.keyId, gateway.client.apiKey, { grace_minutes });
      expect(answer).toMatchObject({ status: 422, body: { param: "grace_minutes" } });
    }
    expect(await works(gateway.client.apiKey)).toBe(true);
  });

  it("leaves no child to a key that is revoked while it makes one", async () => {
    const key = await make({ name: "leaked", scopes: ["keys:write", "jobs:read"] });
    const [, ...made] = await Promise.all([
      gateway.agent.keys.revoke(key.id),
      ...Array.from({ length: 8 }, () =>
        gateway.call("POST", "/v1/keys", { token: key.secret, body: { name: "heir", scopes: ["jobs:read"] } }),
      ),
    ]);
    for (const answer of made) {
      expect([201, 401]).toContain(answer.status);
      if (answer.status === 201) expect(await works(secretOf(answer))).toBe(false);
    }
  });
});

describe.each(engines)("a webhook secret's rotation (%s)", (engine) => {
  let gateway: TestGateway;
  let receiver: Receiver;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine });
  });
  afterAll(() => gateway.stop());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.stop());

  const next = (jobId: string) => eventually(() => Promise.resolve(receiver.of(jobId)[0]));
  const post = async (webhook_url?: string) => {
    const body = webhook_url === undefined ? fieldBody : { ...fieldBody, webhook_url };
    return (await gateway.agent.jobs.create(body)).job_id;
  };
  const isSignedBy = ({ body, headers }: Delivered, secret: string) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };
  const signatures = ({ headers }: Delivered) => String(headers["webhook-signature"]).split(" ").length;

  it("has an endpoint's deliveries carry both signatures during the grace, and one after it", async () => {
    const { webhooks } = gateway.agent;
    const made = await webhooks.createEndpoint({ url: receiver.url });
    const rotated = await webhooks.rotateEndpointSecret(made.id, { grace_minutes: 10 });
    expect(rotated.secret).not.toBe(made.secret);
    const both = await next(await post());
    expect([isSignedBy(both, made.secret), isSignedBy(both, rotated.secret), signatures(both)]).toEqual([
      true,
      true,
      2,
    ]);
    // The client package's own check, as receivers use it.
    expect(verifyWebhook(both.headers, both.body, rotated.secret).type).toBe("job.created");

    const last = await webhooks.rotateEndpointSecret(made.id, { grace_minutes: 0 });
    const one = await next(await post());
    expect([isSignedBy(one, rotated.secret), isSignedBy(one, last.secret), signatures(one)]).toEqual([false, true, 1]);
    await webhooks.deleteEndpoint(made.id);
  });

  it("does the same for the client's secret, by which the URLs of jobs are signed, old jobs' too", async () => {
    const before = gateway.client.webhookSecret;
    const early = await post(receiver.url);
    await next(early);
    const { webhook_secret: after, old_secret_until } = await gateway.agent.webhooks.rotateSecret();
    expect(Date.parse(old_secret_until ?? "") - Date.now()).toBeGreaterThan(23 * 3_600_000);
    const both = await next(await post(receiver.url));
    expect([isSignedBy(both, before), isSignedBy(both, after), signatures(both)]).toEqual([true, true, 2]);
    // What is sent again of an old job is signed anew.
    const [old] = (await gateway.agent.webhooks.deliveries({ job_id: early, status: "delivered" })).data;
    const count = receiver.of(early).length;
    await gateway.agent.webhooks.replay(old!.id);
    const again = await eventually(() => Promise.resolve(receiver.of(early)[count]));
    expect([isSignedBy(again, before), isSignedBy(again, after)]).toEqual([true, true]);
    const last = await gateway.agent.webhooks.rotateSecret({ grace_minutes: 0 });
    const one = await next(await post(receiver.url));
    expect([isSignedBy(one, after), isSignedBy(one, last.webhook_secret)]).toEqual([false, true]);
  });

  it("is refused for the endpoint of a job, for another client's and for one that is gone", async () => {
    const jobId = await post(receiver.url);
    const { data } = await gateway.agent.webhooks.endpoints();
    const ofJob = data.find((endpoint) => endpoint.job_id === jobId)?.id ?? "";
    const rotate = (id: string, token: string) =>
      gateway.call("POST", `/v1/webhooks/endpoints/${id}/rotate`, { token, body: {} });
    expect(await rotate(ofJob, gateway.client.apiKey)).toMatchObject({ status: 422, body: { param: "id" } });
    const standing = await gateway.agent.webhooks.createEndpoint({ url: receiver.url });
    const other = await gateway.bootstrap({});
    expect(await rotate(standing.id, other.apiKey)).toMatchObject({ status: 404 });
    await gateway.agent.webhooks.deleteEndpoint(standing.id);
    expect(await rotate(standing.id, gateway.client.apiKey)).toMatchObject({ status: 404 });
  });
});
