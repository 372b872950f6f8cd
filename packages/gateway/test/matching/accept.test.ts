import { Contract, ContractFactory, Wallet } from "ethers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Handoff } from "@hireforhumans/protocol";
import { readArtifact } from "../../../../scripts/chain/artifacts.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { handleAcceptIntents } from "../../src/matching/accept-intent.ts";
import { newId } from "../../src/ids.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, type TestWorker, WORK_WINDOW_SECONDS, matchingWorld } from "./world.ts";

describe("accepting and declining offers", () => {
  let chain: TestChain;
  beforeAll(async () => {
    chain = await startTestChain();
  });
  afterAll(() => chain.stop());

  describeOnDatabases("the offers' routes", (database) => {
    let world: MatchingWorld;
    let worker: TestWorker;
    let job: string;
    let offer: string;

    beforeAll(async () => {
      world = await matchingWorld(database(), { url: chain.chain.url, deployment: chain.deployment });
    });
    beforeEach(async () => {
      await world.clear();
      worker = await world.worker();
      [job, offer] = await offered();
    });
    afterAll(() => world.stop());

    async function offered(overrides: Parameters<typeof world.job>[0] = {}): Promise<[string, string]> {
      const id = await world.job(overrides);
      await world.waves.advance(id);
      return [id, (await world.offers(id))[0]?.id ?? ""];
    }
    const accept = (word: unknown, token: string | undefined = worker.token, id = offer) =>
      world.call("POST", `/v1/offers/${id}/accept`, token, word);
    const decline = (reason: unknown, token: string | undefined = worker.token, id = offer) =>
      world.call("POST", `/v1/offers/${id}/decline`, token, { reason });
    const jobRow = () => world.ctx.db.selectFrom("jobs").selectAll().where("id", "=", job).executeTakeFirstOrThrow();
    const intents = () => world.ctx.db.selectFrom("intents").selectAll().where("job_id", "=", job).execute();

    it("refuse a stranger and a client", async () => {
      for (const token of [undefined, "hfw_unknown"]) {
        expect((await world.call("GET", "/v1/offers", token)).status).toBe(401);
        expect((await world.call("POST", `/v1/offers/${offer}/accept`, token, {})).status).toBe(401);
        expect((await world.call("POST", `/v1/offers/${offer}/decline`, token, { reason: "x" })).status).toBe(401);
      }
      expect((await world.call("GET", "/v1/offers", world.client.apiKey)).status).toBe(403);
      expect((await accept(await world.acceptance(worker, job), world.client.apiKey)).status).toBe(403);
    });

    it("may be accepted again in a moment where the chain took back the block of their job", async () => {
      const { db } = world.ctx;
      const word = await world.acceptance(worker, job);
      const move = (row: object) => db.updateTable("jobs").set(row).where("id", "=", job).execute();
      const again = { status: 503, body: { code: "unavailable" } };
      await move({ status: "funding", chain_status: null });
      expect(await accept(word)).toMatchObject(again);
      await move({ status: "accepted", chain_status: "accepted" });
      await db.updateTable("offers").set({ round: 1 }).where("id", "=", offer).execute();
      const later = await world.acceptance(worker, job, { round: 1n });
      expect(await accept(later)).toMatchObject(again);
      await move({ status: "open", chain_status: "open", round: 1 });
      expect(await accept(later)).toMatchObject({ status: 200 });
    });

    it("do not show, accept or decline another worker's offer", async () => {
      const other = await world.worker();
      expect((await world.call("GET", "/v1/offers", other.token)).body).toMatchObject({ data: [] });
      const stolen = await accept(await world.acceptance(other, job), other.token);
      expect(stolen).toMatchObject({ status: 404, body: { code: "not_found" } });
      expect(await decline("mine now", other.token)).toMatchObject({ status: 404 });
      expect(await accept(await world.acceptance(worker, job), worker.token, newId("off"))).toMatchObject({
        status: 404,
      });
    });

    it("show what is offered, redacted, with what is to be signed", async () => {
      const { status, body } = await world.call("GET", "/v1/offers?status=pending", worker.token);
      expect(status).toBe(200);
      const { chain_job_id } = await jobRow();
      expect(body).toMatchObject({
        data: [
          {
            id: offer,
            job_id: job,
            status: "pending",
            reward: "15.00",
            work_window_seconds: Number(WORK_WINDOW_SECONDS),
            chain_id: Number(chain.deployment.chainId),
            escrow: chain.deployment.escrow,
            chain_job_id,
            round: 0,
            packet: { goal: "Call the customer back.", redactions: ["entities"] },
          },
        ],
        has_more: false,
      });
      expect(JSON.stringify(body)).not.toMatch(/maria|lopez/i);
    });

    it("give the job and its whole context to who signs, once", async () => {
      const word = await world.acceptance(worker, job);
      const first = await accept(word);
      expect(first.status).toBe(200);
      expect(first.body).toMatchObject({
        offer: { id: offer, status: "accepted" },
        job: { job_id: job, status: "accepted", round: 0 },
        packet: { entities: { customer_name: "Maria Lopez" } },
      });
      const again = await accept(word);
      expect(again).toEqual(first);
      expect(await intents()).toMatchObject([
        { kind: "accept", status: "queued", to_address: chain.deployment.escrow },
      ]);
      expect(await jobRow()).toMatchObject({
        status: "accepted",
        worker_id: worker.id,
        until_seconds: world.clock.seconds + WORK_WINDOW_SECONDS,
        next_wave_at: null,
      });
    });

    it("let no window outlast the job's deadline", async () => {
      await world.clear();
      worker = await world.worker();
      [job, offer] = await offered({ deadline_seconds: world.clock.seconds + 60n });
      await accept(await world.acceptance(worker, job));
      expect((await jobRow()).until_seconds).toBe(world.clock.seconds + 60n);
    });

    const forged: [string, (world: MatchingWorld) => Parameters<MatchingWorld["acceptance"]>[2]][] = [
      ["another round", () => ({ round: 1n })],
      ["another escrow", () => ({ escrow: Wallet.createRandom().address })],
      ["another chain", () => ({ chainId: 137n })],
    ];
    it.each(forged)("refuse a signature for %s", async (_, change) => {
      const refused = await accept(await world.acceptance(worker, job, change(world)));
      expect(refused).toMatchObject({ status: 422, body: { code: "signature_invalid", param: "signature" } });
      expect(await jobRow()).toMatchObject({ status: "open", worker_id: null });
    });

    it("refuse another's signature, another job's, another time's, and what is none", async () => {
      const stranger = await world.worker();
      const [otherJob] = await offered();
      const word = await world.acceptance(worker, job);
      for (const signature of [
        (await world.acceptance(stranger, job)).signature,
        (await world.acceptance(worker, otherJob)).signature,
        (await world.acceptance(worker, job, { validUntil: world.clock.seconds + 9_999n })).signature,
        `0x${"00".repeat(65)}`,
        "0x12",
      ]) {
        expect(await accept({ ...word, signature })).toMatchObject({
          status: 422,
          body: { code: "signature_invalid" },
        });
      }
      expect(await accept({ ...word, signature: "yes" })).toMatchObject({ status: 422, body: { param: "signature" } });
    });

    it("refuse a signature that is past, or will be before it is mined", async () => {
      for (const seconds of [-1n, 0n, 10n]) {
        const word = await world.acceptance(worker, job, { validUntil: world.clock.seconds + seconds });
        expect(await accept(word)).toMatchObject({
          status: 422,
          body: { code: "signature_expired", param: "valid_until" },
        });
      }
      expect(
        (await accept(await world.acceptance(worker, job, { validUntil: world.clock.seconds + 11n }))).status,
      ).toBe(200);
    });

    it("refuse an answer after the time is over, also before a sweep has seen it", async () => {
      await world.pass(job, 20);
      const word = await world.acceptance(worker, job);
      expect(await accept(word)).toMatchObject({ status: 409, body: { code: "offer_expired" } });
      expect(await decline("late")).toMatchObject({ status: 409, body: { code: "offer_expired" } });
      await world.waves.advance(job);
      expect(await accept(word)).toMatchObject({ status: 409, body: { code: "offer_expired" } });
      expect(await jobRow()).toMatchObject({ status: "open", worker_id: null });
    });

    it("refuse an acceptance of a job that is being cancelled or whose deadline is over on chain", async () => {
      const word = await world.acceptance(worker, job);
      await world.ctx.db.updateTable("jobs").set({ cancel_requested_at: new Date() }).where("id", "=", job).execute();
      expect(await accept(word)).toMatchObject({ status: 409, body: { code: "offer_expired" } });
      await world.ctx.db
        .updateTable("jobs")
        .set({ cancel_requested_at: null, deadline_seconds: world.clock.seconds })
        .where("id", "=", job)
        .execute();
      expect(await accept(word)).toMatchObject({ status: 409, body: { code: "offer_expired" } });
      expect(await intents()).toEqual([]);
    });

    it("take a no with its reason, once, and not after a yes", async () => {
      expect(await decline("  not my field ")).toMatchObject({
        status: 200,
        body: { status: "rejected", reason: "not my field" },
      });
      expect(await decline("again")).toMatchObject({ status: 200, body: { reason: "not my field" } });
      const late = await accept(await world.acceptance(worker, job));
      expect(late).toMatchObject({ status: 409, body: { code: "offer_already_decided" } });

      [job, offer] = await offered();
      await accept(await world.acceptance(worker, job));
      expect(await decline("changed my mind")).toMatchObject({ status: 409, body: { code: "offer_already_decided" } });
    });

    it("need a reason of sense", async () => {
      for (const reason of ["", "   ", "x".repeat(501), undefined, 5]) {
        expect(await decline(reason)).toMatchObject({ status: 422, body: { param: "reason" } });
      }
    });

    it("page through many offers, newest first", async () => {
      await world.clear();
      worker = await world.worker({}, { capacity: 5 });
      for (let count = 0; count < 5; count += 1) await offered();
      const seen: string[] = [];
      let cursor = "";
      do {
        const { body } = await world.call("GET", `/v1/offers?limit=2${cursor}`, worker.token);
        const page = body as { data: { id: string }[]; next_cursor: string | null };
        seen.push(...page.data.map(({ id }) => id));
        cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
      } while (cursor !== "");
      expect(seen).toHaveLength(5);
      expect(seen).toEqual(seen.toSorted().reverse());
      expect(await world.call("GET", "/v1/offers?cursor=x", worker.token)).toMatchObject({ status: 422 });
    });

    it("show each who asks at the same moment their own, as each asked", async () => {
      await world.clear();
      worker = await world.worker({}, { capacity: 5 });
      const [first, second] = [await offered(), await offered()].map(([, offer]) => offer);
      await world.call("POST", `/v1/offers/${first}/decline`, worker.token, { reason: "busy" });
      const other = await world.worker({}, { presence: "away" });
      const asked = [
        [worker, ""],
        [worker, "?status=pending"],
        [other, ""],
        [worker, "?status=rejected"],
        [worker, "?limit=1"],
      ] as const;
      const pages = await Promise.all(
        asked.map(([{ token }, query]) => world.call("GET", `/v1/offers${query}`, token)),
      );
      const ids = pages.map(({ body }) => (body as { data: { id: string }[] }).data.map(({ id }) => id));
      expect(ids).toEqual([[second, first], [second], [], [first], [second]]);
    });

    it("take the word of a contract account that stands behind its owner's signature", async () => {
      const { abi, bytecode } = await readArtifact("testing", "TestERC1271Account");
      const deployer = new Wallet(devAccounts.stranger.privateKey, chain.node);
      const account = await new ContractFactory(abi as [], bytecode, deployer).deploy(worker.wallet.address);
      await account.waitForDeployment();
      const address = await account.getAddress();
      expect(await new Contract(address, abi as []).getAddress()).toBe(address);
      await world.ctx.db.updateTable("workers").set({ address }).where("id", "=", worker.id).execute();
      const stranger = await world.worker();
      expect(await accept(await world.acceptance(stranger, job))).toMatchObject({
        body: { code: "signature_invalid" },
      });
      expect((await accept(await world.acceptance(worker, job))).status).toBe(200);
    });

    it("open the job for others when the chain refuses the acceptance", async () => {
      handleAcceptIntents(world.ctx);
      await world.ctx.outbox.start();
      try {
        // This job was never funded on this chain, so the escrow knows nothing of it.
        const { body } = await accept(await world.acceptance(worker, job));
        expect((body as Handoff).job.status).toBe("accepted");
        await expect.poll(async () => (await jobRow()).status, { timeout: 20_000 }).toBe("open");
      } finally {
        await world.ctx.outbox.stop();
      }
      expect(await jobRow()).toMatchObject({ worker_id: null, accepted_at: null, until_seconds: null });
      expect(await world.offers(job)).toMatchObject([
        { status: "canceled", reason: "the chain refused the acceptance: WrongStatus" },
      ]);
      const other = await world.worker();
      await world.waves.advance(job);
      expect(await world.offers(job)).toMatchObject([
        { status: "canceled" },
        { worker_id: other.id, status: "pending" },
      ]);
      expect((await accept(await world.acceptance(worker, job))).body).toMatchObject({ code: "offer_expired" });
      const { body } = await world.call("GET", `/v1/jobs/${job}/packet`, worker.token);
      expect(body).toMatchObject({ code: "not_found" });
    });
  });
});
