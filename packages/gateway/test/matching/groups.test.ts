import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Context } from "../../src/context.ts";
import { newId } from "../../src/ids.ts";
import { createCandidateFeed } from "../../src/matching/candidate-feed.ts";
import { CandidateIndex } from "../../src/matching/candidates.ts";
import { type Waves, createWaves } from "../../src/matching/waves.ts";
import { describeOnDatabases } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

describeOnDatabases("jobs that are matched together", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  /** Matching of a gateway of its own, whose index has heard of everybody, or of nobody. */
  async function gateway(heard: boolean): Promise<Waves> {
    const candidates = new CandidateIndex();
    const feed = createCandidateFeed({ db: world.ctx.db, candidates, log: silentLog });
    if (heard) await feed.refresh();
    const ctx: Context = { ...world.ctx, candidates, feed };
    return createWaves(ctx);
  }

  /** Whoever comes while one is being worked on is in the next group. */
  const together = <Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>, one: Item) =>
    Promise.allSettled([act(one), ...items.map(act)]).then(([, ...results]) => results);
  const advance = (waves: Waves, jobs: readonly string[]) => together(jobs, (job) => waves.advance(job), newId("job"));

  const asked = async (job: string) => (await world.offers(job)).map(({ worker_id }) => worker_id);
  const jobRow = (id: string) =>
    world.ctx.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const workerRow = (id: string) =>
    world.ctx.db.selectFrom("workers").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const writers = async (table: "offers" | "jobs") =>
    (await sql<{ xmin: string }>`select distinct xmin::text from ${sql.table(table)}`.execute(world.ctx.db)).rows
      .length;

  for (const heard of [true, false]) {
    const by = heard ? "by the index" : "by the database";

    it(`gives two that want the same worker each their own, who came first the best, ${by}`, async () => {
      const best = await world.worker({ reputation: "900000000000000000" });
      await score(best, "900000000000000000");
      const next = await world.worker();
      const jobs = [await world.job(), await world.job()];
      await advance(await gateway(heard), jobs);
      expect(await Promise.all(jobs.map(asked))).toEqual([[best.id], [next.id]]);
      expect(await writers("offers"), "one transaction").toBe(1);
    });

    it(`lets the second wait where there is only one with one place, ${by}`, async () => {
      const worker = await world.worker();
      const jobs = [await world.job(), await world.job()];
      await advance(await gateway(heard), jobs);
      expect(await Promise.all(jobs.map(asked))).toEqual([[worker.id], []]);
      expect(await jobRow(jobs[1]!)).toMatchObject({ wave: 1 });
      expect(await workerRow(worker.id)).toMatchObject({ offered: 1 });
    });

    it(`gives a worker with two places both, at the latest in a moment, ${by}`, async () => {
      const worker = await world.worker({}, { capacity: 2 });
      const jobs = [await world.job(), await world.job()];
      const waves = await gateway(heard);
      await advance(waves, jobs);
      for (const job of jobs) await world.pass(job, 1);
      await advance(waves, jobs);
      expect(await Promise.all(jobs.map(asked))).toEqual([[worker.id], [worker.id]]);
      expect(await workerRow(worker.id)).toMatchObject({ offered: 2 });
    });

    it(`passes over the one that is cancelled meanwhile, ${by}`, async () => {
      await world.worker();
      await world.worker();
      const [kept, cancelled] = [await world.job(), await world.job()];
      const waves = await gateway(heard);
      const held = Promise.withResolvers<undefined>();
      const release = Promise.withResolvers<undefined>();
      const cancelling = world.ctx.db.transaction().execute(async (trx) => {
        await trx.updateTable("jobs").set({ cancel_requested_at: new Date() }).where("id", "=", cancelled).execute();
        held.resolve(undefined);
        await release.promise;
      });
      await held.promise;
      const advanced = advance(waves, [cancelled, kept]);
      await sleep(50);
      release.resolve(undefined);
      await cancelling;
      expect(await advanced).toEqual([
        { status: "fulfilled", value: false },
        { status: "fulfilled", value: true },
      ]);
      expect(await asked(cancelled)).toEqual([]);
      expect(await asked(kept)).toHaveLength(1);
    });

    it(`loses none by one that can't be matched, ${by}`, async () => {
      const workers = [await world.worker(), await world.worker()].map(({ id }) => id);
      const [first, broken, last] = [await world.job(), await world.job(), await world.job()];
      await world.ctx.db.updateTable("jobs").set({ packet: "{}" }).where("id", "=", broken).execute();
      const results = await advance(await gateway(heard), [first, broken, last]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect([await asked(first), await asked(last)].flat().toSorted()).toEqual(workers.toSorted());
      expect(await asked(broken)).toEqual([]);
    });
  }

  it("asks whom it has at once where the index names fewer than a wave asks", async () => {
    const workers = await Promise.all(Array.from({ length: 3 }, () => world.worker()));
    const waves = await gateway(true);
    const job = await world.job();
    await waves.advance(job);
    await world.pass(job, 20);
    await waves.advance(job);
    expect((await asked(job)).toSorted()).toEqual(workers.map(({ id }) => id).toSorted());
  });

  it("gives no worker and no job twice where two gateways match the same jobs by the same index", async () => {
    const workers = await Promise.all(Array.from({ length: 10 }, () => world.worker()));
    const jobs = await Promise.all(Array.from({ length: 14 }, () => world.job()));
    const gateways = [await gateway(true), await gateway(true)];
    await Promise.all(gateways.map((waves) => advance(waves, jobs)));
    for (let look = 0; look < 3; look += 1) {
      for (const job of jobs) if ((await asked(job)).length === 0) await world.pass(job, 1);
      await Promise.all(gateways.map((waves) => advance(waves, jobs)));
    }
    const given = (await Promise.all(jobs.map(asked))).flat();
    expect(given.toSorted(), "everybody has one").toEqual(workers.map(({ id }) => id).toSorted());
    expect((await Promise.all(jobs.map(asked))).filter((offers) => offers.length > 1)).toEqual([]);
  });

  /** A worker's reputation by the contract, in the domain of the jobs here. */
  async function score(worker: TestWorker, wad: string): Promise<void> {
    const { domain_hash } = (
      await sql<{
        domain_hash: string;
      }>`select terms ->> 'domain' as domain_hash from jobs where id = ${await world.job()}`.execute(world.ctx.db)
    ).rows[0]!;
    await world.ctx.db.deleteFrom("jobs").execute();
    await world.ctx.db
      .insertInto("reputations")
      .values({ address: worker.wallet.address, domain_hash, score: wad, successes: 1, failures: 0, block_number: 1n })
      .execute();
    await sql`select sync_profiles(array[${worker.id}])`.execute(world.ctx.db);
  }

  it("takes acceptances of one moment together, and loses none by one that can't be taken", async () => {
    const workers = await Promise.all(Array.from({ length: 4 }, () => world.worker()));
    const jobs = await Promise.all(workers.map(() => world.job()));
    await advance(await gateway(false), jobs);
    const [first, ...rest] = await Promise.all(jobs.map(signed));
    const accept = ({ worker, offer, word }: Awaited<ReturnType<typeof signed>>) =>
      world.accept({ id: worker.id, address: worker.wallet.address }, offer, word);
    const broken = rest[1]!;
    await sql`update jobs set terms = jsonb_set(terms, '{work_window}', '"soon"') where id = ${broken.job}`.execute(
      world.ctx.db,
    );
    const results = await together(rest, accept, first!);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    for (const { job, worker } of [first!, rest[0]!, rest[2]!]) {
      expect(await jobRow(job)).toMatchObject({ status: "accepted", worker_id: worker.id });
    }
    expect(await jobRow(broken.job)).toMatchObject({ status: "open", worker_id: null });
    expect(await world.ctx.db.selectFrom("intents").select("kind").execute()).toEqual(
      Array.from({ length: 3 }, () => ({ kind: "accept" })),
    );

    async function signed(job: string) {
      const [offer] = await world.offers(job);
      const worker = workers.find(({ id }) => id === offer?.worker_id)!;
      return { job, worker, offer: offer!.id, word: await world.acceptance(worker, job) };
    }
  });
});
