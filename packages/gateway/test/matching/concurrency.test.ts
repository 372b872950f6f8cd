import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { declineOffer } from "../../src/matching/decline.ts";
import { createPlacement } from "../../src/matching/returning.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

const skills = ["billing", "refunds", "tax"];

describeOnDatabases("many jobs and workers at once", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  afterAll(() => world.stop());

  async function workerRows() {
    return world.ctx.db.selectFrom("workers").selectAll().execute();
  }
  const rows = () => world.ctx.db.selectFrom("offers").selectAll().execute();

  /** What must be true at every moment, whoever did what. */
  async function expectSound(): Promise<void> {
    const offers = await rows();
    for (const worker of await workerRows()) {
      const of = (status: string) => offers.filter((offer) => offer.worker_id === worker.id && offer.status === status);
      expect(worker, "places are counted right").toMatchObject({
        offered: of("pending").length,
        load: of("accepted").length,
      });
      expect(worker.load + worker.offered, "no worker beyond its capacity").toBeLessThanOrEqual(worker.capacity);
    }
    const accepted = offers.filter(({ status }) => status === "accepted").map(({ job_id }) => job_id);
    expect(new Set(accepted).size, "no job with two workers").toBe(accepted.length);
    const asked = offers.map(({ job_id, worker_id }) => `${job_id} ${worker_id}`);
    expect(new Set(asked).size, "nobody asked twice").toBe(asked.length);
    const jobs = await world.ctx.db.selectFrom("jobs").select(["id", "status", "worker_id"]).execute();
    for (const job of jobs) {
      const taken = offers.find(({ job_id, status }) => job_id === job.id && status === "accepted");
      expect(job).toMatchObject({
        status: taken === undefined ? "open" : "accepted",
        worker_id: taken?.worker_id ?? null,
      });
    }
  }

  it("never offers a place to two jobs, nor a job to two who may keep it", async () => {
    const scenario = fc.record({
      workers: fc.array(fc.record({ capacity: fc.integer({ min: 1, max: 3 }), skills: fc.subarray(skills) }), {
        minLength: 1,
        maxLength: 8,
      }),
      jobs: fc.array(fc.subarray(skills, { maxLength: 2 }), { minLength: 1, maxLength: 10 }),
      answers: fc.array(fc.constantFrom("accept", "decline", "miss"), { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ workers, jobs, answers }) => {
        await world.clear();
        const people = await Promise.all(
          workers.map(({ capacity, skills: named }) => world.worker({ skills: named }, { capacity })),
        );
        const ids = await Promise.all(jobs.map((named) => world.job({ skills: named })));
        for (let turn = 0; turn < 3; turn += 1) {
          // Twice each: the queue delivers at least once, and the sweep may come on top.
          await Promise.all([...ids, ...ids].map((id) => world.waves.advance(id)));
          await expectSound();
          await answerAll(people, answers);
          await expectSound();
          await Promise.all(ids.map((id) => world.pass(id, 60)));
          await Promise.all([
            ...people.map(({ id }) => createPlacement(world.ctx)(id)),
            ...ids.map((id) => world.waves.advance(id)),
          ]);
          await expectSound();
        }
      }),
      { numRuns: 6 },
    );
  }, 180_000);

  /** Everybody answers at once, and impatiently: each answer is sent twice. */
  async function answerAll(people: readonly TestWorker[], answers: readonly string[]): Promise<void> {
    const pending = (await rows()).filter(({ status }) => status === "pending");
    const sent = pending.flatMap((offer, index) => {
      const worker = people.find(({ id }) => id === offer.worker_id)!;
      const answer = answers[index % answers.length];
      const send = async (): Promise<unknown> => {
        if (answer === "miss") return undefined;
        if (answer === "decline") return declineOffer(world.ctx, worker.id, offer.id, "busy");
        const word = await world.acceptance(worker, offer.job_id);
        return world.accept({ id: worker.id, address: worker.wallet.address }, offer.id, word);
      };
      return [send(), send()];
    });
    for (const result of await Promise.allSettled(sent)) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "offer_taken" });
    }
  }

  it("gives a job to one of those who accept it in the same moment, and tells the others", async () => {
    await world.clear();
    const people = await Promise.all(Array.from({ length: 4 }, () => world.worker()));
    const job = await world.job();
    await world.waves.advance(job);
    const [first] = await world.offers(job);
    await declineOffer(world.ctx, first!.worker_id, first!.id, "busy");
    await world.waves.advance(job);
    const asked = (await world.offers(job)).filter(({ status }) => status === "pending");
    expect(asked).toHaveLength(3);
    const results = await Promise.allSettled(
      asked.map(async (offer) => {
        const worker = people.find(({ id }) => id === offer.worker_id)!;
        const word = await world.acceptance(worker, job);
        return world.accept({ id: worker.id, address: worker.wallet.address }, offer.id, word);
      }),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "offer_taken", status: 409 });
    }
    const intents = await world.ctx.db.selectFrom("intents").select("kind").where("job_id", "=", job).execute();
    expect(intents).toEqual([{ kind: "accept" }]);
    await expectSound();
  });
});
