import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../../scripts/stack/stack.ts";
import { type MortalGateway, startMortalGateway } from "../gateway/process.ts";
import { call, fieldBody, type TestGateway, startTestGateway } from "../http/test-gateway.ts";
import { engines } from "../support/database.ts";

const PER_MINUTE = 60;
const env = { REQUESTS_PER_MINUTE: String(PER_MINUTE), STRANGER_REQUESTS_PER_MINUTE: "10" };

const capKey = (gateway: TestGateway) =>
  // Four jobs of 10.25 fit, and not a cent of a fifth.
  gateway.agent.keys.create({ name: "capped", scopes: ["jobs:write", "jobs:read"], cap_total: "41.00" });

/** 16 posts at once at the cap's edge. */
async function postAtOnce(urls: string[], secret: string) {
  const bodies = Array.from({ length: 16 }, () => ({ ...fieldBody, reward: "10.00" }));
  return Promise.all(
    bodies.map((body, index) => call(`${urls[index % urls.length]}/v1/jobs`, "POST", { token: secret, body })),
  );
}

describe.each(engines)("a spend cap (%s)", (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine });
  });
  afterAll(() => gateway.stop());

  it("holds where sixteen posts come at once", async () => {
    const { secret } = await capKey(gateway);
    const answers = await postAtOnce([gateway.url], secret);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer).toMatchObject({ status: 422, body: { code: "amount_above_cap", param: "reward" } });
    }
  });
});

describe.runIf(engines.includes("postgres"))("two processes on one PostgreSQL", () => {
  let gateway: TestGateway;
  let second: MortalGateway;
  let urls: string[];
  beforeAll(async () => {
    gateway = await startTestGateway({ engine: "postgres", env });
    const port = String(await freePort());
    second = startMortalGateway({ ...gateway.env, PORT: port });
    await second.ready();
    urls = [gateway.url, `http://127.0.0.1:${port}`];
  });
  afterAll(async () => {
    await second.stop();
    await gateway.stop();
  });

  const getFrom = (url: string | undefined, token: string) => call(`${url}/v1/jobs`, "GET", { token });

  it("hold a key to one spend cap", async () => {
    const { secret, id } = await capKey(gateway);
    const answers = await postAtOnce(urls, secret);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.filter(({ body }) => body?.["code"] === "amount_above_cap")).toHaveLength(12);
    const { data } = await gateway.agent.keys.list();
    expect(data.find((key) => key.id === id)?.spent).toBe("41.00");
  });

  it("hold a key to one rate, and say when to come back", async () => {
    const { secret } = await gateway.agent.keys.create({ name: "busy", scopes: ["jobs:read"] });
    const answers = [];
    for (let request = 0; request < PER_MINUTE + 10; request += 1)
      answers.push(await getFrom(urls[request % 2], secret));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(PER_MINUTE);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    for (const { headers, body } of refused) {
      expect(body?.["code"]).toBe("rate_limited");
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
    }
  });

  it("hold who guesses tokens to one rate", async () => {
    const statuses = [];
    for (let guess = 0; guess < 14; guess += 1) statuses.push((await getFrom(urls[guess % 2], `hfh_${guess}`)).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.slice(10)).toEqual([429, 429, 429, 429]);
  });

  it("know of a revocation and of a rotation at once", async () => {
    const key = await gateway.agent.keys.create({ name: "shared", scopes: ["jobs:read"] });
    // Both have seen it, so that whatever they remember is remembered.
    for (const url of urls) expect((await getFrom(url, key.secret)).status).toBe(200);
    const rotated = await gateway.agent.keys.rotate(key.id);
    for (const url of urls) {
      expect((await getFrom(url, rotated.secret)).status).toBe(200);
      expect((await getFrom(url, key.secret)).status).not.toBe(200);
    }
    await gateway.agent.keys.revoke(key.id);
    for (const url of urls) expect((await getFrom(url, rotated.secret)).status).not.toBe(200);
  });
});
