import { setTimeout as sleep } from "node:timers/promises";
import { type KyselyPlugin, sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { domainOf } from "@hireforhumans/protocol";
import { newId } from "../../src/ids.ts";
import { type CandidateFeed, createCandidateFeed } from "../../src/matching/candidate-feed.ts";
import { createPlacement } from "../../src/matching/returning.ts";
import { recountPlaces } from "../../src/workers/places.ts";
import { setPresence } from "../../src/workers/presence.ts";
import { describeOnDatabases } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

describeOnDatabases("matching by the index of candidates", (database) => {
  let world: MatchingWorld;
  let feed: CandidateFeed;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(async () => {
    await world.clear();
    world.ctx.candidates.clear();
    feed = createCandidateFeed({ db: world.ctx.db, candidates: world.ctx.candidates, log: silentLog });
    world.ctx.feed = feed;
  });
  afterEach(() => feed.stop());
  afterAll(() => world.stop());

  const asked = async (job: string) => (await world.offers(job)).map(({ worker_id }) => worker_id);
  const people = (count: number, ...worker: Parameters<typeof world.worker>) =>
    Promise.all(Array.from({ length: count }, () => world.worker(...worker)));

  /** A new job, offered by what was last heard; done at once by whoever was asked. */
  async function doOne(): Promise<string> {
    await feed.refresh();
    const job = await world.job();
    await world.waves.advance(job);
    const [worker] = await asked(job);
    if (worker === undefined) throw new Error(`nobody was asked about job ${job}`);
    await world.ctx.db.updateTable("offers").set({ status: "accepted" }).where("job_id", "=", job).execute();
    for (const status of ["accepted", "paid"]) {
      await world.ctx.db.transaction().execute(async (trx) => {
        await trx
          .updateTable("jobs")
          .set({ status, worker_id: worker, next_wave_at: null })
          .where("id", "=", job)
          .execute();
        await recountPlaces(trx, [worker]);
      });
    }
    return worker;
  }

  it("gives equals equal shares", async () => {
    const equals = await people(5);
    const counts = new Map(equals.map(({ id }) => [id, 0]));
    for (let job = 0; job < 15; job += 1) {
      const worker = await doOne();
      counts.set(worker, (counts.get(worker) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual([3, 3, 3, 3, 3]);
  });

  it("asks the one first who has been idle the longest, however many are alike", async () => {
    const since = (minutes: number) => ({ idle_since: sql<Date>`now() - make_interval(mins => ${minutes})` });
    const [longer] = [await world.worker({}, since(90)), ...(await people(4, {}, since(60)))];
    expect(await doOne()).toBe(longer.id);
  });

  it("lets nobody starve while there is work for all: whoever ranks last is asked when the others are taken", async () => {
    const best = await people(3, { skills: ["billing"] });
    const last = await world.worker({ domain: "legal", languages: ["de"], skills: ["a", "b", "c", "d"] });
    await feed.refresh();
    const jobs = await Promise.all(Array.from({ length: 4 }, () => world.job()));
    for (const job of jobs) await world.waves.advance(job);
    const workers = (await Promise.all(jobs.map(asked))).flat();
    expect(workers.slice(0, 3).toSorted()).toEqual(best.map(({ id }) => id).toSorted());
    expect(workers[3]).toBe(last.id);
  });

  it("asks somebody of whom it has not heard yet before a job waits, and nobody who has gone meanwhile", async () => {
    const gone = await world.worker();
    await feed.refresh();
    await setPresence(world.ctx, gone.id, "away");
    const come = await world.worker({ skills: ["billing", "refunds"] });
    const job = await world.job();
    await world.waves.advance(job);
    expect(await asked(job)).toEqual([come.id]);
  });

  it("hears of a change that was slow to commit while later ones were read", async () => {
    const worker = await world.worker({}, { presence: "away" });
    await feed.refresh();
    if (database().engine === "embedded") {
      await setPresence(world.ctx, worker.id, "online");
    } else {
      const written = Promise.withResolvers<undefined>();
      const commit = Promise.withResolvers<undefined>();
      const slow = world.ctx.db.transaction().execute(async (trx) => {
        await trx.updateTable("workers").set({ presence: "online" }).where("id", "=", worker.id).execute();
        await sql`select sync_profiles(array[${worker.id}])`.execute(trx);
        written.resolve(undefined);
        await commit.promise;
      });
      await written.promise;
      await world.worker();
      await feed.refresh();
      expect(world.ctx.candidates.size).toBe(1);
      commit.resolve(undefined);
      await slow;
    }
    await feed.refresh();
    const requirements = { ...nothingAsked, domain: "support" };
    const known = world.ctx.candidates.find(requirements, Date.now()).map(({ workerId }) => workerId);
    expect(known).toContain(worker.id);
  });

  it("asks who has the reputation that a job asks, not who lacks the smallest part of it", async () => {
    const least = 700_000_000_000_000_000n;
    const [below, exact] = [await world.worker(), await world.worker()];
    for (const [{ id, wallet }, score] of [[below, least - 1n] as const, [exact, least] as const]) {
      const kept = { domain_hash: domainOf("support"), successes: 1, failures: 0, block_number: 1n };
      await world.ctx.db
        .insertInto("reputations")
        .values({ address: wallet.address, score: score.toString(), ...kept })
        .execute();
      await sql`select sync_profiles(array[${id}])`.execute(world.ctx.db);
    }
    await feed.refresh();
    // The wave asks three.
    const job = await world.job({ min_reputation: least.toString(), wave: 1 });
    await world.waves.advance(job);
    expect(await asked(job)).toEqual([exact.id]);
  });

  it("asks the one who may review what 200 better ones must not", async () => {
    const { db } = world.ctx;
    await sql`insert into golden_tasks (id, domain, packet, answer) values ('g', 'support', '{}', 'pass')`.execute(db);
    const [earlier, review] = [await world.job({ status: "paid", next_wave_at: null }), await world.job()];
    for (const job of [earlier, review]) {
      await sql`insert into reviews (id, job_id, golden_id) values (${newId("rev")}, ${job}, 'g')`.execute(db);
    }
    await people(200, { reputation: "900000000000000000" });
    // Each had the task before; in a round of one job, where in life it was a job of its own.
    await sql`
      insert into offers (id, job_id, worker_id, profile_id, round, wave, status, expires_at)
      select 'off_' || id, ${earlier}, worker_id, id, row_number() over (), 1, 'accepted', now() from profiles
    `.execute(db);
    const free = await world.worker();
    await feed.refresh();
    await world.waves.advance(review);
    expect(await asked(review)).toEqual([free.id]);
  });

  it.each([-1, 1])(
    "asks a worker whose revision is off by %d from what it heard, though no change is noted",
    async (off) => {
      const worker = await world.worker();
      await feed.refresh();
      await world.ctx.db
        .updateTable("workers")
        .set({ revision: sql`revision + ${off}` })
        .where("id", "=", worker.id)
        .execute();
      const job = await world.job();
      await world.waves.advance(job);
      expect(await asked(job)).toEqual([worker.id]);
    },
  );

  it("forgets whom the database has not got, and goes on to the next wave", async () => {
    const lost = await world.worker();
    await feed.refresh();
    const { db } = world.ctx;
    for (const table of ["sessions", "profiles"] as const) {
      await db.deleteFrom(table).where("worker_id", "=", lost.id).execute();
    }
    await db.deleteFrom("workers").where("id", "=", lost.id).execute();
    const job = await world.job();
    await world.waves.advance(job);
    expect(world.ctx.candidates.size).toBe(0);
    const { wave } = await db.selectFrom("jobs").select("wave").where("id", "=", job).executeTakeFirstOrThrow();
    expect(wave).toBe(1);
  });

  it("begins anew where another server answers, whose transactions have numbers that it has passed", async () => {
    let server = "the first";
    const answered: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: ({ result }) =>
        Promise.resolve({
          ...result,
          rows: result.rows.map((row) => ("server" in row ? { ...row, server } : row)),
        }),
    };
    const { candidates } = world.ctx;
    const heard = createCandidateFeed({ db: world.ctx.db.withPlugin(answered), candidates, log: silentLog });
    await heard.refresh();
    await world.worker();
    await world.ctx.db
      .updateTable("worker_changes")
      .set({ transaction: sql`'3'` })
      .execute();
    await heard.refresh();
    expect(candidates.size).toBe(0);
    server = "the second";
    await heard.refresh();
    expect(candidates.size).toBe(1);
  });

  it("gives no place twice and loses no offer while 16 match and everybody comes and goes", async () => {
    const all = await people(12, {}, { capacity: 2 });
    const jobs = await Promise.all(Array.from({ length: 32 }, () => world.job()));
    feed.start();
    const flapping = all.map(async ({ id }, index) => {
      for (let turn = 0; turn < 3; turn += 1) {
        await setPresence(world.ctx, id, turn % 2 === 0 ? "away" : "online");
        await sleep(index);
      }
      await setPresence(world.ctx, id, "online");
    });
    const waiting = [...jobs];
    const clients = Array.from({ length: 16 }, async () => {
      for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) await world.waves.advance(job);
    });
    await Promise.all([...flapping, ...clients]);
    for (const { id } of all) await createPlacement(world.ctx)(id);
    const { db } = world.ctx;
    const offers = await db.selectFrom("offers").select(["job_id", "worker_id"]).execute();
    const workers = await db.selectFrom("workers").selectAll().execute();
    for (const { id, offered, capacity } of workers) {
      expect(offered, "places are counted right").toBe(offers.filter(({ worker_id }) => worker_id === id).length);
      expect(offered, "no worker beyond its capacity").toBeLessThanOrEqual(capacity);
    }
    expect(new Set(offers.map(({ job_id }) => job_id)).size, "no job is asked about twice").toBe(offers.length);
    expect(offers, "no place is left while jobs wait").toHaveLength(24);
  });
});

const nothingAsked = {
  tier: "general" as const,
  skills: [],
  languages: [],
  certifications: [],
  countriesAllow: [],
  countriesDeny: [],
  minReputation: 0n,
  poolId: null,
};
