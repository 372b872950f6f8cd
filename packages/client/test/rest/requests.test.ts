import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AnswerError,
  type Client,
  ConflictError,
  ConnectionError,
  createClient,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  PaymentRequiredError,
  RateLimitedError,
  RefusedError,
  ServerError,
  UnauthenticatedError,
} from "@hireforhumans/client";
import type { ErrorCode } from "@hireforhumans/protocol";
import { hangUp, json, type ScriptedGateway, startScriptedGateway } from "../support/gateway.ts";
import { job, JOB_ID, problem } from "../support/samples.ts";

const body = { category: "billing", description: "Call back.", reward: "15.00", deadline_minutes: 30 };

let gateway: ScriptedGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startScriptedGateway();
  client = createClient({ baseUrl: `${gateway.baseUrl}/`, apiKey: "hfh_key", retry: { baseMs: 1 }, timeoutMs: 500 });
});
afterAll(async () => {
  await gateway.stop();
});

const keys = (): unknown[] => gateway.received.map((request) => request.headers["idempotency-key"]);

describe("creating a job", () => {
  it("sends key and body as they are, and gives the checked answer", async () => {
    gateway.script(json(201, job()));
    expect(await client.jobs.create(body)).toEqual(job());
    const [request] = gateway.received;
    expect(request).toMatchObject({ method: "POST", url: "/v1/jobs" });
    expect(request?.headers.authorization).toBe("Bearer hfh_key");
    expect(JSON.parse(request?.body ?? "")).toEqual(body);
  });

  it("is repeated after a lost connection with the same Idempotency-Key, so that no job is paid twice", async () => {
    gateway.script(hangUp, json(500, problem("internal")), json(201, job()));
    await client.jobs.create(body);
    expect(keys()).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    expect(keys()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("has another key each time, or the caller's own", async () => {
    gateway.script(json(201, job()));
    await client.jobs.create(body);
    await client.jobs.create(body);
    await client.jobs.create(body, { idempotencyKey: "case-42" });
    expect(new Set(keys()).size).toBe(3);
    expect(keys()[2]).toBe("case-42");
  });

  it("waits as long as it is told and no longer than it may", async () => {
    gateway.script(json(429, problem("rate_limited"), { "retry-after": "1" }), json(201, job()));
    const before = performance.now();
    await client.jobs.create(body);
    expect(performance.now() - before).toBeGreaterThanOrEqual(990);

    gateway.script(json(429, problem("rate_limited"), { "retry-after": "3600" }));
    const error: unknown = await client.jobs.create(body).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateLimitedError);
    expect((error as RateLimitedError).retryAfterSeconds).toBe(3600);
    expect(gateway.received).toHaveLength(1);
  });

  it("waits for a first request that is still running", async () => {
    gateway.script(json(409, problem("idempotency_in_progress"), { "retry-after": "0" }), json(201, job()));
    expect((await client.jobs.create(body)).job_id).toBe(JOB_ID);
  });

  it("gives up after all attempts with the last error", async () => {
    gateway.script(hangUp);
    await expect(client.jobs.create(body)).rejects.toBeInstanceOf(ConnectionError);
    expect(gateway.received).toHaveLength(4);
  });

  it("tells what is missing and how to pay", async () => {
    const figures = { shortfall: "12.375", needed: "15.375", balance: "3.00", allowance: "100.00" };
    const limit = { limit_remaining: "100.00", limit_per_job: "20.00", limit_expires_at: null };
    const extra = { ...figures, ...limit, x402Version: 2, accepts: [] };
    gateway.script(json(402, problem("insufficient_funds", { extra })));
    const error: unknown = await client.jobs.create(body).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PaymentRequiredError);
    expect((error as PaymentRequiredError).payment?.shortfall).toBe("12.375");
  });
});

describe("a request that is not known to be repeatable", () => {
  it("is not sent again after a lost connection: it may have taken effect", async () => {
    gateway.script(hangUp);
    await expect(client.jobs.rate(JOB_ID, { score: 5 })).rejects.toBeInstanceOf(ConnectionError);
    expect(gateway.received).toHaveLength(1);
  });

  it("is sent again when it was turned away undone", async () => {
    const rating = { job_id: JOB_ID, score: 5, comment: null, created_at: job().created_at };
    gateway.script(json(503, problem("unavailable"), { "retry-after": "0" }), json(201, rating));
    expect(await client.jobs.rate(JOB_ID, { score: 5 })).toEqual(rating);
    expect(keys()).toEqual([undefined, undefined]);
  });
});

describe("refusals", () => {
  it.each<[ErrorCode, typeof RefusedError]>([
    ["malformed_json", InvalidRequestError],
    ["unauthenticated", UnauthenticatedError],
    ["insufficient_allowance", PaymentRequiredError],
    ["scope_missing", ForbiddenError],
    ["not_found", NotFoundError],
    ["wrong_status", ConflictError],
    ["payload_too_large", InvalidRequestError],
    ["amount_zero", InvalidRequestError],
    ["internal", ServerError],
  ])("%s is its own class with all that was told", async (code, Refusal) => {
    const told = problem(code, { param: "reward" }) as { status: number };
    gateway.script(json(told.status, told));
    const error: unknown = await client.jobs.rate(JOB_ID, { score: 5 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({
      code,
      status: told.status,
      param: "reward",
      requestId: "req-1",
      message: "Because.",
    });
  });

  it("by something in between are told as they came", async () => {
    gateway.script((response) => response.writeHead(502).end("<h1>Bad Gateway</h1>"));
    const error: unknown = await client.jobs.get(JOB_ID).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AnswerError);
    expect((error as AnswerError).message).toContain("HTTP 502 without a problem document: <h1>Bad Gateway</h1>");
  });
});

describe("answers", () => {
  it("that are not what the schema says are errors, not surprises later", async () => {
    gateway.script(json(200, { ...job(), reward: 15 }));
    await expect(client.jobs.get(JOB_ID)).rejects.toBeInstanceOf(AnswerError);
    gateway.script((response) => response.writeHead(200).end("hello"));
    await expect(client.jobs.get(JOB_ID)).rejects.toBeInstanceOf(AnswerError);
  });

  it("that take too long are not waited for", async () => {
    gateway.script(() => undefined);
    const hasty = createClient({ baseUrl: gateway.baseUrl, apiKey: "k", timeoutMs: 50, retry: { attempts: 1 } });
    await expect(hasty.jobs.get(JOB_ID)).rejects.toBeInstanceOf(ConnectionError);
  });

  it("that redirect are refused, since the key would go along", async () => {
    gateway.script((response) => response.writeHead(307, { location: "http://127.0.0.1:9/" }).end());
    const once = createClient({ baseUrl: gateway.baseUrl, apiKey: "k", retry: { attempts: 1 } });
    await expect(once.jobs.get(JOB_ID)).rejects.toBeInstanceOf(ConnectionError);
  });
});

describe("a call that is aborted", () => {
  it("ends with the caller's reason and is not repeated", async () => {
    gateway.script(() => undefined);
    const reason = new Error("the agent changed its mind");
    const controller = new AbortController();
    const call = client.jobs.get(JOB_ID, { signal: controller.signal });
    setTimeout(() => {
      controller.abort(reason);
    }, 20);
    await expect(call).rejects.toBe(reason);
    expect(gateway.received).toHaveLength(1);
  });
});

describe("lists", () => {
  const page = (ids: string[], next: string | null): unknown => ({
    object: "list",
    data: ids.map((id) => job({ job_id: id })),
    has_more: next !== null,
    next_cursor: next,
  });
  const [one, two, three] = ["a", "b", "c"].map((letter) => JOB_ID.slice(0, -1) + letter) as [string, string, string];

  it("go through all pages in for await, with the filter on each", async () => {
    gateway.script(json(200, page([one, two], "cur/2")), json(200, page([three], null)));
    const ids: string[] = [];
    for await (const each of client.jobs.list({ status: "paid", limit: 2 })) ids.push(each.job_id);
    expect(ids).toEqual([one, two, three]);
    expect(gateway.received.map((request) => request.url)).toEqual([
      "/v1/jobs?status=paid&limit=2",
      "/v1/jobs?status=paid&limit=2&cursor=cur%2F2",
    ]);
  });

  it("are their first page when awaited", async () => {
    gateway.script(json(200, page([one], "next")));
    expect(await client.jobs.list()).toMatchObject({ has_more: true, next_cursor: "next" });
    expect(gateway.received).toHaveLength(1);
  });
});

describe("files", () => {
  it("are sent as multipart/form-data, and checked by their hash when they come back", async () => {
    const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const file = {
      id: "fil_01jd3v8q6ze5fr8wq1m4t7x2yk",
      sha256,
      name: "a.txt",
      media_type: "text/plain",
      size_bytes: 5,
      url: `/v1/files/${sha256}`,
      created_at: job().created_at,
    };
    gateway.script(json(201, file));
    expect(await client.files.upload(new Blob(["hello"]), "a.txt")).toEqual(file);
    expect(gateway.received[0]?.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(gateway.received[0]?.body).toContain('filename="a.txt"');

    gateway.script((response) => response.writeHead(200).end("hello"));
    expect(new TextDecoder().decode(await client.files.download(sha256))).toBe("hello");
    gateway.script((response) => response.writeHead(200).end("hullo"));
    await expect(client.files.download(sha256)).rejects.toBeInstanceOf(AnswerError);
  });
});

describe("ids in paths", () => {
  it("can't lead anywhere else", async () => {
    gateway.script(json(404, problem("not_found")));
    await expect(client.jobs.get("../keys?x=")).rejects.toBeInstanceOf(NotFoundError);
    expect(gateway.received[0]?.url).toBe("/v1/jobs/..%2Fkeys%3Fx%3D");
  });
});

describe("an injected fetch", () => {
  it("is used for every call", async () => {
    const urls: string[] = [];
    const injected = createClient({
      baseUrl: "https://api.example",
      apiKey: "k",
      fetch: (url) => {
        urls.push(url);
        return Promise.resolve(Response.json(job()));
      },
    });
    await injected.jobs.get(JOB_ID);
    expect(urls).toEqual([`https://api.example/v1/jobs/${JOB_ID}`]);
  });
});
