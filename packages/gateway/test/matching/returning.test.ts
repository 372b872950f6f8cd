import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { newId } from "../../src/ids.ts";
import { matchingListeners } from "../../src/matching/listeners.ts";
import { createPlacement } from "../../src/matching/returning.ts";
import { sweepPlaces } from "../../src/workers/places.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

describeOnDatabases("a worker who comes back", (database, engine) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
  const asked = async (job: string) => (await world.offers(job)).map(({ worker_id }) => worker_id);
  const workerRow = (id: string) =>
    world.ctx.db.selectFrom("workers").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  /** A job that waits, with nobody being asked. */
  async function waiting(fundedMinutesAgo: number, overrides: Parameters<typeof world.job>[0] = {}): Promise<string> {
    const job = await world.job({ funded_at: minutesAgo(fundedMinutesAgo), ...overrides });
    await world.waves.advance(job);
    return job;
  }

  it("gets the oldest job that fits, not an older one that does not", async () => {
    const young = await waiting(1);
    const old = await waiting(5);
    const unfit = await waiting(9, { skills: ["surgery"] });
    const worker = await world.worker();
    await createPlacement(world.ctx)(worker.id);
    expect([await asked(unfit), await asked(old), await asked(young)]).toEqual([[], [worker.id], []]);
  });

  it("gets a job behind ten older ones that it must not get: reviews, and those past their deadline", async () => {
    const { db } = world.ctx;
    const worker = await world.worker();
    await sql`insert into golden_tasks (id, domain, packet, answer) values ('g', 'support', '{}', 'pass')`.execute(db);
    const review = async (job: string): Promise<void> => {
      await sql`insert into reviews (id, job_id, golden_id) values (${newId("rev")}, ${job}, 'g')`.execute(db);
    };
    const given = { id: newId("off"), worker_id: worker.id, profile_id: worker.profileId, status: "accepted" as const };
    const earlier = await world.job({ status: "paid", next_wave_at: null });
    await review(earlier);
    await db
      .insertInto("offers")
      .values({ ...given, job_id: earlier, round: 0, wave: 1, expires_at: new Date() })
      .execute();
    const others = { funded_at: minutesAgo(9), wave: 4, unmatched_at: new Date() };
    for (let each = 0; each < 10; each += 1) {
      await review(await world.job(others));
      await world.job({ ...others, deadline_seconds: world.clock.seconds });
    }
    const job = await world.job({ ...others, funded_at: minutesAgo(1) });
    await createPlacement(world.ctx)(worker.id);
    expect(await asked(job)).toEqual([worker.id]);
  });

  it("gets as many jobs as it has places, the oldest first", async () => {
    const jobs = [await waiting(9), await waiting(8), await waiting(7)];
    const worker = await world.worker({}, { capacity: 2 });
    await createPlacement(world.ctx)(worker.id);
    expect(await Promise.all(jobs.map(asked))).toEqual([[worker.id], [worker.id], []]);
  });

  it("gets the oldest of the jobs that nobody else gets who comes back at the same moment, and each job goes to one", async () => {
    const jobs: string[] = [];
    for (const minutes of [9, 8, 7, 6, 5]) jobs.push(await waiting(minutes));
    const unfit = await waiting(10, { skills: ["surgery"] });
    const [first, second, away, third] = [
      await world.worker({}, { capacity: 2 }),
      await world.worker(),
      await world.worker({}, { presence: "away" }),
      await world.worker(),
    ];
    const place = createPlacement(world.ctx);
    await Promise.all([first, second, away, third].map(({ id }) => place(id)));
    // One each, then the next to who has a place left.
    expect(await Promise.all(jobs.map(asked))).toEqual([[first.id], [second.id], [third.id], [first.id], []]);
    expect(await asked(unfit)).toEqual([]);
    const places = await Promise.all([first, second, third].map(({ id }) => workerRow(id)));
    expect(places.map(({ offered }) => offered)).toEqual([2, 1, 1]);
  });

  if (engine === "postgres")
    it("is asked also where another transaction holds it for a moment, such as one that counts its reputation", async () => {
      const { db } = world.ctx;
      const job = await waiting(1);
      const worker = await world.worker();
      let placed: Promise<void> | undefined;
      let counted: Promise<void> | undefined;
      await db.transaction().execute(async (trx) => {
        await trx.selectFrom("jobs").select("id").where("id", "=", job).forUpdate().execute();
        placed = createPlacement(world.ctx)(worker.id);
        // It has found the job, and waits for it.
        await sleep(300);
        counted = db.transaction().execute(async (other) => {
          await other.updateTable("workers").set({ presence_at: new Date() }).where("id", "=", worker.id).execute();
          await sleep(600);
        });
        await sleep(300);
      });
      await Promise.all([placed, counted]);
      expect(await asked(job)).toEqual([worker.id]);
    });

  it("is not asked about a job that somebody else is being asked about", async () => {
    const first = await world.worker();
    const job = await waiting(1);
    expect(await asked(job)).toEqual([first.id]);
    const second = await world.worker();
    await createPlacement(world.ctx)(second.id);
    expect(await asked(job)).toEqual([first.id]);
  });

  it("is asked about a job whose waves are all over", async () => {
    const job = await waiting(5, { wave: 4, unmatched_at: new Date() });
    const worker = await world.worker();
    await createPlacement(world.ctx)(worker.id);
    expect(await asked(job)).toEqual([worker.id]);
  });

  it("is asked about nothing while away, or where the job is for its client's eyes", async () => {
    const job = await waiting(1);
    const away = await world.worker({}, { presence: "away" });
    await createPlacement(world.ctx)(away.id);
    const client = await world.worker({}, { address: world.client.address });
    await createPlacement(world.ctx)(client.id);
    expect(await asked(job)).toEqual([]);
  });

  it("keeps the job's clock: the next wave comes when the offer's time is over", async () => {
    const job = await waiting(1);
    const worker = await world.worker();
    await createPlacement(world.ctx)(worker.id);
    await world.pass(job, 24);
    expect(await world.waves.advance(job)).toBe(false);
    await world.pass(job, 2);
    expect(await world.waves.advance(job)).toBe(true);
    expect((await world.offers(job)).map(({ status }) => status)).toEqual(["timeout"]);
  });

  it("has its place back when the job in hand ends, and gets the oldest waiting job", async () => {
    const worker = await world.worker();
    const done = await world.job({ status: "accepted", worker_id: worker.id, next_wave_at: null });
    await createPlacement(world.ctx)(worker.id);
    expect(await workerRow(worker.id)).toMatchObject({ load: 1 });
    const job = await waiting(1);
    await createPlacement(world.ctx)(worker.id);
    expect(await asked(job)).toEqual([]);

    await world.ctx.db.transaction().execute(async (trx) => {
      await trx.updateTable("jobs").set({ status: "paid", ended_at: new Date() }).where("id", "=", done).execute();
      await matchingListeners(world.ctx.queue).onEnded(trx, [done]);
    });
    await createPlacement(world.ctx)(worker.id);
    expect(await workerRow(worker.id)).toMatchObject({ load: 0, offered: 1 });
    expect(await asked(job)).toEqual([worker.id]);
  });

  it("loses the offers of a job that ended", async () => {
    const worker = await world.worker();
    const job = await waiting(1);
    for (let told = 0; told < 2; told += 1) {
      await world.ctx.db.transaction().execute(async (trx) => {
        await trx.updateTable("jobs").set({ status: "refunded", ended_at: new Date() }).where("id", "=", job).execute();
        await matchingListeners(world.ctx.queue).onEnded(trx, [job]);
      });
    }
    await createPlacement(world.ctx)(worker.id);
    expect(await world.offers(job)).toMatchObject([{ status: "canceled", reason: "the job ended" }]);
    expect(await workerRow(worker.id)).toMatchObject({ load: 0, offered: 0 });
  });

  it("begins a reopened job's waves anew, for others", async () => {
    const lapsed = await world.worker();
    const job = await waiting(1);
    await world.ctx.db.transaction().execute(async (trx) => {
      await trx.updateTable("offers").set({ status: "accepted" }).where("job_id", "=", job).execute();
      await trx
        .updateTable("jobs")
        .set({ round: 1, wave: 3, unmatched_at: new Date() })
        .where("id", "=", job)
        .execute();
      await matchingListeners(world.ctx.queue).onOpened(trx, [{ jobId: job, workerId: lapsed.id }]);
    });
    const other = await world.worker();
    await createPlacement(world.ctx)(lapsed.id);
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([
      { worker_id: lapsed.id, status: "accepted" },
      { worker_id: other.id, status: "pending", wave: 1 },
    ]);
  });

  it("has its places counted anew where a job moved without anybody's turn", async () => {
    const freed = await world.worker({}, { load: 1 });
    const taken = await world.worker();
    await world.job({ status: "submitted", worker_id: taken.id, next_wave_at: null });
    expect(await sweepPlaces(world.ctx)).toBe(2);
    expect(await workerRow(freed.id)).toMatchObject({ load: 0 });
    expect(await workerRow(taken.id)).toMatchObject({ load: 1 });
    expect(await sweepPlaces(world.ctx)).toBe(0);
  });

  it("counts as idle from the end of its last job", async () => {
    const worker = await world.worker({}, { load: 1, idle_since: sql<Date>`now() - interval '1 hour'` });
    await createPlacement(world.ctx)(worker.id);
    expect(Date.now() - (await workerRow(worker.id)).idle_since.getTime()).toBeLessThan(60_000);
  });
});
