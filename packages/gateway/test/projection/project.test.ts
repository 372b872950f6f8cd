import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { projectJobs, type ProjectionListeners } from "../../src/jobs/project.ts";
import type { StoredChainEvent } from "../../src/jobs/chain-state.ts";
import { type MatchingWorld, matchingWorld } from "../matching/world.ts";
import { matchingListeners } from "../../src/matching/listeners.ts";
import { describeOnDatabases } from "../support/database.ts";
import { storeBranch } from "./branch.ts";
import { history } from "./history.ts";

describeOnDatabases("projecting the chain onto jobs", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const silent: ProjectionListeners = {
    onOpened: () => Promise.resolve(),
    onTaken: () => Promise.resolve(),
    onTakenBack: () => Promise.resolve(),
    onEnded: () => Promise.resolve(),
    onRecorded: () => Promise.resolve(),
    onDelivered: () => Promise.resolve(),
  };
  const db = () => database().db;

  interface Job {
    id: string;
    chainJobId: string;
    /** Where its events stand in the blocks that all jobs of the test share. */
    logIndex: number;
  }
  let jobs = 0;

  async function newJob(): Promise<Job> {
    const id = await world.job({ status: "funding", chain_status: null, funded_at: null, next_wave_at: null });
    const row = await db().selectFrom("jobs").select("chain_job_id").where("id", "=", id).executeTakeFirstOrThrow();
    return { id, chainJobId: row.chain_job_id, logIndex: jobs++ };
  }

  const setBranch = (job: Job, events: readonly StoredChainEvent[]) => storeBranch(db(), job, events);

  const project = (chainJobIds: string[], listeners = silent) =>
    db()
      .transaction()
      .execute((trx) => projectJobs(trx, "0x", chainJobIds, listeners));

  async function outcomeOf(jobId: string) {
    const { ended_at, ...row } = await db()
      .selectFrom("jobs")
      .select(["status", "chain_status", "round", "worker_id", "until_seconds", "chain_until_seconds", "ended_at"])
      .select(["escrow_transaction_hash", "release_transaction_hash", "refund_transaction_hash"])
      .where("id", "=", jobId)
      .executeTakeFirstOrThrow();
    return { ...row, ended: ended_at !== null };
  }
  const eventsOf = async (jobId: string) =>
    await db()
      .selectFrom("job_events")
      .select(["sequence", "once"])
      .where("job_id", "=", jobId)
      .orderBy("sequence")
      .execute();

  it("comes to the same row by any way of blocks, rollbacks and repetitions", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(history(), fc.array(fc.nat(), { maxLength: 6 }), async (events, cuts) => {
        const [wandering, straight] = [await newJob(), await newJob()];
        for (const cut of [...cuts.map((cut) => cut % (events.length + 1)), events.length]) {
          await setBranch(wandering, events.slice(0, cut));
          await project([wandering.chainJobId]);
          await project([wandering.chainJobId, wandering.chainJobId]);
        }
        await setBranch(straight, events);
        await project([straight.chainJobId]);
        // Whose funding was taken back keeps the hash of the transaction that funds it, so that its client can follow it.
        const expected = { ...(await outcomeOf(straight.id)), escrow_transaction_hash: expect.anything() as unknown };
        const row = await outcomeOf(wandering.id);
        expect({ ...row, escrow_transaction_hash: row.escrow_transaction_hash ?? "none" }).toEqual(expected);

        const told = await eventsOf(wandering.id);
        expect(new Set(told.map(({ once }) => once)).size).toBe(told.length);
        expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_event, index) => index + 1));
        expect(new Set(told.map(({ once }) => once))).toEqual(
          new Set((await eventsOf(straight.id)).map(({ once }) => once)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("passes over jobs of others, and says once that a job of ours ended, and that its end was taken back", async () => {
    const job = await newJob();
    const { id, chainJobId } = job;
    const heard: string[] = [];
    const listeners: ProjectionListeners = {
      ...silent,
      onOpened: (_, opened) => Promise.resolve(void heard.push(`opened ${opened.map(({ jobId }) => jobId).join()}`)),
      onEnded: (_, jobIds) => Promise.resolve(void heard.push(`ended ${jobIds.join()}`)),
    };
    const funded = { name: "Funded", transactionHash: "0x01", timestampSeconds: 1n, args: {} };
    await setBranch(job, [funded, { ...funded, name: "Refunded", transactionHash: "0x02" }]);
    for (let time = 0; time < 2; time++) await project([chainJobId, `0x${"f".repeat(64)}`], listeners);
    await setBranch(job, [funded]);
    await project([chainJobId], listeners);
    expect(await outcomeOf(id)).toMatchObject({ status: "open", ended: false, refund_transaction_hash: null });
    expect(heard).toEqual([`ended ${id}`, `opened ${id}`]);
  });

  it("leaves a job ended whose funding the chain refused after it was taken back", async () => {
    const job = await newJob();
    const ended_at = new Date();
    await db().updateTable("jobs").set({ status: "failed", ended_at }).where("id", "=", job.id).execute();
    await project([job.chainJobId]);
    expect(await outcomeOf(job.id)).toMatchObject({ status: "failed", ended: true });
  });

  it("looks for a worker once the funding is seen", async () => {
    const job = await newJob();
    const { id, chainJobId } = job;
    const heard: string[] = [];
    const onOpened: ProjectionListeners["onOpened"] = async (trx, opened) => {
      heard.push(...opened.map(({ jobId }) => jobId));
      await matchingListeners(world.ctx.queue).onOpened(trx, opened);
    };
    await setBranch(job, [{ name: "Funded", transactionHash: "0x01", timestampSeconds: 1n, args: {} }]);
    for (let time = 0; time < 2; time++) await project([chainJobId], { ...silent, onOpened });
    expect(heard).toEqual([id]);
  });
});
