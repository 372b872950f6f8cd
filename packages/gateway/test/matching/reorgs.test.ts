import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { keccak256, toUtf8Bytes } from "ethers";
import type { Intent, IntentHandler, IntentKind } from "../../src/chain/outbox.ts";
import type { Context } from "../../src/context.ts";
import { projectionListeners } from "../../src/gateway-work.ts";
import { newId } from "../../src/ids.ts";
import { handleCancelIntents } from "../../src/jobs/cancel-intent.ts";
import { handleFundIntents } from "../../src/jobs/fund-intent.ts";
import type { StoredChainEvent } from "../../src/jobs/chain-state.ts";
import { projectJobs } from "../../src/jobs/project.ts";
import { handleAcceptIntents } from "../../src/matching/accept-intent.ts";
import { createPlacement } from "../../src/matching/returning.ts";
import { storeBranch } from "../projection/branch.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

type ChainEvent = Pick<StoredChainEvent, "name" | "args">;

const funded: ChainEvent = { name: "Funded", args: { client: "0x" } };
const accepted = ({ wallet }: TestWorker): ChainEvent => ({
  name: "Accepted",
  args: { worker: wallet.address, round: "0", until: "1900000000" },
});

/** The outbox and the follower ask the node each for itself: either may be the first to see another branch. */
describeOnDatabases("jobs whose blocks are taken back", (database) => {
  let world: MatchingWorld;
  const handlers = new Map<IntentKind, IntentHandler>();
  beforeAll(async () => {
    world = await matchingWorld(database());
    const outbox = { handle: (kind: IntentKind, handler: IntentHandler) => void handlers.set(kind, handler) };
    const ctx = { ...world.ctx, outbox } as unknown as Context;
    handleFundIntents(ctx);
    handleAcceptIntents(ctx);
    handleCancelIntents(ctx);
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const db = () => database().db;
  const jobRow = (id: string) => db().selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const placesOf = async ({ id }: TestWorker) => {
    await createPlacement(world.ctx)(id);
    return db().selectFrom("workers").select(["load", "offered"]).where("id", "=", id).executeTakeFirstOrThrow();
  };
  const statuses = async (job: string) => (await world.offers(job)).map(({ status }) => status);
  let logs = 0;

  /** What the followed branch holds of a job, and what follows. */
  async function follow(jobId: string, ...events: ChainEvent[]): Promise<void> {
    const { chain_job_id } = await jobRow(jobId);
    const stored = events.map((event) => ({
      ...event,
      transactionHash: keccak256(toUtf8Bytes(`${event.name} ${jobId}`)),
      timestampSeconds: 1_800_000_000n,
    }));
    await storeBranch(db(), { chainJobId: chain_job_id, logIndex: logs++ }, stored);
    await db()
      .transaction()
      .execute((trx) => projectJobs(trx, "0x", [chain_job_id], projectionListeners(world.ctx.queue)));
  }

  const keyOf = (kind: IntentKind, jobId: string, worker?: TestWorker, round = 0) =>
    worker === undefined ? `${kind}:${jobId}` : `${kind}:${jobId}:${round}:${worker.wallet.address}`;

  /** The outbox sees that the branch which it looks at holds the intent's transaction, reverted. */
  const refused = (kind: IntentKind, jobId: string, worker?: TestWorker, round = 0) =>
    db()
      .transaction()
      .execute(async (trx) => {
        const intent = { id: newId("int"), key: keyOf(kind, jobId, worker, round), kind, jobId };
        const reason = { name: "WrongStatus", message: "The job is not there.", transactionHash: "0x" };
        const recorded = { status: "mined" as const, failure: reason.message, failure_name: reason.name };
        await trx
          .insertInto("intents")
          .values({
            ...{ id: intent.id, intent_key: intent.key, kind, job_id: jobId, signer: "0x", to_address: "0x" },
            ...{ data: "0x", gas_limit: 1n, ...recorded },
          })
          .onConflict((conflict) => conflict.column("intent_key").doUpdateSet(recorded))
          .execute();
        await handlers.get(kind)?.onFailed?.(trx, intent as Intent, { ...reason, code: "chain_rejected" });
      });
  const mined = (kind: IntentKind, jobId: string, worker: TestWorker) =>
    db()
      .transaction()
      .execute((trx) => {
        const intent = { key: keyOf(kind, jobId, worker), kind, jobId } as Intent;
        return handlers.get(kind)?.onMined?.(trx, [intent], undefined as never) ?? Promise.resolve();
      });

  async function offered(worker: TestWorker): Promise<string> {
    const job = await world.job();
    await follow(job, funded);
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([{ worker_id: worker.id, status: "pending" }]);
    return job;
  }

  async function takenBy(worker: TestWorker): Promise<string> {
    const job = await offered(worker);
    const [offer] = await world.offers(job);
    const word = await world.acceptance(worker, job);
    await world.accept({ id: worker.id, address: worker.wallet.address }, offer?.id ?? "", word);
    expect(await jobRow(job)).toMatchObject({ status: "accepted", worker_id: worker.id });
    return job;
  }

  const orders = ["follower", "outbox"] as const;

  it.each(orders)(
    "end, with their offers, where the funding fails on the new branch; the %s sees it first",
    async (first) => {
      const worker = await world.worker();
      const job = await offered(worker);
      if (first === "outbox") await refused("fund", job);
      await follow(job);
      if (first === "follower") await refused("fund", job);
      const { status, ended_at, failure } = await jobRow(job);
      expect({ status, ended: ended_at !== null, failure }).toEqual({
        status: "failed",
        ended: true,
        failure: { code: "WrongStatus", message: "The job is not there." },
      });
      expect(await statuses(job)).toEqual(["canceled"]);
      expect(await placesOf(worker)).toEqual({ load: 0, offered: 0 });
    },
  );

  it.each(orders)(
    "end for who took them, where the funding fails on the new branch; the %s sees it first",
    async (first) => {
      const worker = await world.worker();
      const job = await takenBy(worker);
      await follow(job, funded, accepted(worker));
      const both = async () => {
        await refused("fund", job);
        await refused("accept", job, worker);
      };
      if (first === "outbox") await both();
      await follow(job);
      if (first === "follower") await both();
      expect(await jobRow(job)).toMatchObject({ status: "failed" });
      expect(await placesOf(worker)).toEqual({ load: 0, offered: 0 });
    },
  );

  it.each(orders)(
    "look for others where the acceptance fails on the new branch; the %s sees it first",
    async (first) => {
      const worker = await world.worker();
      const job = await takenBy(worker);
      await follow(job, funded, accepted(worker));
      if (first === "outbox") await refused("accept", job, worker);
      await follow(job);
      if (first === "follower") await refused("accept", job, worker);
      expect(await jobRow(job)).toMatchObject({ status: "funding", worker_id: null });
      await follow(job, funded);
      expect(await jobRow(job)).toMatchObject({ status: "open", worker_id: null });
      expect(await placesOf(worker)).toEqual({ load: 0, offered: 0 });
      const other = await world.worker();
      await world.waves.advance(job);
      expect(await world.offers(job)).toMatchObject([
        { worker_id: worker.id, status: "canceled", reason: "the chain refused the acceptance: WrongStatus" },
        { worker_id: other.id, status: "pending" },
      ]);
    },
  );

  it("look for others where only the acceptance is taken back and fails", async () => {
    const worker = await world.worker();
    const job = await takenBy(worker);
    await follow(job, funded, accepted(worker));
    await refused("accept", job, worker);
    await follow(job, funded);
    expect(await jobRow(job)).toMatchObject({
      status: "open",
      worker_id: null,
      next_wave_at: expect.any(Date) as Date,
    });
  });

  it("stay with who took them where the acceptance stands in the queue again", async () => {
    const worker = await world.worker();
    const job = await takenBy(worker);
    await follow(job, funded, accepted(worker));
    await follow(job, funded);
    expect(await jobRow(job)).toMatchObject({ status: "accepted", worker_id: worker.id, next_wave_at: null });
  });

  it("are offered again where their end is taken back", async () => {
    const job = await world.job();
    await follow(job, funded);
    // The client's own call to the escrow.
    await follow(job, funded, { name: "Cancelled", args: {} });
    expect(await jobRow(job)).toMatchObject({ status: "refunded", next_wave_at: null });
    await follow(job, funded);
    const worker = await world.worker();
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([{ worker_id: worker.id, status: "pending" }]);
  });

  it.each(orders)(
    "are offered again where the cancellation fails on the new branch; the %s sees it first",
    async (first) => {
      const job = await world.job();
      await follow(job, funded);
      // As `cancelJob` leaves it.
      await db()
        .updateTable("jobs")
        .set({ cancel_requested_at: new Date(), next_wave_at: null })
        .where("id", "=", job)
        .execute();
      await follow(job, funded, { name: "Cancelled", args: {} });
      if (first === "outbox") await refused("cancel", job);
      await follow(job);
      if (first === "follower") await refused("cancel", job);
      await follow(job, funded);
      expect(await jobRow(job)).toMatchObject({
        status: "open",
        cancel_requested_at: null,
        refund_transaction_hash: null,
      });
      const worker = await world.worker();
      await world.waves.advance(job);
      expect(await world.offers(job)).toMatchObject([{ worker_id: worker.id, status: "pending" }]);
    },
  );

  it("free the places of others where an acceptance that had failed goes through after all", async () => {
    const first = await world.worker();
    const job = await takenBy(first);
    await refused("accept", job, first);
    const second = await world.worker();
    await world.waves.advance(job);
    expect(await statuses(job)).toEqual(["canceled", "pending"]);
    await mined("accept", job, first);
    await follow(job, funded, accepted(first));
    expect(await statuses(job)).toEqual(["accepted", "canceled"]);
    expect(await placesOf(first)).toEqual({ load: 1, offered: 0 });
    expect(await placesOf(second)).toEqual({ load: 0, offered: 0 });
  });

  it("free the places of all who were asked where the chain knows of an acceptance that we lost", async () => {
    const job = await world.job({ wave: 1 });
    await follow(job, funded);
    const [taker, ...others] = [await world.worker(), await world.worker(), await world.worker()];
    await world.waves.advance(job);
    expect(await statuses(job)).toEqual(["pending", "pending", "pending"]);
    await follow(job, funded, accepted(taker));
    expect(await jobRow(job)).toMatchObject({ status: "accepted", worker_id: taker.id, next_wave_at: null });
    expect(await statuses(job)).toEqual(["rescinded", "rescinded", "rescinded"]);
    for (const other of others) expect(await placesOf(other)).toEqual({ load: 0, offered: 0 });
  });

  it("stay with who has them where the acceptance of another round fails", async () => {
    const worker = await world.worker();
    const job = await takenBy(worker);
    // It was accepted in round 1, before the chain took back the blocks that had reopened it.
    const other = await world.worker({}, { presence: "away" });
    await db()
      .insertInto("offers")
      .values({
        ...{ id: newId("off"), job_id: job, worker_id: other.id, profile_id: other.profileId, round: 1, wave: 1 },
        ...{ status: "accepted", signature: "0x", valid_until_seconds: 1n, expires_at: new Date() },
      })
      .execute();
    await refused("accept", job, other, 1);
    expect(await jobRow(job)).toMatchObject({ status: "accepted", worker_id: worker.id, next_wave_at: null });
    expect((await statuses(job)).sort()).toEqual(["accepted", "canceled"]);
  });
});
