import { Wallet } from "ethers";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EvidenceItem, type Offer, type Review, parseUsdc } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { sweepEstimates } from "../../src/review/estimate.ts";
import { jobRow, signUp, type Stage, type StagedWorker, startStage } from "../gateway/stage.ts";
import { type RunningNode, startNode } from "../../../oracle/src/node/start.ts";
import { engines, gatewayDatabase } from "../support/database.ts";
import { silentLog } from "../support/log.ts";

const reward = parseUsdc("0.15");
const reason = "The text names the refund and its date, as the goal asks.";

describe.each(engines)("peer review (%s)", (engine) => {
  let stage: Stage;
  let peers: StagedWorker[];
  let node: RunningNode;
  beforeAll(async () => {
    stage = await startStage({
      database: gatewayDatabase(engine),
      env: { GOLDEN_SHARE: "0" },
      // A node that believes no answer which its reviewer has not signed.
      async prepare({ chain, deployment, gatewayUrl }) {
        const token = "a secret of the gateway and its oracle";
        const signer = new Wallet(devAccounts.verifier.privateKey);
        const { chainId, escrow } = deployment;
        const listening = { host: "127.0.0.1", port: 0, gatewayUrl, gatewayToken: token };
        const own = { signer, chainId, escrow, rpcUrl: chain.url, database: ":memory:" };
        node = await startNode({ ...listening, ...own, allowLoopback: true, logLevel: "silent" }, silentLog);
        const nodes = [{ url: node.url, address: signer.address, token }];
        return { ORACLE_PRIVATE_KEY: "", ORACLE_NODES: JSON.stringify(nodes) };
      },
    });
    peers = [];
    for (let index = 2; index < 8; index += 1) peers.push(await signUp(stage.stack, index));
  });
  afterAll(async () => {
    await stage.stop();
    await node.stop();
  });

  const db = () => stage.stack.gateway.context.db;
  const online = (...workers: number[]) =>
    Promise.all(peers.map((peer, index) => peer.api.setPresence(workers.includes(index) ? "online" : "offline")));
  const peer = (index: number) => peers[index] as StagedWorker;

  /** A job with Ada's evidence that `reviewers` are to judge. */
  async function delivered(reviewers: number, items?: EvidenceItem[]) {
    await online();
    await stage.ada.api.setPresence("online");
    const asked = { acceptance: { reviewers, required_evidence: ["text" as const] }, reward: "40.00" };
    const { job } = await stage.delivered(asked, items);
    return job;
  }

  const reviewsOf = (jobId: string) =>
    db()
      .selectFrom("reviews")
      .innerJoin("evidence", "evidence.id", "reviews.evidence_id")
      .innerJoin("jobs", "jobs.id", "reviews.job_id")
      .select(["reviews.job_id", "reviews.answer", "reviews.worker_id", "jobs.status"])
      .where("evidence.job_id", "=", jobId)
      .orderBy("reviews.id")
      .execute();

  const posted = (jobId: string, count: number) =>
    until(`${count} reviews of ${jobId} are posted`, async () =>
      (await reviewsOf(jobId)).length === count ? true : undefined,
    );

  const pendingReviews = async ({ api }: StagedWorker) =>
    (await api.offers.list({ status: "pending" })).data.filter(({ category }) => category === "peer_review");

  const reviewOffer = (worker: StagedWorker) =>
    until(`${worker.address} is asked for a review`, async () => (await pendingReviews(worker))[0]);

  async function answer(worker: StagedWorker, said: Review["answer"], offer?: Offer) {
    const taken = offer ?? (await reviewOffer(worker));
    const handoff = await worker.api.offers.accept(taken);
    const items: EvidenceItem[] = [{ kind: "json", value: { answer: said, reason } }];
    await worker.api.evidence.submit(taken, { resolution: said, items });
    return handoff;
  }

  it("two who agree settle it, are paid by the escrow, and see nothing that tells who did the work", async () => {
    const before = await stage.stack.usdcOf(peer(0).address);
    const job = await delivered(2, [
      {
        kind: "text",
        text: "My name is Ada Lovelace, Worker 0. Refunded 25.50 USD of order A-7781 of c_1042 on Stripe. Alles erledigt.",
      },
    ]);
    await online(0, 1);
    const handoff = await answer(peer(0), "pass");
    await answer(peer(1), "pass");
    await stage.reached(job.job_id, "paid");

    const shown = JSON.stringify(handoff);
    const secrets = [
      "Ada",
      "Lovelace",
      "Worker 0",
      "7781",
      "c_1042",
      job.job_id,
      stage.ada.address,
      devAccounts.client.address,
    ];
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(shown).toContain("Refunded 25.50 USD of order [id] of [id] on Stripe. Alles erledigt.");
    await until("the reviewer is paid", async () =>
      (await stage.stack.usdcOf(peer(0).address)) === before + reward ? true : undefined,
    );
    const verdict = await stage.agent.jobs.verdict(job.job_id);
    const answers = [
      { answer: "pass", reason },
      { answer: "pass", reason },
    ];
    expect(verdict.reasons.checks.find(({ check }) => check === "peer_review")).toMatchObject({
      outcome: "pass",
      details: { answers },
    });
    expect(JSON.stringify(verdict.reasons)).not.toContain(peer(0).address);
  });

  it("those who disagree call others, and the fail tells the worker why", async () => {
    const job = await delivered(2);
    await online(0, 1);
    await answer(peer(0), "fail");
    await answer(peer(1), "pass");
    await posted(job.job_id, 3);
    await online(2);
    await answer(peer(2), "fail");
    await posted(job.job_id, 4);
    await online(3);
    await answer(peer(3), "fail");
    await stage.reached(job.job_id, "rejected");
    const { reasons } = await stage.ada.api.jobs.verdict(job.job_id);
    expect(reasons.summary).toMatch(/Failed: peer_review/);
    expect(reasons.checks.find(({ check }) => check === "peer_review")?.reason).toMatch(/Of 4 reviewers, 1 finds/);
  });

  it("asks neither the worker nor anybody twice, and a reviewer who leaves is replaced", async () => {
    const job = await delivered(2);
    await online(0);
    await answer(peer(0), "pass");
    await until("the first answer is noted", async () =>
      (await reviewsOf(job.job_id)).some((review) => review.answer !== null) ? true : undefined,
    );
    // Both are on line with places free, and nobody else is there for the second seat.
    expect(await pendingReviews(peer(0))).toEqual([]);
    expect(await pendingReviews(stage.ada)).toEqual([]);

    await online(1);
    const left = await reviewOffer(peer(1));
    await peer(1).api.offers.accept(left);
    await until("the review is taken on chain", async () =>
      (await jobRow(stage.stack, left.job_id)).chain_status === "accepted" ? true : undefined,
    );
    await online(2);
    await stage.stack.chain.increaseTime(6 * 60 + 1);
    await answer(peer(2), "pass");
    await stage.reached(job.job_id, "paid");
  });

  it("shows who came from the same network to nobody for review, and its quality to all", async () => {
    const { address } = peer(0);
    const network = "one household";
    await db()
      .insertInto("networks_seen")
      .values([
        { address, network },
        { address: stage.ada.address, network },
      ])
      .execute();
    const job = await delivered(2);
    await posted(job.job_id, 2);
    await online(0, 3);
    await reviewOffer(peer(3));
    expect(await pendingReviews(peer(0))).toEqual([]);
    const [quality] = await stage.agent.reviewQuality();
    expect(quality).toMatchObject({ cases: 3, reviews: 8, golden_answers: 0, golden_accuracy: null });
    expect(quality?.alpha).toBeGreaterThan(0);
  });

  it("publishes what all answers together say, once an hour, and which cases that would have settled otherwise", async () => {
    const estimated = async () => {
      await db()
        .updateTable("review_estimates")
        .set({ claimed_at: new Date(0) })
        .execute();
      await sweepEstimates(stage.stack.gateway.context);
      return (await stage.agent.reviewQuality())[0];
    };
    const quality = await estimated();
    expect(quality?.estimate).toMatchObject({ settled: 3, settled_otherwise: 0 });
    expect(quality?.estimate?.good_share).toBeGreaterThan(0.5);
    expect(quality?.estimate?.passed_bad).toBeLessThan(0.5);
    expect(Date.parse(quality?.estimated_at ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect(await sweepEstimates(stage.stack.gateway.context)).toBe(0);

    // As if the votes of a case that two passed had settled it the other way.
    const { evidence_id } = await db()
      .selectFrom("verdicts")
      .select("evidence_id")
      .where("outcome", "=", "pass")
      .where(sql<boolean>`reasons->>'checks' like '%peer_review%'`)
      .executeTakeFirstOrThrow();
    await sql`update verdicts set outcome = 'fail', reasons = '{"checks": [{"check": "peer_review", "outcome": "fail"}]}'
      where evidence_id = ${evidence_id}`.execute(db());
    expect((await estimated())?.estimate).toMatchObject({ settled: 3, settled_otherwise: 1 });
  });

  it("refuses reviewers that the job's fee does not pay, with the figures", async () => {
    const refusal = { status: 422, problem: { param: "acceptance.reviewers" } };
    await expect(stage.post({ acceptance: { reviewers: 3 }, reward: "12.00" })).rejects.toMatchObject(refusal);
    await expect(stage.post({ acceptance: { reviewers: 3 }, reward: "12.00" })).rejects.toThrow(
      /0\.46125.*0\.30.*18\.45/,
    );
    await expect(stage.post({ acceptance: { reviewers: 1 }, reward: "12.00" })).rejects.toThrow(/0\.3075.*12\.30/);
    await expect(stage.post({ acceptance: { reviewers: 6 }, reward: "400.00" })).rejects.toMatchObject(refusal);
    await expect(stage.post({ category: "peer_review" })).rejects.toMatchObject({ problem: { param: "category" } });
  });
});
