import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { engines } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type TestGateway, fieldBody, startTestGateway } from "../http/test-gateway.ts";

describe.each(engines)("keys (%s)", (engine) => {
  const { log, lines } = recordingLog();
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, log });
  });
  afterAll(() => gateway.stop());

  const create = (body: unknown, token = gateway.client.apiKey) => gateway.call("POST", "/v1/keys", { token, body });
  const post = (token: string, reward: string) =>
    gateway.call("POST", "/v1/jobs", { token, body: { ...fieldBody, reward } });
  const secretOf = (answer: { body: Record<string, unknown> | undefined }) => String(answer.body?.["secret"]);

  it("refuses a stranger", async () => {
    for (const [method, path] of [
      ["POST", "/v1/keys"],
      ["GET", "/v1/keys"],
      ["DELETE", "/v1/keys/key_01jd3v8q6ze5fr8wq1m4t7x2yk"],
    ] as const) {
      expect(await gateway.call(method, path, { token: "hfh_guess" })).toMatchObject({ status: 401 });
    }
  });

  it("shows a secret once and keeps only its hash", async () => {
    const made = await create({ name: "reader", scopes: ["jobs:read"] });
    expect(made.status).toBe(201);
    const secret = secretOf(made);
    expect(secret).toMatch(/^hfh_[\w-]{43}$/);
    expect(made.body?.["webhook_secret"]).toBe(gateway.client.webhookSecret);
    const listed = await gateway.call("GET", "/v1/keys", { token: gateway.client.apiKey });
    expect(listed.text).not.toContain(secret);
    const rows = await gateway.ctx.db.selectFrom("api_keys").selectAll().execute();
    expect(rows.map((row) => Object.values(row).join())).not.toContainEqual(expect.stringContaining(secret));
    expect((await gateway.call("GET", "/v1/jobs", { token: secret })).status).toBe(200);
  });

  it("grants no scope, cap or time beyond the key that makes it", async () => {
    const limited = secretOf(
      await create({
        name: "limited",
        scopes: ["keys:write", "jobs:write"],
        cap_per_job: "10.00",
        cap_total: "20.00",
        expires_at: "2099-01-01T00:00:00Z",
      }),
    );
    expect(await create({ name: "x", scopes: ["jobs:read"] }, limited)).toMatchObject({
      status: 403,
      body: { code: "scope_missing", param: "scopes" },
    });
    const scopes = ["jobs:write"];
    for (const param of ["cap_per_job", "cap_total"]) {
      expect(await create({ name: "x", scopes, [param]: "20.01" }, limited)).toMatchObject({
        status: 422,
        body: { code: "amount_above_cap", param },
      });
    }
    expect(await create({ name: "x", scopes, expires_at: "2099-01-01T00:00:01Z" }, limited)).toMatchObject({
      status: 422,
      body: { param: "expires_at" },
    });
    expect(await create({ name: "heir", scopes }, limited)).toMatchObject({
      status: 201,
      body: { cap_per_job: "10.00", cap_total: "20.00", expires_at: "2099-01-01T00:00:00.000Z" },
    });
  });

  it("refuses a cap that no database holds", async () => {
    const body = { name: "x", scopes: ["jobs:read"], cap_total: "9999999999999.99" };
    expect(await create(body)).toMatchObject({ status: 422, body: { code: "amount_too_large", param: "cap_total" } });
  });

  it("holds a job to the cap for one job", async () => {
    const key = secretOf(await create({ name: "small", scopes: ["jobs:write"], cap_per_job: "10.00" }));
    expect(await post(key, "9.80")).toMatchObject({ status: 422, body: { code: "amount_above_cap", param: "reward" } });
    expect(await post(key, "9.75")).toMatchObject({ status: 201 });
  });

  it("counts what keys spend that a capped key made as its own", async () => {
    const parent = secretOf(
      await create({ name: "parent", scopes: ["keys:write", "jobs:write", "keys:read"], cap_total: "20.50" }),
    );
    const child = secretOf(await create({ name: "child", scopes: ["jobs:write"] }, parent));
    expect(await post(child, "10.00")).toMatchObject({ status: 201 });
    const both = await Promise.all([post(parent, "10.00"), post(child, "10.00")]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    const listed = await gateway.call("GET", "/v1/keys?limit=2", { token: parent });
    expect(listed.body).toMatchObject({ object: "list", has_more: true });
  });

  it("revokes a key at once, with those it made", async () => {
    const parent = await create({ name: "parent", scopes: ["keys:write", "jobs:read"] });
    const child = await create({ name: "child", scopes: ["jobs:read"] }, secretOf(parent));
    const revoked = await gateway.call("DELETE", `/v1/keys/${String(parent.body?.["id"])}`, {
      token: gateway.client.apiKey,
    });
    expect(revoked).toMatchObject({ status: 204, text: "" });
    for (const secret of [secretOf(parent), secretOf(child)]) {
      expect((await gateway.call("GET", "/v1/jobs", { token: secret })).status).toBe(401);
    }
  });

  it("ends the streams of a key that is revoked, or past its time, before the next event", async () => {
    const posted = await post(gateway.client.apiKey, "1.00");
    const jobId = String(posted.body?.["job_id"]);
    const scopes = ["jobs:read"];
    const revoked = await create({ name: "revoked", scopes });
    const expired = await create({ name: "expired", scopes, expires_at: new Date(Date.now() + 1_000).toISOString() });
    const streams = [revoked, expired].map(async (made) => {
      const response = await fetch(`${gateway.url}/v1/jobs/${jobId}/events`, {
        headers: { authorization: `Bearer ${secretOf(made)}`, accept: "text/event-stream" },
      });
      expect(response.status).toBe(200);
      return response;
    });
    await Promise.all(streams);
    await gateway.call("DELETE", `/v1/keys/${String(revoked.body?.["id"])}`, { token: gateway.client.apiKey });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await gateway.call("POST", `/v1/jobs/${jobId}/cancel`, { token: gateway.client.apiKey });
    for (const stream of streams) expect(await (await stream).text()).not.toContain("job.refunded");
  });

  it("knows no keys of other clients", async () => {
    const other = await gateway.bootstrap({});
    const answer = await gateway.call("DELETE", `/v1/keys/${gateway.client.keyId}`, { token: other.apiKey });
    expect(answer).toMatchObject({ status: 404, body: { code: "not_found", param: "id" } });
    expect((await gateway.call("GET", "/v1/jobs", { token: gateway.client.apiKey })).status).toBe(200);
  });

  it("ends a key at its time", async () => {
    const made = await create({
      name: "short",
      scopes: ["jobs:read"],
      expires_at: new Date(Date.now() + 400).toISOString(),
    });
    expect((await gateway.call("GET", "/v1/jobs", { token: secretOf(made) })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await gateway.call("GET", "/v1/jobs", { token: secretOf(made) })).status).toBe(401);
  });

  it("bootstraps the same client and key twice, and refuses a key of another client", async () => {
    const options = { address: devAccounts.treasury.address, apiKey: "hfh_fixed-for-development" };
    const first = await bootstrapClient(gateway.ctx.db, options);
    expect(await bootstrapClient(gateway.ctx.db, options)).toEqual(first);
    await expect(
      bootstrapClient(gateway.ctx.db, { ...options, address: devAccounts.deployer.address }),
    ).rejects.toThrow("belongs to another client");
  });

  it("leaves no secret in the log", () => {
    const text = JSON.stringify(lines);
    expect(text).toContain('"route":"/v1/keys"');
    expect(text).not.toMatch(/hfh_[\w-]{43}/);
    expect(text).not.toContain(gateway.client.webhookSecret);
  });
});
