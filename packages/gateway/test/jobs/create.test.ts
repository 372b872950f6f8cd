import { ZeroAddress } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobCreateSchema, jobSchema, packetHashOf, publicJobIdOf } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { redactPacket } from "../../src/handoff/redact.ts";
import { newId } from "../../src/ids.ts";
import { createJobCreation } from "../../src/jobs/create.ts";
import { insertJobs } from "../../src/jobs/insert.ts";
import { prepareJob } from "../../src/jobs/prepare.ts";
import { createKeyAuthenticator } from "../../src/keys/authenticate.ts";
import { engines } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { type TestGateway, eventually, fieldBody, startTestGateway } from "../http/test-gateway.ts";

describe.each(engines)("createJob (%s)", (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ engine });
  });
  afterAll(() => gateway.stop());

  const post = (body: unknown, headers: Record<string, string> = {}, token = gateway.client.apiKey) =>
    gateway.call("POST", "/v1/jobs", { token, body, headers });
  const jobCount = async () => {
    const { count } = await gateway.ctx.db
      .selectFrom("jobs")
      .select((eb) => eb.fn.countAll<bigint>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  };
  const fundings = async (jobId: string) => {
    const { chain, ctx } = gateway;
    const job = await ctx.db.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();
    const escrow = chain.escrowOf(devAccounts.stranger);
    return (await escrow.queryFilter(escrow.filters.Funded(job.chain_job_id))).length;
  };

  it("refuses a stranger", async () => {
    const answer = await gateway.call("POST", "/v1/jobs", { body: fieldBody });
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("takes the body of integrations in the field and answers before a block is mined", async () => {
    const { status, body } = await post({ ...fieldBody, webhook_url: "https://agent.invalid/hooks/humans" });
    expect(status).toBe(201);
    const job = jobSchema.parse(body);
    expect(job).toMatchObject({
      status: "funding",
      reward: "15.00",
      fee: "0.375",
      total: "15.375",
      languages: ["en"],
      skills: ["support_experience"],
      workers_available: 0,
      sequence: 1,
    });
    expect(job.estimated_match_time).toBeGreaterThan(0);
    expect(job.escrow_transaction_hash).toMatch(/^0x[0-9a-f]{64}$/);
    expect(publicJobIdOf(job.terms.salt)).toBe(job.job_id);

    const { packet } = await gateway.ctx.db
      .selectFrom("jobs")
      .select("packet")
      .where("id", "=", job.job_id)
      .executeTakeFirstOrThrow();
    expect(packetHashOf(packet)).toBe(job.terms.spec_hash);
    expect(packet.entities).toEqual({ customer_id: "cus_81" });

    const open = await eventually(async () => {
      const { body: later } = await gateway.call("GET", `/v1/jobs/${job.job_id}`, { token: gateway.client.apiKey });
      return later?.["status"] === "open" ? later : undefined;
    });
    expect(open).toMatchObject({ escrow_transaction_hash: job.escrow_transaction_hash });
    expect(await fundings(job.job_id)).toBe(1);
  });

  it.each([
    ["text", "12.0", "12.00"],
    ["a number", 12, "12.00"],
    ["six decimals", "0.000041", "0.000041"],
  ])("takes a reward as %s", async (_, reward, shown) => {
    expect(await post({ ...fieldBody, reward })).toMatchObject({ status: 201, body: { reward: shown } });
  });

  it("takes a conversation as turns, with members of the agent's own", async () => {
    const turns = [{ role: "customer", content: "Hello?", sent_at: "2026-01-01T00:00:00Z" }];
    const { status } = await post({ ...fieldBody, context: { conversation_history: turns } });
    expect(status).toBe(201);
  });

  it("takes a text that was cut inside an emoji", async () => {
    const { status, body } = await post({
      ...fieldBody,
      description: "Call back \ud83d",
      metadata: { note: "a\u0000b" },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ description: "Call back \ufffd", metadata: { note: "ab" } });
  });

  it("refuses a member's name that can't be stored, and says so", async () => {
    for (const name of ["a\\u0000", "a\\ud800"]) {
      const answer = await gateway.call("POST", "/v1/jobs", {
        token: gateway.client.apiKey,
        raw: `{"category": "billing", "description": "x", "metadata": {"${name}": 1}}`,
      });
      expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request" } });
      expect(answer.body?.["detail"]).toContain("NUL or half of a surrogate pair");
    }
  });

  it.each([
    ["a seventh decimal", '"1.0000001"', "amount_too_precise"],
    ["a negative amount", '"-1"', "amount_negative"],
    ["a negative number", "-1", "amount_negative"],
    ["zero", '"0.00"', "amount_zero"],
    ["not a number", '"NaN"', "amount_malformed"],
    ["an exponent", "1e3", "amount_malformed"],
    ["an exponent in a text", '"1e3"', "amount_malformed"],
    ["infinity", '"Infinity"', "amount_malformed"],
    ["an empty text", '""', "amount_malformed"],
    ["a sign", '"+5"', "amount_malformed"],
    ["a number that no float holds", "15.00000000000000000001", "amount_too_precise"],
    ["more than there is", '"99999999999999999999999999999"', "amount_too_large"],
    ["more than a database holds", '"9999999999999.99"', "amount_too_large"],
    ["null", "null", "invalid_request"],
    ["a list", "[15]", "invalid_request"],
  ])("refuses %s as reward and names the field", async (_, reward, code) => {
    const raw = JSON.stringify(fieldBody).replace('"15.00"', reward);
    const answer = await gateway.call("POST", "/v1/jobs", { token: gateway.client.apiKey, raw });
    expect(answer).toMatchObject({ status: 422, body: { code, param: "reward" } });
  });

  it.each([
    ["no category", { category: undefined }, "invalid_request", "category"],
    ["no time", { deadline_minutes: 0 }, "invalid_request", "deadline_minutes"],
    ["half a minute", { deadline_minutes: 0.5 }, "invalid_request", "deadline_minutes"],
    ["two years", { deadline_minutes: 1_051_200 }, "invalid_request", "deadline_minutes"],
    ["another currency", { currency: "EUR" }, "invalid_request", "currency"],
    ["an unknown field", { priority: "high" }, "unknown_field", "priority"],
    ["an unknown field inside", { countries: { allowed: ["DE"] } }, "unknown_field", "countries.allowed"],
    ["an unknown language", { languages: ["klingon"] }, "unknown_language", "languages.0"],
    ["a foreign pool", { pool_id: "pol_01jd3v8q6ze5fr8wq1m4t7x2yk" }, "pool_unknown", "pool_id"],
    [
      "a webhook to a private address",
      { webhook_url: "https://10.0.0.1/hook" },
      "webhook_url_not_allowed",
      "webhook_url",
    ],
    [
      "a signing header of the caller's",
      { webhook_headers: { "Webhook-Signature": "v1,x" } },
      "invalid_request",
      "webhook_headers.Webhook-Signature",
    ],
  ])("refuses %s", async (_, change, code, param) => {
    const answer = await post({ ...fieldBody, ...change });
    expect(answer).toMatchObject({ status: 422, body: { code, param } });
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  });

  it("refuses a key without the scope", async () => {
    const { apiKey } = await gateway.bootstrap({ scopes: ["jobs:read"] });
    expect(await post(fieldBody, {}, apiKey)).toMatchObject({ status: 403, body: { code: "scope_missing" } });
  });

  it("makes two jobs of two equal posts without a key", async () => {
    const [one, two] = [await post(fieldBody), await post(fieldBody)];
    expect(one.body?.["job_id"]).not.toBe(two.body?.["job_id"]);
  });

  it("gives the same answer to the same key and body, also when the job has moved on", async () => {
    const headers = { "idempotency-key": "moved-on" };
    const first = await post(fieldBody, headers);
    await eventually(async () => {
      const job = await gateway.agent.jobs.get(String(first.body?.["job_id"]));
      return job.status === "open" ? job : undefined;
    });
    const again = await post({ ...fieldBody, reward: 15 }, headers);
    expect(again).toMatchObject({ status: 201 });
    expect(again.body).toEqual(first.body);
  });

  it("refuses the same key with another body", async () => {
    const headers = { "idempotency-key": "other-body" };
    expect((await post(fieldBody, headers)).status).toBe(201);
    expect(await post({ ...fieldBody, reward: "15.01" }, headers)).toMatchObject({
      status: 409,
      body: { code: "idempotency_conflict" },
    });
  });

  it("makes one job of many posts at once with one key", async () => {
    const before = await jobCount();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post(fieldBody, { "idempotency-key": "at-once" })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await jobCount()).toBe(before + 1);
  });

  it("keeps the idempotency keys of two API keys apart", async () => {
    const second = await gateway.bootstrap({ address: devAccounts.client.address });
    const headers = { "idempotency-key": "two-keys" };
    const [one, two] = [await post(fieldBody, headers), await post(fieldBody, headers, second.apiKey)];
    expect(two.status).toBe(201);
    expect(one.body?.["job_id"]).not.toBe(two.body?.["job_id"]);
  });

  it("answers the same after a crash between the commit and the answer, and funds once", async () => {
    const { ctx, client } = gateway;
    const crashing = Object.create(ctx.outbox, {
      broadcast: { value: () => Promise.reject(new Error("the process ended here")) },
    }) as typeof ctx.outbox;
    const caller = await createKeyAuthenticator(ctx.db)(client.apiKey);
    const request = { get: () => "crashed" };
    const call = { caller: caller!, body: jobCreateSchema.parse(fieldBody), request, log: silentLog };
    await expect(createJobCreation({ ...ctx, outbox: crashing })(call)).rejects.toThrow("the process ended here");

    const answer = await post(fieldBody, { "idempotency-key": "crashed" });
    expect(answer).toMatchObject({ status: 201, body: { status: "funding" } });
    expect((await post(fieldBody, { "idempotency-key": "crashed" })).body).toEqual(answer.body);
    const jobId = String(answer.body?.["job_id"]);
    await eventually(async () => ((await fundings(jobId)) > 0 ? true : undefined));
    await gateway.caughtUp();
    expect(await fundings(jobId)).toBe(1);
  });

  it("stores what a worker may see as it was prepared, so that nothing is read while the client's row is held", async () => {
    const { ctx, client } = gateway;
    const body = jobCreateSchema.parse({ ...fieldBody, description: "Call Maria." });
    const deadline = ctx.chain.head().timestampSeconds + 3_600n;
    const job = prepareJob(ctx, devAccounts.client.address, body, newId("job"), deadline, ZeroAddress);
    expect(job.preview).toEqual(redactPacket(job.packet));
    const preview = { ...job.preview, goal: "as prepared" };
    const availability = { estimated_match_time: 0, workers_available: 0 };
    const { clientId, keyId } = client;
    const undone = new Error("only the row is wanted");
    const write = ctx.db.transaction().execute(async (trx) => {
      await insertJobs(trx, [{ clientId, keyId, body, job: { ...job, preview }, availability }]);
      const stored = trx.selectFrom("jobs").select("preview").where("id", "=", job.id);
      expect((await stored.executeTakeFirstOrThrow()).preview).toEqual(preview);
      throw undone;
    });
    await expect(write).rejects.toBe(undone);
  });
});
