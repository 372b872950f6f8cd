import { Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Event,
  type Job,
  type JobCreateInput,
  type Offer,
  escrowDomain,
  jobSchema,
  signWord,
} from "@hireforhumans/protocol";
import type { WorkerClient } from "@hireforhumans/client";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { engines } from "../support/database.ts";
import { type TestGateway, eventually, fieldBody, startTestGateway } from "../http/test-gateway.ts";

const wallet = new Wallet(devAccounts.client.privateKey);
const test = { ...fieldBody, category: "test", requirements: [] } satisfies JobCreateInput;
/** A question that only a person can answer, so that the verifier stays silent. */
const unsure = { checks: [{ check: "rubric" as const, params: { question: "Was the customer content?" } }] };

describe.each(engines)("a job's life (%s)", (engine) => {
  let gateway: TestGateway;
  let worker: { client: WorkerClient; token: string };
  let stranger: { token: string };
  beforeAll(async () => {
    gateway = await startTestGateway({ engine });
    worker = await gateway.worker(0);
    const another = await gateway.worker(1, "another");
    // Else it would be asked first where the worker's place is not counted free yet.
    await another.client.setPresence("offline");
    stranger = another;
  });
  afterAll(() => gateway.stop());

  const call = (method: string, path: string, body?: unknown, token = gateway.client.apiKey) =>
    gateway.call(method, path, { token, ...(body === undefined ? {} : { body }) });
  const inStatus = (jobId: string, status: Job["status"]) =>
    eventually(async () => {
      const job = await gateway.agent.jobs.get(jobId);
      return job.status === status ? job : undefined;
    });
  const balance = async () => (await gateway.ctx.chain.fundingOf(wallet.address, devAccounts.relayer.address)).balance;
  /** Nobody takes jobs of this category. */
  const openJob = async () => inStatus((await gateway.agent.jobs.create(fieldBody)).job_id, "open");
  /** What keeps a job from being offered, where it was not. */
  const plightOf = async (jobId: string) => {
    const { db } = gateway.ctx;
    const [job, workers, intents] = await Promise.all([
      db
        .selectFrom("jobs")
        .select(["status", "chain_status", "wave", "next_wave_at"])
        .where("id", "=", jobId)
        .executeTakeFirst(),
      db.selectFrom("workers").select(["id", "presence", "presence_at", "load", "offered", "capacity"]).execute(),
      db.selectFrom("intents").select(["kind", "status"]).where("job_id", "=", jobId).execute(),
    ]);
    return { at: new Date(), job, workers, intents };
  };
  const acceptedJob = async (changes: Partial<JobCreateInput> = {}): Promise<{ job: Job; offer: Offer }> => {
    const { job_id } = await gateway.agent.jobs.create({ ...test, ...changes });
    const offer = await eventually(async () => {
      for await (const one of worker.client.offers.list({ status: "pending" })) if (one.job_id === job_id) return one;
      return undefined;
    }).catch(async (cause: unknown) => {
      throw new Error(`${job_id} was not offered: ${JSON.stringify(await plightOf(job_id))}`, { cause });
    });
    await worker.client.offers.accept(offer);
    return { job: await inStatus(job_id, "accepted"), offer };
  };
  const finish = async (offer: Offer) => {
    const items = [{ kind: "text" as const, text: "I refunded the second charge and told the customer." }];
    await worker.client.evidence.submit(offer, { resolution: "Refunded.", worker_notes: "Was friendly.", items });
  };

  describe("getting and listing", () => {
    it("shows a job to its client alone", async () => {
      const job = await openJob();
      const other = await gateway.bootstrap({});
      expect(jobSchema.parse((await call("GET", `/v1/jobs/${job.job_id}`)).body)).toEqual(job);
      for (const [method, path, body] of [
        ["GET", ""],
        ["POST", "/cancel", {}],
        ["POST", "/release", {}],
        ["POST", "/rate", { score: 5 }],
        ["GET", "/messages"],
        ["POST", "/messages", { body: "Hello?" }],
        ["GET", "/events"],
      ] as const) {
        const answer = await call(method, `/v1/jobs/${job.job_id}${path}`, body, other.apiKey);
        expect(answer).toMatchObject({ status: 404, body: { code: "not_found", param: "id" } });
      }
      expect(await call("GET", `/v1/jobs/${job.job_id}`, undefined, stranger.token)).toMatchObject({ status: 404 });
    });

    it("lists by pages that neither miss nor repeat, newest first", async () => {
      for (let count = 0; count < 5; count += 1) await gateway.agent.jobs.create(fieldBody);
      const all: string[] = [];
      let cursor = "";
      do {
        const { body } = await call("GET", `/v1/jobs?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
        all.push(...(body?.["data"] as Job[]).map(({ job_id }) => job_id));
        cursor = (body?.["next_cursor"] as string | null) ?? "";
      } while (cursor !== "");
      expect(all).toEqual([...new Set(all)].sort().reverse());
      expect(all.length).toBeGreaterThanOrEqual(6);
    });

    it("lists by status", async () => {
      const { body } = await call("GET", "/v1/jobs?status=paid");
      expect(body).toMatchObject({ object: "list", data: [], has_more: false, next_cursor: null });
    });
  });

  describe("cancelJob", () => {
    it("sends all money home, fee included, and does it once", async () => {
      await eventually(async () => {
        const { body } = await call("GET", "/v1/jobs?status=funding");
        return (body?.["data"] as Job[]).length === 0 ? true : undefined;
      });
      const before = await balance();
      const job = await openJob();
      const answers = await Promise.all([1, 2, 3].map(() => call("POST", `/v1/jobs/${job.job_id}/cancel`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const refunded = await inStatus(job.job_id, "refunded");
      expect(refunded.refund_transaction_hash).toMatch(/^0x/);
      await gateway.caughtUp();
      expect(await balance()).toBe(before);
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`)).toMatchObject({
        status: 409,
        body: { code: "wrong_status" },
      });
      const types = (await eventTypes(job.job_id)).filter((type) => type === "job.refunded");
      expect(types).toHaveLength(1);
    });

    it("refuses a job that somebody is at", async () => {
      const { job, offer } = await acceptedJob();
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`)).toMatchObject({ status: 409 });
      await finish(offer);
      await inStatus(job.job_id, "paid");
    });

    it("takes the client's signed word, and no other", async () => {
      const job = await openJob();
      const { chainId, escrow } = gateway.ctx.chain.deployment;
      const validUntil = gateway.ctx.chain.head().timestampSeconds + 3_600n;
      const sign = (jobId: string, until: bigint, signer = wallet) =>
        signWord(signer, escrowDomain(chainId, escrow), "Cancel", { jobId, validUntil: until });
      const cancel = (valid_until: bigint, signature: string) =>
        call("POST", `/v1/jobs/${job.job_id}/cancel`, { valid_until: Number(valid_until), signature });

      const foreign = await sign(job.chain_job_id, validUntil, new Wallet(devAccounts.stranger.privateKey));
      expect(await cancel(validUntil, foreign)).toMatchObject({ status: 422, body: { code: "signature_invalid" } });
      const otherJob = await sign(`0x${"12".repeat(32)}`, validUntil);
      expect(await cancel(validUntil, otherJob)).toMatchObject({ status: 422, body: { code: "signature_invalid" } });
      const old = await sign(job.chain_job_id, 1n);
      expect(await cancel(1n, old)).toMatchObject({ status: 422, body: { code: "signature_expired" } });
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`, { signature: old })).toMatchObject({ status: 422 });

      expect(await cancel(validUntil, await sign(job.chain_job_id, validUntil))).toMatchObject({ status: 200 });
      await inStatus(job.job_id, "refunded");
    });

    it("asks for the client's own word on a job that names another relayer", async () => {
      const { job_id } = await openJob();
      const { terms } = await gateway.ctx.db
        .selectFrom("jobs")
        .select("terms")
        .where("id", "=", job_id)
        .executeTakeFirstOrThrow();
      const matcher = devAccounts.stranger.address;
      await gateway.ctx.db
        .updateTable("jobs")
        .set({ terms: JSON.stringify({ ...terms, matcher }) })
        .where("id", "=", job_id)
        .execute();
      const { status, body } = await call("POST", `/v1/jobs/${job_id}/cancel`);
      expect({ status, body }).toMatchObject({ status: 402, body: { code: "insufficient_allowance" } });
      expect(body?.["detail"]).toContain(matcher);
      expect(await gateway.agent.jobs.get(job_id)).toMatchObject({ status: "open" });
    });

    it("offers a job again that the chain did not give back", async () => {
      const job = await openJob();
      const { chain } = gateway.chain;
      const limitUntil = (expiresAt: bigint) =>
        gateway.chain
          .escrowOf(devAccounts.client)
          .setSpendingLimit(devAccounts.relayer.address, 10n ** 9n, 10n ** 9n, expiresAt);
      await limitUntil(BigInt(await chain.timeSeconds()) + 120n);
      await gateway.caughtUp();
      await chain.rpc("evm_setAutomine", [false]);
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`)).toMatchObject({ status: 200 });
      // The gateway's right to act for its client ends before the next block.
      await chain.rpc("evm_increaseTime", [300]);
      await chain.mine();
      await chain.rpc("evm_setAutomine", [true]);

      await eventually(async () => {
        const row = await gateway.ctx.db
          .selectFrom("jobs")
          .selectAll()
          .where("id", "=", job.job_id)
          .executeTakeFirstOrThrow();
        return row.cancel_requested_at === null && row.next_wave_at !== null ? true : undefined;
      });
      expect(await gateway.agent.jobs.get(job.job_id)).toMatchObject({ status: "open", refund_transaction_hash: null });
      await gateway.caughtUp();
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`)).toMatchObject({
        status: 402,
        body: { code: "insufficient_allowance" },
      });
      await limitUntil(2n ** 40n - 1n);
      await gateway.caughtUp();
      expect(await call("POST", `/v1/jobs/${job.job_id}/cancel`)).toMatchObject({ status: 200 });
      await inStatus(job.job_id, "refunded");
    });
  });

  describe("messages", () => {
    it("let the worker ask and the agent answer, and nobody else", async () => {
      const { job, offer } = await acceptedJob();
      const path = `/v1/jobs/${job.job_id}/messages`;
      expect(await call("POST", path, { body: "Hi", kind: "question" }, stranger.token)).toMatchObject({ status: 404 });
      expect(await call("POST", path, { kind: "answer", body: "Yes" })).toMatchObject({ status: 409 });
      expect(await call("POST", path, { kind: "question", body: "?" })).toMatchObject({
        status: 422,
        body: { param: "kind" },
      });

      const asked = await worker.client.jobs.sendMessage(job.job_id, { kind: "question", body: "Which order?" });
      expect(asked).toMatchObject({ author: "worker", kind: "question" });
      expect((await gateway.agent.jobs.get(job.job_id)).awaiting_answer).toBe(true);
      const event = (await events(job.job_id)).find(({ type }) => type === "job.question");
      expect(event?.details).toMatchObject({ message_id: asked.id, question: "Which order?" });

      await gateway.agent.jobs.sendMessage(job.job_id, { kind: "answer", body: "Order 81." });
      expect((await gateway.agent.jobs.get(job.job_id)).awaiting_answer).toBe(false);
      const bodies = [];
      for await (const message of worker.client.jobs.messages(job.job_id)) bodies.push(message.body);
      expect(bodies).toEqual(["Order 81.", "Which order?"]);

      await finish(offer);
      await inStatus(job.job_id, "paid");
      expect(await call("POST", path, { body: "Thanks" })).toMatchObject({
        status: 409,
        body: { code: "wrong_status" },
      });
    });
  });

  describe("releaseJob and rateJob", () => {
    it("pays on the client's own word while the verifier is unsure, then takes one rating", async () => {
      const { job, offer } = await acceptedJob({ acceptance: unsure, metadata: { run: 7 }, state: { step: 2 } });
      const seen = await worker.client.jobs.get(job.job_id);
      expect(seen).toMatchObject({ metadata: {}, state: null });
      expect(await call("POST", `/v1/jobs/${job.job_id}/release`)).toMatchObject({
        status: 409,
        body: { code: "wrong_status" },
      });
      expect(await call("POST", `/v1/jobs/${job.job_id}/rate`, { score: 5 })).toMatchObject({ status: 409 });

      await finish(offer);
      await eventually(async () => {
        const { status } = await call("POST", `/v1/jobs/${job.job_id}/release`);
        return status === 200 ? true : undefined;
      }, 20_000);
      const paid = await inStatus(job.job_id, "paid");
      expect(paid).toMatchObject({
        resolution: "Refunded.",
        worker_notes: "Was friendly.",
        state: { step: 2 },
        metadata: { run: 7 },
      });
      expect(paid.evidence).toHaveLength(1);
      expect(paid.worker?.reputation).toBeGreaterThan(0);

      for (const score of [0, 6, 4.5]) {
        const answer = await call("POST", `/v1/jobs/${job.job_id}/rate`, { score });
        expect(answer).toMatchObject({ status: 422, body: { param: "score" } });
      }
      const rated = await call("POST", `/v1/jobs/${job.job_id}/rate`, { score: 4, comment: "Quick." });
      expect(rated).toMatchObject({ status: 201, body: { score: 4 } });
      expect(await call("POST", `/v1/jobs/${job.job_id}/rate`, { score: 1 })).toMatchObject({
        status: 409,
        body: { code: "already_rated" },
      });
      expect((await gateway.agent.jobs.get(job.job_id)).rating).toMatchObject({ score: 4, comment: "Quick." });
    });
  });

  describe("events", () => {
    it("are a list that a poller goes on with", async () => {
      const job = await openJob();
      const first = await events(job.job_id, "limit=1");
      expect(first.map(({ type, sequence }) => [type, sequence])).toEqual([["job.created", 1]]);
      const page = await eventPage(job.job_id);
      const more = await eventPage(job.job_id, `cursor=${String(page["next_cursor"])}`);
      expect(more).toMatchObject({ data: [], has_more: false, next_cursor: page["next_cursor"] });
      await call("POST", `/v1/jobs/${job.job_id}/cancel`);
      await inStatus(job.job_id, "refunded");
      const rest = await events(job.job_id, `cursor=${String(page["next_cursor"])}`);
      expect(rest.map(({ type }) => type)).toContain("job.refunded");
    });

    it("stream as they happen, and resume after the last that was seen", async () => {
      const { job_id } = await gateway.agent.jobs.create(fieldBody);
      const seen: number[] = [];
      for await (const event of gateway.agent.jobs.events(job_id)) {
        seen.push(event.sequence);
        if (event.type === "job.funded") break;
      }
      const cancelled = call("POST", `/v1/jobs/${job_id}/cancel`);
      for await (const event of gateway.agent.jobs.events(job_id, { after: seen.at(-1) })) seen.push(event.sequence);
      expect((await cancelled).status).toBe(200);
      expect(seen).toEqual(seen.map((_, index) => index + 1));
    });

    it("refuse a Last-Event-ID that is none", async () => {
      const job = await openJob();
      const answer = await gateway.call("GET", `/v1/jobs/${job.job_id}/events`, {
        token: gateway.client.apiKey,
        headers: { accept: "text/event-stream", "last-event-id": "evt_1" },
      });
      expect(answer).toMatchObject({ status: 422, body: { param: "Last-Event-ID" } });
    });
  });

  async function eventPage(jobId: string, query = ""): Promise<Record<string, unknown>> {
    const path = `/v1/jobs/${jobId}/events?${query}`;
    const answer = await gateway.call("GET", path, {
      token: gateway.client.apiKey,
      headers: { accept: "application/json" },
    });
    expect(answer.status).toBe(200);
    return answer.body ?? {};
  }
  async function events(jobId: string, query?: string): Promise<Event[]> {
    return (await eventPage(jobId, query))["data"] as Event[];
  }
  async function eventTypes(jobId: string) {
    return (await events(jobId)).map(({ type }) => type);
  }
});
