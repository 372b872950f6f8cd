import type { QueryId, Updateable } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Database } from "../../src/context.ts";
import type { Schema } from "../../src/database/schema.ts";
import { declineOffer } from "../../src/matching/decline.ts";
import { createWaves } from "../../src/matching/waves.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

const waveSeconds = [20, 25, 30, 35];

describeOnDatabases("waves of offers", (database, engine) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const workers = (count: number): Promise<TestWorker[]> =>
    Promise.all(Array.from({ length: count }, () => world.worker()));
  const statuses = async (job: string) => (await world.offers(job)).map(({ status }) => status);
  const workerRow = (id: string) =>
    world.ctx.db.selectFrom("workers").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const jobRow = (id: string) =>
    world.ctx.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const setJob = (id: string, values: Updateable<Schema["jobs"]>) =>
    world.ctx.db.updateTable("jobs").set(values).where("id", "=", id).execute();
  const events = async (job: string) =>
    (
      await world.ctx.db.selectFrom("job_events").selectAll().where("job_id", "=", job).orderBy("sequence").execute()
    ).map(({ type, data }) => ({ type, data }));
  /** Lets every wave of a job pass unanswered. */
  async function exhaust(job: string): Promise<void> {
    for (const seconds of waveSeconds) {
      await world.waves.advance(job);
      await world.pass(job, seconds);
    }
    await world.waves.advance(job);
  }

  it("asks 1, 3, 5 and 10 workers in turn, for 20, 25, 30 and 35 seconds, and nobody twice", async () => {
    await workers(21);
    const job = await world.job();
    const asked: number[] = [];
    for (const seconds of waveSeconds) {
      expect(await world.waves.advance(job)).toBe(true);
      const offers = await world.offers(job);
      asked.push(offers.filter(({ status }) => status === "pending").length);
      const row = await world.ctx.db
        .selectFrom("offers")
        .select(["expires_at", "created_at"])
        .where("job_id", "=", job)
        .where("status", "=", "pending")
        .executeTakeFirstOrThrow();
      // Counted from when it is made, not from when its transaction began.
      const lasts = row.expires_at.getTime() - row.created_at.getTime();
      expect(lasts).toBeGreaterThanOrEqual(seconds * 1000);
      expect(lasts).toBeLessThan(seconds * 1000 + 4_000);
      await world.pass(job, seconds);
    }
    expect(asked).toEqual([1, 3, 5, 10]);
    const offers = await world.offers(job);
    expect(new Set(offers.map(({ worker_id }) => worker_id)).size).toBe(19);
  });

  it("looks again in a moment where who fits is only held by another transaction", async () => {
    const [worker] = await workers(1);
    const job = await world.job();
    const held = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const other = world.ctx.db.transaction().execute(async (trx) => {
      await trx.selectFrom("workers").select("id").where("id", "=", worker!.id).forUpdate().execute();
      held.resolve(undefined);
      await release.promise;
    });
    await held.promise;
    // The embedded database does one transaction after the other, so that nobody is held there.
    const looked = world.waves.advance(job);
    if (database().engine === "postgres") expect(await looked).toBe(true);
    release.resolve(undefined);
    await Promise.all([other, looked]);
    if (database().engine === "postgres") {
      expect(await jobRow(job)).toMatchObject({ wave: 0 });
      await world.pass(job, 1);
      await world.waves.advance(job);
    }
    expect(await statuses(job)).toEqual(["pending"]);
  });

  it("does nothing before the wave's time is over", async () => {
    await workers(2);
    const job = await world.job();
    await world.waves.advance(job);
    await world.pass(job, 19);
    expect(await world.waves.advance(job)).toBe(false);
    expect(await statuses(job)).toEqual(["pending"]);
  });

  it("holds a place of the worker as long as the offer runs, and gives it back when it times out", async () => {
    const [worker] = await workers(1);
    const job = await world.job();
    await world.waves.advance(job);
    expect(await workerRow(worker!.id)).toMatchObject({ offered: 1, load: 0 });
    const other = await world.job();
    await world.waves.advance(other);
    expect(await statuses(other)).toEqual([]);

    await world.pass(job, 20);
    await world.waves.advance(job);
    expect(await statuses(job)).toEqual(["timeout"]);
    expect(await workerRow(worker!.id)).toMatchObject({ offered: 0, misses: 1, presence: "online" });
  });

  it("takes who misses two offers in a row for away, and asks them nothing more", async () => {
    const [worker] = await workers(1);
    for (const presence of ["online", "away"]) {
      const job = await world.job();
      await world.waves.advance(job);
      await world.pass(job, 20);
      await world.waves.advance(job);
      expect(await statuses(job)).toEqual(["timeout"]);
      expect(await workerRow(worker!.id)).toMatchObject({ presence });
    }
    const third = await world.job();
    await world.waves.advance(third);
    expect(await statuses(third)).toEqual([]);
  });

  it("forgets a miss once the worker answers again", async () => {
    const [worker] = await workers(1);
    const missed = await world.job();
    await world.waves.advance(missed);
    await world.pass(missed, 20);
    await world.waves.advance(missed);
    const declined = await world.job();
    await world.waves.advance(declined);
    const [offer] = await world.offers(declined);
    await declineOffer(world.ctx, worker!.id, offer!.id, "at lunch");
    expect(await workerRow(worker!.id)).toMatchObject({ misses: 0, presence: "online" });
  });

  it("goes on to the next wave as soon as the last one asked has declined", async () => {
    await workers(4);
    const job = await world.job();
    await world.waves.advance(job);
    const [first] = await world.offers(job);
    await declineOffer(world.ctx, first!.worker_id, first!.id, "not my field");
    expect(await world.waves.advance(job)).toBe(true);
    expect(await statuses(job)).toEqual(["rejected", "pending", "pending", "pending"]);

    const second = (await world.offers(job))[1]!;
    await declineOffer(world.ctx, second.worker_id, second.id, "busy");
    expect(await world.waves.advance(job), "two of the wave may still answer").toBe(false);
  });

  it("asks the job's own tier first and the next ones with it when that is too small", async () => {
    const compliance = await world.worker({ certifications: ["gdpr"] });
    const technical = await world.worker({ skills: ["nodejs"] });
    const general = await world.worker({ skills: [] });
    const job = await world.job();
    await world.waves.advance(job);
    expect((await world.offers(job)).map(({ worker_id }) => worker_id)).toEqual([general.id]);
    await world.pass(job, 20);
    await world.waves.advance(job);
    const widened = (await world.offers(job)).slice(1).map(({ worker_id }) => worker_id);
    expect(widened.toSorted()).toEqual([technical.id, compliance.id].toSorted());
  });

  it("skips an empty tier at once", async () => {
    const compliance = await world.worker({ certifications: ["gdpr"] });
    const job = await world.job({ tier: "technical" });
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([{ worker_id: compliance.id, wave: 1 }]);
  });

  it("waits each wave out where nobody is free, so that who comes meanwhile is asked", async () => {
    const job = await world.job();
    for (const seconds of waveSeconds) {
      await world.waves.advance(job);
      expect((await jobRow(job)).unmatched_at).toBeNull();
      await world.pass(job, seconds - 1);
      expect(await world.waves.advance(job)).toBe(false);
      await world.pass(job, 1);
    }
    await world.waves.advance(job);
    expect((await jobRow(job)).unmatched_at).not.toBeNull();
  });

  it("tells the client once that nobody took the job, with the wait to expect, and keeps looking", async () => {
    const job = await world.job();
    await exhaust(job);
    expect(await events(job)).toEqual([
      {
        type: "job.unmatched",
        data: { fallback: "wait", estimated_match_time: 30, workers_matching: 0, next_opening_at: null },
      },
    ]);
    const late = await world.worker();
    await world.pass(job, 600);
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([{ worker_id: late.id, status: "pending" }]);
    expect((await events(job)).filter(({ type }) => type === "job.unmatched")).toHaveLength(1);
  });

  it("asks for a callback where the job said so", async () => {
    const job = await world.job({ fallback: "callback" });
    await exhaust(job);
    expect((await events(job)).map(({ type }) => type)).toEqual(["job.unmatched", "callback.requested"]);
    expect(await jobRow(job)).toMatchObject({ status: "open", cancel_requested_at: null });
  });

  it("sends the money back where the job said so, and asks nobody any more", async () => {
    const job = await world.job({ fallback: "refund" });
    await exhaust(job);
    await world.worker();
    await world.pass(job, 3600);
    await world.waves.advance(job);
    expect(await world.offers(job)).toEqual([]);
    expect((await jobRow(job)).cancel_requested_at).not.toBeNull();
    const intents = await world.ctx.db
      .selectFrom("intents")
      .select(["kind", "to_address"])
      .where("job_id", "=", job)
      .execute();
    expect(intents).toEqual([{ kind: "cancel", to_address: world.ctx.chain.deployment.escrow }]);
  });

  it("offers nothing that can't be accepted: not open, being cancelled, or past its deadline on chain", async () => {
    await workers(3);
    const closed = [
      await world.job({ status: "accepted" }),
      await world.job({ chain_status: null, status: "funding" }),
      await world.job({ cancel_requested_at: new Date() }),
      await world.job({ deadline_seconds: world.clock.seconds }),
    ];
    for (const job of closed) {
      expect(await world.waves.advance(job)).toBe(false);
      expect(await statuses(job)).toEqual([]);
    }
    await world.waves.sweep();
    expect(await world.waves.sweep(), "they are not swept again and again").toBe(0);
  });

  it("goes on at once with a job whose funding was taken back for a while", async () => {
    await workers(1);
    const job = await world.job({ status: "funding", chain_status: null });
    expect(await world.waves.sweep()).toBe(0);
    await setJob(job, { status: "open", chain_status: "open" });
    expect(await world.waves.sweep()).toBe(1);
    expect(await statuses(job)).toEqual(["pending"]);
  });

  const meanwhile: [string, (job: string) => Promise<unknown>, (job: string) => Promise<unknown>, string[]][] = [
    ["was declined", (job) => world.waves.advance(job), decline, ["rejected", "pending"]],
    [
      "was funded again",
      (job) => setJob(job, { status: "funding", chain_status: null }),
      (job) => setJob(job, { status: "open", chain_status: "open" }),
      ["pending"],
    ],
  ];
  // In the embedded database nobody comes between: it does one transaction after the other.
  if (engine === "postgres")
    it.each(meanwhile)(
      "puts off no job that %s while the sweep found nothing to do",
      async (_what, swept, looked, expected) => {
        await workers(2);
        const job = await world.job();
        let db = afterAnswer(world.ctx.db, "next_wave_at", () => swept(job));
        db = afterAnswer(db, "lock_due_jobs", () => looked(job));
        await createWaves({ ...world.ctx, db }).sweep();
        await world.waves.sweep();
        expect((await statuses(job)).slice(0, 2)).toEqual(expected);
      },
    );

  async function decline(job: string): Promise<void> {
    const [offer] = await world.offers(job);
    await declineOffer(world.ctx, offer!.worker_id, offer!.id, "not my field");
  }

  /** Does that once, when the first statement that holds this text was answered and before the answer is given on. */
  function afterAnswer(db: Database, text: string, act: () => Promise<unknown>): Database {
    let first: QueryId | undefined;
    return db.withPlugin({
      transformQuery({ node, queryId }) {
        const written = JSON.stringify(node, (_key, value: unknown) => (typeof value === "bigint" ? "" : value));
        if (written.includes(text)) first ??= queryId;
        return node;
      },
      async transformResult({ result, queryId }) {
        if (queryId === first) await act();
        return result;
      },
    });
  }

  it("sweeps the jobs whose turn the queue lost, also beside one that can't be matched", async () => {
    await workers(2);
    const broken = await world.job({ next_wave_at: new Date(0) });
    await world.ctx.db.updateTable("jobs").set({ packet: "{}" }).where("id", "=", broken).execute();
    const job = await world.job();
    expect(await world.waves.sweep()).toBe(1);
    expect(await statuses(job)).toEqual(["pending"]);
    expect(await statuses(broken)).toEqual([]);
    expect(await world.waves.sweep()).toBe(0);
  });
});
