import { setTimeout as sleep } from "node:timers/promises";
import { type Updateable, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Context } from "../../src/context.ts";
import type { Schema } from "../../src/database/schema.ts";
import { newId } from "../../src/ids.ts";
import { createCandidateFeed } from "../../src/matching/candidate-feed.ts";
import { CandidateIndex } from "../../src/matching/candidates.ts";
import { offersById } from "../../src/matching/find-offer.ts";
import { offerToNamed } from "../../src/matching/offers.ts";
import { readyJobs } from "../../src/matching/open-job.ts";
import { type Waves, createWaves } from "../../src/matching/waves.ts";
import { describeOnDatabases } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

describeOnDatabases("jobs that are matched together", (database, engine) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  /** Matching of a gateway of its own, whose index has heard of everybody, or of nobody. */
  async function context(heard: boolean): Promise<Context> {
    const candidates = new CandidateIndex();
    const feed = createCandidateFeed({ db: world.ctx.db, candidates, log: silentLog });
    if (heard) await feed.refresh();
    return { ...world.ctx, candidates, feed };
  }
  const gateway = async (heard: boolean): Promise<Waves> => createWaves(await context(heard));

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
      const workers = [await world.worker(), await world.worker(), await world.worker()].map(({ id }) => id);
      const [first, broken, last] = [await world.job(), await world.job(), await world.job()];
      await world.ctx.db.updateTable("jobs").set({ preview: null, packet: "{}" }).where("id", "=", broken).execute();
      const results = await advance(await gateway(heard), [first, broken, last]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      const given = [await asked(first), await asked(last)].flat();
      expect(new Set(given).size, "one each").toBe(2);
      expect(workers).toEqual(expect.arrayContaining(given));
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

  // The embedded database does one transaction after the other: nobody waits for a row there.
  if (engine === "postgres")
    it("counts the time to answer from when it offers a job, not from when it began to wait for the job", async () => {
      await world.worker();
      const job = await world.job();
      const waves = await gateway(true);
      const { advanced, until } = await world.ctx.db.transaction().execute(async (trx) => {
        await trx.selectFrom("jobs").select("id").where("id", "=", job).forUpdate().execute();
        const waiting = waves.advance(job);
        await sleep(300);
        const { rows } = await sql<{ until: Date }>`select clock_timestamp() + interval '20 s' as until`.execute(trx);
        return { advanced: () => waiting, until: rows[0]!.until };
      });
      expect(await advanced()).toBe(true);
      const { expires_at } = await world.ctx.db.selectFrom("offers").select("expires_at").executeTakeFirstOrThrow();
      expect(expires_at.getTime()).toBeGreaterThanOrEqual(until.getTime());
      expect((await jobRow(job)).next_wave_at).toEqual(expires_at);
      const { data } = await world.ctx.db.selectFrom("job_events").select("data").executeTakeFirstOrThrow();
      expect(data).toMatchObject({ expires_at: expires_at.toISOString() });
    });

  const changes: [string, (job: string) => Promise<unknown>][] = [
    ["is in another wave", (job) => setJob(job, { wave: 1 })],
    ["is in another round", (job) => setJob(job, { round: 1 })],
    ["is being cancelled", (job) => setJob(job, { cancel_requested_at: new Date() })],
    ["waits for an answer", (job) => setJob(job, { next_wave_at: new Date(Date.now() + 60_000) })],
    ["was offered to somebody who came back", offerToAnother],
    ["is told to an endpoint that is new", listen],
  ];
  it.each(changes)("leaves a job for a second look that %s since it was read", async (_what, change) => {
    const worker = await world.worker();
    const ctx = await context(true);
    const [changed, kept] = [await world.job(), await world.job()];
    const ready = await readyJobs(ctx, [changed, kept]);
    expect(ready).toHaveLength(2);
    await change(changed);
    const before = await asked(changed);
    const wanted = ready
      .toSorted((a) => (a.id === changed ? -1 : 1))
      .map((job) => ({ job, wave: 1, count: 1, seconds: 20, asked: new Set<string>() }));
    // The second is named nobody: the only one who fits is meant for the first.
    expect(await offerToNamed(ctx, wanted.slice(0, 1))).toEqual({ offered: new Set(), short: [] });
    expect(await asked(changed)).toEqual(before);
    expect(await offerToNamed(ctx, wanted.slice(1))).toEqual({ offered: new Set([kept]), short: [] });
    expect(await asked(kept)).toEqual([worker.id]);
  });

  it.each([4, 1.1])(
    "steps few among many without reading many, by plans of when there were none, at page cost %d",
    async (cost) => {
      const id = await world.job();
      await world.ctx.db.connection().execute(async (db) => {
        await sql`set random_page_cost = ${sql.lit(cost)}`.execute(db);
        const step = async (job: string) => {
          const next = { round: 0, wave: 1, count: 1, workers: ["w"], profiles: ["p"], revisions: [0], parties: [] };
          const wanted = JSON.stringify([
            { id: job, ...next, offers: ["o"], seconds: 1, event: "e", endpoints: [], deliveries: [] },
          ]);
          const { rows: due } = await sql`select from due_jobs(array[${job}], 0)`.execute(db);
          await sql`select from offer_jobs(${wanted}::jsonb, 0)`.execute(db);
          const { rows: locked } = await sql`select from lock_due_jobs(array[${job}], 0)`.execute(db);
          return [due.length, locked.length];
        };
        expect(await step(newId("job"))).toEqual([0, 0]);
        // Who is referred to is not looked at.
        await sql`set session_replication_role = replica`.execute(db);
        await sql`
        insert into jobs select copy.* from jobs, generate_series(1, 500) nth,
          jsonb_populate_record(jobs, jsonb_build_object('id', id || nth, 'chain_job_id', nth)) copy`.execute(db);
        await sql`insert into reviews (id, job_id, golden_id) select id, id, 'g' from jobs where id <> ${id}`.execute(
          db,
        );
        await sql`
        insert into offers (id, job_id, worker_id, profile_id, round, wave, expires_at)
        select id, id, 'w', 'p', 0, 0, now() from jobs where id <> ${id}`.execute(db);
        // Of this connection, of late: what is told of one transaction holds what those before it have not handed in.
        const read = async () => {
          const { rows } = await sql<{ rows: number }>`
            select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int4 as rows
            from pg_stat_xact_user_tables where relname in ('jobs', 'offers', 'reviews')`.execute(db);
          return rows[0]!.rows;
        };
        await sql`begin`.execute(db);
        const before = await read();
        const found = await step(id);
        const rowsRead = (await read()) - before;
        await sql`rollback`.execute(db);
        await sql`delete from reviews`.execute(db);
        await sql`reset session_replication_role`.execute(db);
        await sql`reset random_page_cost`.execute(db);
        expect(found).toEqual([1, 1]);
        expect(rowsRead).toBeLessThan(30);
      });
    },
  );

  it("shows what the job of an earlier gateway is about, and no name", async () => {
    await world.worker();
    const job = await world.job({ description: "Call Maria Lopez back." });
    await world.ctx.db.updateTable("jobs").set({ preview: null }).where("id", "=", job).execute();
    await (await gateway(true)).advance(job);
    const [made] = await world.offers(job);
    const offer = (await offersById(world.ctx.db, [made!.id])).get(made!.id);
    expect(offer?.preview).toMatchObject({ goal: "Call [value] back.", redactions: ["goal", "entities"] });
  });

  const setJob = (id: string, values: Updateable<Schema["jobs"]>) =>
    world.ctx.db.updateTable("jobs").set(values).where("id", "=", id).execute();

  async function offerToAnother(job: string): Promise<void> {
    const { id: worker_id, profileId: profile_id } = await world.worker({}, { presence: "offline" });
    const expires_at = new Date(Date.now() + 60_000);
    await world.ctx.db
      .insertInto("offers")
      .values({ id: newId("off"), job_id: job, worker_id, profile_id, round: 0, wave: 0, expires_at })
      .execute();
  }

  async function listen(job: string): Promise<void> {
    const { client_id } = await jobRow(job);
    const endpoint = { url: "https://agent.example/hooks", secret: "", old_secret: null, old_secret_until: null };
    await world.ctx.db
      .insertInto("webhook_endpoints")
      .values({
        id: newId("whk"),
        client_id,
        job_id: job,
        ...endpoint,
        headers: "{}",
        open_until: null,
        deleted_at: null,
      })
      .execute();
  }

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
