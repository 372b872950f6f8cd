import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { matchingListeners } from "../../src/matching/listeners.ts";
import { startMatching } from "../../src/matching/start.ts";
import { startWorkers } from "../../src/workers/start.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

describeOnDatabases("matching that runs by itself", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database(), undefined, (ctx) => {
      startMatching(ctx);
      startWorkers(ctx);
    });
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const fund = (job: string) =>
    world.ctx.db
      .transaction()
      .execute((trx) => matchingListeners(world.ctx.queue).onOpened(trx, [{ jobId: job, workerId: null }]));
  const asked = async (job: string) => (await world.offers(job)).map(({ worker_id }) => worker_id);

  it("makes the first offer once a job is funded", async () => {
    const worker = await world.worker();
    const job = await world.job({ next_wave_at: null });
    await fund(job);
    await expect.poll(() => asked(job), { interval: 10 }).toEqual([worker.id]);
  });

  it("asks a worker who comes on line about the job that waits", async () => {
    const worker = await world.worker({}, { presence: "offline" });
    const job = await world.job({ next_wave_at: null });
    await fund(job);
    await expect.poll(async () => (await jobRow(job)).wave, { interval: 10, timeout: 10_000 }).toBe(1);
    await world.call("PUT", "/v1/workers/me/presence", worker.token, { presence: "online" });
    await expect.poll(() => asked(job), { interval: 10 }).toEqual([worker.id]);
  });

  it("asks the next after a no, and gives the one who said it the next job", async () => {
    const first = await world.worker();
    const job = await world.job({ next_wave_at: null });
    await fund(job);
    await expect.poll(() => asked(job), { timeout: 10_000 }).toEqual([first.id]);
    const [second, other] = [await world.worker({ skills: ["refunds"] }), await world.job({ next_wave_at: null })];
    await world.ctx.db
      .updateTable("jobs")
      .set({ skills: ["billing"] })
      .where("id", "=", other)
      .execute();
    await fund(other);
    const [offer] = await world.offers(job);
    await world.call("POST", `/v1/offers/${offer!.id}/decline`, first.token, { reason: "busy" });
    await expect.poll(() => asked(job), { timeout: 10_000 }).toEqual([first.id, second.id]);
    await expect.poll(() => asked(other), { timeout: 10_000 }).toEqual([first.id]);
  });

  it("finds by its sweep a job that nobody was told of", async () => {
    const worker = await world.worker();
    const job = await world.job();
    await expect.poll(() => asked(job), { timeout: 10_000 }).toEqual([worker.id]);
  });

  const jobRow = (id: string) =>
    world.ctx.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
});
