import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { sql } from "kysely";
import { newId } from "../../src/ids.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

describeOnDatabases("GET /v1/availability", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const ask = (query = "") => world.call("GET", `/v1/availability?${query}`, world.client.apiKey);

  /** Jobs of a domain that waited these seconds from funding to acceptance. */
  async function waited(domain: string, seconds: readonly number[]): Promise<void> {
    for (const wait of seconds) {
      const accepted_at = sql<Date>`now()`;
      const funded_at = sql<Date>`now() - make_interval(secs => ${wait})`;
      await world.job({ domain, status: "paid", accepted_at, funded_at, next_wave_at: null });
    }
  }

  it("refuses a stranger, and a worker", async () => {
    expect((await world.call("GET", "/v1/availability")).status).toBe(401);
    const { token } = await world.worker();
    expect((await world.call("GET", "/v1/availability", token)).status).toBe(403);
  });

  it("counts who fits and is free, and who fits at all", async () => {
    await world.worker();
    await world.worker({}, { presence: "offline" });
    await world.worker({ languages: ["de"] });
    expect(await ask("requirements=english,Billing&category=support")).toMatchObject({
      status: 200,
      body: { workers_available: 1, workers_matching: 2, next_opening_at: null },
    });
  });

  it("always gives a number of minutes, also where nothing is known", async () => {
    expect(await ask("requirements=never_heard_of")).toEqual({
      status: 200,
      body: {
        workers_available: 0,
        workers_matching: 0,
        estimated_match_time: 30,
        wait_p50_seconds: null,
        wait_p90_seconds: null,
        next_opening_at: null,
      },
    });
    await world.worker();
    expect((await ask()).body).toMatchObject({ workers_available: 1, estimated_match_time: 0.34 });
  });

  it("expects the measured wait of the same domain, or of all jobs where too few are known", async () => {
    await waited("legal", [10, 20, 30, 40, 600]);
    await waited("support", [6, 6, 6]);
    await world.worker();
    expect((await ask("domain=legal")).body).toMatchObject({ wait_p50_seconds: 30, wait_p90_seconds: 600 });
    const all = (await ask("domain=support")).body;
    expect(all).toMatchObject({ wait_p50_seconds: 10, wait_p90_seconds: 600, estimated_match_time: 0.17 });
  });

  it("names the next opening where all who fit are busy", async () => {
    const worker = await world.worker({}, { load: 1 });
    const until_seconds = world.clock.seconds + 600n;
    await world.job({ status: "accepted", worker_id: worker.id, until_seconds, next_wave_at: null });
    const { body } = await ask();
    expect(body).toMatchObject({ workers_available: 0, workers_matching: 1 });
    const { next_opening_at, estimated_match_time } = body as { next_opening_at: string; estimated_match_time: number };
    expect(Math.abs(Date.parse(next_opening_at) - Date.now() - 600_000)).toBeLessThan(5_000);
    expect(estimated_match_time).toBeGreaterThan(9.8);
    expect(estimated_match_time).toBeLessThanOrEqual(10.1);
  });

  it("refuses what it does not understand", async () => {
    expect(await ask("languages=klingon")).toMatchObject({
      status: 422,
      body: { code: "unknown_language", param: "languages" },
    });
    expect(await ask("min_reputation=2")).toMatchObject({ status: 422, body: { param: "min_reputation" } });
    expect(await ask("skill=billing")).toMatchObject({ status: 422, body: { code: "unknown_field" } });
    expect(await ask(`pool_id=${newId("pol")}`)).toMatchObject({ status: 422, body: { code: "pool_unknown" } });
    expect(await ask(`requirements=${"x".repeat(2000)}`)).toMatchObject({
      status: 422,
      body: { param: "requirements" },
    });
  });
});
