import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUsdc } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { deadlineIntent } from "../../src/settlement/intents.ts";
import { jobOnChain } from "../../src/settlement/job-on-chain.ts";
import { createVerifier } from "../../src/verification/verify.ts";
import { jobRow, type Stage, startStage } from "../gateway/stage.ts";
import { engines, gatewayDatabase } from "../support/database.ts";

const hour = 3600;
const day = 24 * hour;

describe.each(engines)("the way of a verdict to the money (%s)", (engine) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ database: gatewayDatabase(engine) });
  });
  afterAll(() => stage.stop());

  const reward = parseUsdc("12.00");
  const fee = parseUsdc("0.30");

  async function books() {
    const { stack } = stage;
    const [client, worker, fees] = await Promise.all([
      stack.usdcOf(devAccounts.client.address),
      stack.usdcOf(stage.ada.address),
      stack.creditOf(devAccounts.treasury.address),
    ]);
    return { client, worker, fees };
  }
  type Books = Awaited<ReturnType<typeof books>>;
  const gained = (before: Books, after: Books) => ({
    client: after.client - before.client,
    worker: after.worker - before.worker,
    fees: after.fees - before.fees,
  });
  const paidOnce = { client: -reward - fee, worker: reward, fees: fee };
  const nothingMoved = { client: 0n, worker: 0n, fees: 0n };

  const intentsOf = (jobId: string) =>
    stage.stack.gateway.context.db
      .selectFrom("intents")
      .select(["kind", "failure"])
      .where("job_id", "=", jobId)
      .orderBy("id")
      .execute();
  const kindsOf = async (jobId: string) => (await intentsOf(jobId)).map(({ kind }) => kind);
  const onChain = (jobId: string, status: string) =>
    until(`${jobId} is ${status} on chain`, async () => {
      const row = await jobRow(stage.stack, jobId);
      return row.chain_status === status ? row : undefined;
    });
  async function eventTypesOf(jobId: string): Promise<string[]> {
    const asked = { token: stage.stack.apiKey, accept: "application/json" };
    const { body } = await stage.call("GET", `/v1/jobs/${jobId}/events`, asked);
    return (body?.["data"] as { type: string }[]).map(({ type }) => type);
  }

  it("a pass pays the worker in the transaction of the submission, and tells each thing once", async () => {
    const before = await books();
    const { job } = await stage.delivered();
    const done = await stage.reached(job.job_id, "paid");
    expect(gained(before, await books())).toEqual(paidOnce);
    expect(await kindsOf(job.job_id)).toEqual(["fund", "accept", "submit"]);
    const verdict = await stage.agent.jobs.verdict(job.job_id);
    expect(verdict).toMatchObject({ outcome: "pass", verifier: devAccounts.verifier.address });
    expect(done.release_transaction_hash).toMatch(/^0x/);
    expect(await eventTypesOf(job.job_id)).toEqual([
      "job.created",
      "job.funded",
      "job.offered",
      "job.accepted",
      "job.submitted",
      "job.verified",
      "job.completed",
    ]);
  });

  it("a fail keeps the money, tells both sides why, and gives it back after the appeal window", async () => {
    const before = await books();
    const check = { check: "text_length" as const, params: { min: 5000 } };
    const { job } = await stage.delivered({ acceptance: { checks: [check] } });
    await stage.reached(job.job_id, "rejected");
    await onChain(job.job_id, "rejected");
    expect(gained(before, await books())).toEqual({ ...nothingMoved, client: -reward - fee });
    const [client, worker] = [await stage.agent.jobs.verdict(job.job_id), await stage.ada.api.jobs.verdict(job.job_id)];
    expect(worker).toEqual(client);
    expect(worker.reasons.checks.find((one) => one.outcome === "fail")?.reason).toMatch(/at least 5000/);
    expect((await stage.ada.api.jobs.get(job.job_id)).status).toBe("rejected");
    const { timestampSeconds } = stage.stack.gateway.context.chain.head();
    const until = Number(timestampSeconds) + day;
    expect(worker.dispute).toMatchObject({ bond: "5.00", path: `/v1/jobs/${job.job_id}/dispute` });
    expect(Math.abs((worker.dispute?.until ?? 0) - until)).toBeLessThan(60);

    await stage.stack.chain.increaseTime(day - hour);
    expect((await jobRow(stage.stack, job.job_id)).chain_status).toBe("rejected");
    await stage.stack.chain.increaseTime(hour + 1);
    await stage.reached(job.job_id, "refunded");
    expect(gained(before, await books())).toEqual(nothingMoved);
  });

  it("evidence on which the oracle stays unsure is on chain alone, and silence pays the worker", async () => {
    const before = await books();
    const job = await unsure();
    await stage.stack.chain.increaseTime(hour + day - 60);
    expect((await jobRow(stage.stack, job.job_id)).status).toBe("submitted");
    await stage.stack.chain.increaseTime(61);
    await stage.reached(job.job_id, "paid");
    expect(gained(before, await books())).toEqual(paidOnce);
    expect(await kindsOf(job.job_id)).toEqual(["fund", "accept", "submit", "settle"]);
  });

  it("evidence that is judged several times at once is told of once, and carried once", async () => {
    const job = await unsure();
    const { context } = stage.stack.gateway;
    const { id } = await context.db
      .selectFrom("evidence")
      .select("id")
      .where("job_id", "=", job.job_id)
      .executeTakeFirstOrThrow();
    const verify = createVerifier(context);
    await Promise.all([verify(id), verify(id), verify(id)]);
    expect((await eventTypesOf(job.job_id)).filter((type) => type === "job.verified")).toHaveLength(1);
    expect(await kindsOf(job.job_id)).toEqual(["fund", "accept", "submit"]);
  });

  it("a review window holds the pay until it is over", async () => {
    const before = await books();
    const { job } = await stage.delivered({ review_window_minutes: 30 });
    await stage.reached(job.job_id, "approved");
    await onChain(job.job_id, "approved");
    expect(gained(before, await books()).worker).toBe(0n);
    await stage.stack.chain.increaseTime(30 * 60 + 1);
    await stage.reached(job.job_id, "paid");
    expect(gained(before, await books())).toEqual(paidOnce);
  });

  it("the client's word pays where the oracle is unsure", async () => {
    const before = await books();
    const job = await unsure();
    await stage.agent.jobs.release(job.job_id);
    await stage.reached(job.job_id, "paid");
    expect(gained(before, await books())).toEqual(paidOnce);
  });

  it("a slow oracle does not keep evidence off the chain, and its verdict still pays", async () => {
    const { oracle } = stage.stack.gateway.context;
    const quick = oracle.verify.bind(oracle);
    const answer = Promise.withResolvers<undefined>();
    oracle.verify = async (request) => {
      await answer.promise;
      return quick(request);
    };
    const { job } = await stage.delivered();
    await onChain(job.job_id, "submitted");
    oracle.verify = quick;
    answer.resolve(undefined);
    await stage.reached(job.job_id, "paid");
    expect(await kindsOf(job.job_id)).toEqual(["fund", "accept", "submit", "release"]);
  });

  it("an oracle that was away is asked again", async () => {
    const { oracle, db } = stage.stack.gateway.context;
    const there = oracle.verify.bind(oracle);
    const hung = Promise.withResolvers<never>();
    oracle.verify = () => hung.promise;
    const { job } = await stage.delivered();
    await onChain(job.job_id, "submitted");
    oracle.verify = there;
    // The time after which the queue has given up.
    await db
      .updateTable("evidence")
      .set({ verify_again_at: new Date(0) })
      .where("job_id", "=", job.job_id)
      .execute();
    await stage.reached(job.job_id, "paid");
    hung.reject(new Error("the oracle hung up"));
  });

  it("opens the job again where the chain refused the evidence, so that the money is never stuck", async () => {
    const before = await books();
    const { db } = stage.stack.gateway.context;
    const { job, offer } = await stage.accepted();
    const { oracle } = stage.stack.gateway.context;
    const quick = oracle.verify.bind(oracle);
    oracle.verify = async (request) => {
      // A signature that the chain does not take, as by a wallet whose owner changed meanwhile.
      await db.updateTable("evidence").set({ valid_until_seconds: 1n }).where("job_id", "=", job.job_id).execute();
      return quick(request);
    };
    await stage.ada.api.evidence.submit(offer, { resolution: "Done.", items: [{ kind: "text", text: "Done it." }] });
    await until("both tries failed", async () => {
      const tries = (await intentsOf(job.job_id)).filter(({ failure }) => failure !== null);
      return tries.length === 2 ? true : undefined;
    });
    oracle.verify = quick;
    await stage.stack.chain.increaseTime(10 * 60 + 1);
    await db
      .updateTable("intents")
      .set({ settled_at: new Date(0) })
      .where("job_id", "=", job.job_id)
      .execute();
    const again = await stage.reached(job.job_id, "open");
    expect(again.round).toBe(1);
    await stage.stack.chain.increaseTime(2 * hour);
    await stage.reached(job.job_id, "refunded");
    expect(gained(before, await books())).toEqual(nothingMoved);
  });

  it(
    "ends a job soon after an end of it came too early, as by a reorg that moved its time",
    { timeout: 60_000 },
    async () => {
      const before = await books();
      const { db, outbox, chain } = stage.stack.gateway.context;
      const job = await stage.post({ requirements: ["icelandic"], deadline_minutes: 12, work_window_minutes: 5 });
      await onChain(job.job_id, "open");
      await db.transaction().execute(async (trx) => {
        const early = deadlineIntent(chain.deployment.escrow, await jobOnChain(trx, job.job_id), "refund", 0);
        await outbox.enqueue(trx, early);
      });
      await until("it came too early", async () => {
        const [, refund] = await intentsOf(job.job_id);
        return refund?.failure === null ? undefined : refund;
      });
      // While it may be taken back, nothing else is tried.
      await stage.stack.chain.mine(70);
      await stage.stack.chain.increaseTime(12 * 60 + 1);
      await stage.reached(job.job_id, "refunded");
      expect(await kindsOf(job.job_id)).toEqual(["fund", "refund", "refund"]);
      expect(gained(before, await books())).toEqual(nothingMoved);
    },
  );

  async function unsure() {
    const { job, offer } = await stage.accepted({
      acceptance: { checks: [{ check: "customer_confirmation", params: {} }] },
    });
    const { token_hash } = await stage.ada.api.evidence.askCustomer(job.job_id, "It is settled.");
    const items = [
      { kind: "customer_confirmation" as const, token_hash },
      { kind: "text" as const, text: "See the customer's word." },
    ];
    await stage.ada.api.evidence.submit(offer, { resolution: "Done.", items });
    await onChain(job.job_id, "submitted");
    return job;
  }
});
