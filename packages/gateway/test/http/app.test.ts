import { connect } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode, type Route, type RouteName, codesOf, routes } from "@hireforhumans/protocol";
import { engines } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type TestGateway, fieldBody, startTestGateway } from "./test-gateway.ts";

const table = Object.entries(routes) as [RouteName, Route][];
const anId = (path: string) =>
  path
    .replace(":id", "job_01jd3v8q6ze5fr8wq1m4t7x2yk")
    .replace(":sha256", "a3".repeat(32))
    .replace(":token", "t".repeat(43));

describe.each(engines)("the HTTP app (%s)", (engine) => {
  const { log, lines } = recordingLog();
  let gateway: TestGateway;
  let session: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine, log, funds: 0n, env: { BODY_LIMIT_BYTES: "20000" } });
    session = (await gateway.worker(0)).token;
  });
  afterAll(() => gateway.stop());

  describe("who may call", () => {
    const guarded = table.filter(([, { who }]) => who.key !== undefined || who.worker === true);

    it.each(guarded)("%s refuses a stranger, and a token of nobody's", async (_, { method, path }) => {
      for (const token of [undefined, "hfh_nobody", "hfw_nobody", "nobody"]) {
        const answer = await gateway.call(method, anId(path), token === undefined ? {} : { token });
        expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
      }
    });

    it.each(guarded.filter(([, { who }]) => who.key === undefined))(
      "%s refuses an API key",
      async (_, { method, path }) => {
        const answer = await gateway.call(method, anId(path), { token: gateway.client.apiKey });
        expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
      },
    );

    it.each(guarded.filter(([, { who }]) => who.worker === undefined))(
      "%s refuses a worker",
      async (_, { method, path }) => {
        const answer = await gateway.call(method, anId(path), { token: session });
        expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
      },
    );

    it.each(
      guarded.flatMap(([name, { who, ...route }]) => (who.key === undefined ? [] : [[name, who.key, route] as const])),
    )("%s refuses a key without %s", async (_, scope, { method, path }) => {
      const other = scope === "keys:read" ? "jobs:read" : "keys:read";
      const { apiKey } = await gateway.bootstrap({ scopes: [other] });
      expect(await gateway.call(method, anId(path), { token: apiKey })).toMatchObject({
        status: 403,
        body: { code: "scope_missing" },
      });
    });
  });

  describe("bodies", () => {
    const post = (raw: string | Uint8Array, headers: Record<string, string> = {}) =>
      gateway.call("POST", "/v1/jobs", { token: gateway.client.apiKey, raw, headers });

    it.each<[string, string | Uint8Array, number, ErrorCode]>([
      ["what is not JSON", "{reward: 15}", 400, "malformed_json"],
      ["half a document", '{"reward": ', 400, "malformed_json"],
      ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, "malformed_json"],
      ["a body over the limit", JSON.stringify({ description: "x".repeat(20_001) }), 413, "payload_too_large"],
      ["nesting without end", "[".repeat(15_000), 422, "json_too_deep"],
      ["deep nesting", `{"state": ${"[".repeat(40)}${"]".repeat(40)}}`, 422, "json_too_deep"],
      ["a list", "[]", 422, "invalid_request"],
      ["a prototype", '{"__proto__": {"reward": 1}}', 422, "invalid_request"],
    ])("are refused: %s", async (_, raw, status, code) => {
      expect(await post(raw)).toMatchObject({ status, body: { code, status } });
    });

    it("are refused when they are not sent as JSON", async () => {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
        const answer = await post("{}", { "content-type": type });
        expect(answer).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
      }
      expect((await post("{}", { "content-encoding": "gzip" })).status).toBe(415);
    });

    it("are cut off at the limit also when their length is not told", async () => {
      const { hostname, port } = new URL(gateway.url);
      const socket = connect(Number(port), hostname);
      const chunk = `7d0\r\n${"x".repeat(2000)}\r\n`;
      socket.write(
        `POST /v1/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.client.apiKey}\r\n` +
          `content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(11)}`,
      );
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toContain("HTTP/1.1 413");
      socket.destroy();
    });

    it("that are empty count as an object without fields", async () => {
      expect(await post("")).toMatchObject({ status: 422, body: { code: "invalid_request", param: "category" } });
    });
  });

  describe("answers", () => {
    it("carry a request id, the caller's own where it is a plain word", async () => {
      const own = await gateway.call("GET", "/livez", { headers: { "x-request-id": "agent-run-81" } });
      expect(own.headers.get("x-request-id")).toBe("agent-run-81");
      const forged = await gateway.call("GET", "/v1/nothing", { headers: { "x-request-id": 'a b"c{}' } });
      expect(forged.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(forged.body?.["request_id"]).toBe(forged.headers.get("x-request-id"));
    });

    it("tell no framework and may not be framed, sniffed or run", async () => {
      const { headers } = await gateway.call("GET", "/livez");
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    });

    it("say what is possible at a path that is known", async () => {
      const answer = await gateway.call("DELETE", "/v1/jobs");
      expect(answer).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
      expect(answer.headers.get("allow")).toBe("POST, GET");
    });

    it.each(["/v1/nothing", "/v1/jobs/%zz", "/..%2f..%2fetc/passwd"])("are a 404 at %s", async (path) => {
      expect(await gateway.call("GET", path, { token: gateway.client.apiKey })).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    });

    it("take an id of the wrong form for the id of nothing", async () => {
      for (const id of ["job_1", "wrk_01jd3v8q6ze5fr8wq1m4t7x2yk", "job_01jd3v8q6ze5fr8wq1m4t7x2yk"]) {
        const answer = await gateway.call("GET", `/v1/jobs/${id}`, { token: gateway.client.apiKey });
        expect(answer).toMatchObject({ status: 404, body: { code: "not_found", param: "id" } });
      }
    });

    it.each(["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%00", "status=weird", "q=1"])(
      "refuse the query %s",
      async (query) => {
        const answer = await gateway.call("GET", `/v1/jobs?${query}`, { token: gateway.client.apiKey });
        expect(answer).toMatchObject({ status: 422, body: { param: query.split("=")[0] } });
      },
    );

    it("tell nothing of an unforeseen error, and the log all of it", async () => {
      const { db } = gateway.ctx;
      await db.schema.alterTable("webhook_endpoints").renameTo("endpoints_away").execute();
      const failed = await gateway.call("GET", "/v1/webhooks/endpoints", { token: gateway.client.apiKey });
      await db.schema.alterTable("endpoints_away").renameTo("webhook_endpoints").execute();
      expect(failed).toMatchObject({ status: 500, body: { code: "internal" } });
      expect(failed.text).not.toMatch(/webhook_endpoints|relation|select|\.ts/);
      const requestId = failed.body?.["request_id"];
      expect(lines).toContainEqual(
        expect.objectContaining({
          request_id: requestId,
          err: expect.objectContaining({ message: expect.stringContaining("webhook_endpoints") as string }) as object,
        }),
      );
    });
  });

  describe("those who run it", () => {
    it("see whether it lives and is ready, and its figures", async () => {
      expect(await gateway.call("GET", "/livez")).toMatchObject({ status: 200, body: { status: "ok" } });
      const ready = await gateway.call("GET", "/readyz");
      expect(ready).toMatchObject({
        status: 200,
        body: { status: "ok", parts: { database: { status: "ok" }, chain: { status: "ok" } } },
      });
      const metrics = await gateway.call("GET", "/metrics");
      expect(metrics.text).toMatch(/hfh_http_request_seconds_count\{.*route="\/v1\/jobs".*\} \d+/);
    });

    it("get one line for each request, with the route and without tokens", async () => {
      const token = "c".repeat(43);
      await gateway.call("GET", `/v1/confirmations/${token}`);
      await gateway.call("POST", "/v1/jobs", {
        token: gateway.client.apiKey,
        body: fieldBody,
        headers: { "x-request-id": "one-line" },
      });
      const mine = lines.filter((line) => line["request_id"] === "one-line" && line["msg"] === "request");
      expect(mine).toEqual([
        expect.objectContaining({ method: "POST", route: "/v1/jobs", status: 402, caller: gateway.client.keyId }),
      ]);
      const text = JSON.stringify(lines);
      for (const secret of [token, session, gateway.client.apiKey, gateway.client.webhookSecret])
        expect(text).not.toContain(secret);
    });
  });

  describe("its documentation", () => {
    it("has every route with who may call it and what it can answer", async () => {
      const { body } = await gateway.call("GET", "/openapi.json");
      expect(body).toMatchObject({ openapi: "3.1.0", webhooks: { event: {} } });
      const paths = body?.["paths"] as Record<
        string,
        Record<string, { operationId: string; security: unknown[]; responses: object }>
      >;
      for (const [name, route] of table) {
        const operation = paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method.toLowerCase()];
        expect(operation?.operationId).toBe(name);
        const { key, worker, operator } = route.who;
        const kinds = [key, worker, operator].filter((kind) => kind !== undefined);
        expect(operation?.security.length).toBe(kinds.length);
        const statuses = [route.status, ...codesOf(route).map((code) => ERRORS[code].status)];
        expect(Object.keys(operation?.responses ?? {}).sort()).toEqual([...new Set(statuses.map(String))].sort());
      }
      expect(JSON.stringify(body)).not.toContain('/u"');
    });

    it("has pages that load nothing from elsewhere", async () => {
      const page = await gateway.call("GET", "/docs");
      expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
      const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? "");
      expect(assets.length).toBeGreaterThan(3);
      for (const asset of assets) {
        expect(asset).toMatch(/^\/[^/]/);
        expect((await gateway.call("GET", asset)).status).toBe(200);
      }
    });
  });
});

describe.each(engines)("rate limits (%s)", (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const env = { REQUESTS_PER_MINUTE: "5", STRANGER_REQUESTS_PER_MINUTE: "4" };
    gateway = await startTestGateway({ engine, funds: 0n, env });
  });
  afterAll(() => gateway.stop());

  it("hold each key to its own, and say when to come back", async () => {
    const get = (token: string) => gateway.call("GET", "/v1/jobs", { token });
    for (let request = 0; request < 5; request += 1) expect((await get(gateway.client.apiKey)).status).toBe(200);
    const refused = await get(gateway.client.apiKey);
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const second = await gateway.bootstrap({});
    expect((await get(second.apiKey)).status).toBe(200);
  });

  it("hold those who guess tokens to theirs", async () => {
    const guess = (token: string) => gateway.call("GET", "/v1/jobs", { token });
    const statuses = [];
    for (let request = 0; request < 6; request += 1) statuses.push((await guess(`hfh_guess${request}`)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    expect((await gateway.call("GET", "/livez")).status).toBe(200);
  });
});
