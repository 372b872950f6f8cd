import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { sql } from "kysely";
import { domainOf } from "@hireforhumans/protocol";
import { newId } from "../../src/ids.ts";
import { createPresenceSweep } from "../../src/workers/presence.ts";
import { storeReputations } from "../../src/workers/reputation.ts";
import { type MatchingWorld, type TestWorker, matchingWorld } from "../matching/world.ts";
import { describeOnDatabases } from "../support/database.ts";

describeOnDatabases("workers", (database) => {
  let world: MatchingWorld;
  let worker: TestWorker;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(async () => {
    await world.clear();
    worker = await world.worker({}, { country: "DE" });
  });
  afterAll(() => world.stop());

  const me = (method: string, path: string, body?: unknown, token: string | undefined = worker.token) =>
    world.call(method, `/v1/workers/me${path}`, token, body);
  const profile = (id = worker.profileId) =>
    world.ctx.db.selectFrom("profiles").selectAll().where("id", "=", id).executeTakeFirstOrThrow();

  it.each([
    ["GET", "/v1/workers/me"],
    ["PATCH", "/v1/workers/me"],
    ["PUT", "/v1/workers/me/presence"],
    ["GET", "/v1/workers/me/profiles"],
    ["POST", "/v1/workers/me/profiles"],
    ["PATCH", `/v1/workers/me/profiles/${newId("prf")}`],
    ["DELETE", `/v1/workers/me/profiles/${newId("prf")}`],
  ])("%s %s refuses a stranger and a client", async (method, path) => {
    const body = method === "GET" || method === "DELETE" ? undefined : {};
    expect((await world.call(method, path, undefined, body)).status).toBe(401);
    expect((await world.call(method, path, "hfw_wrong", body)).status).toBe(401);
    expect((await world.call(method, path, world.client.apiKey, body)).status).toBe(403);
  });

  it("are shown to clients and to one another, without what is only theirs", async () => {
    await world.ctx.db
      .updateTable("profiles")
      .set({ pools: ["pol_secret"] })
      .execute();
    await world.worker();
    for (const token of [world.client.apiKey, worker.token]) {
      const { status, body } = await world.call("GET", `/v1/workers/${worker.id}`, token);
      expect(status).toBe(200);
      expect(body).toMatchObject({ id: worker.id, profiles: [{ domain: "support", reputation: 0.5, pools: [] }] });
      expect(body).not.toHaveProperty("load");
      expect(body).not.toHaveProperty("credit");
    }
    expect((await world.call("GET", `/v1/workers/${worker.id}`)).status).toBe(401);
    expect((await world.call("GET", `/v1/workers/${newId("wrk")}`, worker.token)).status).toBe(404);
  });

  it("change what they say of themselves, and matching knows at once", async () => {
    const changed = await me("PATCH", "", { name: " Ada ", country: "at", capacity: 3 });
    expect(changed).toMatchObject({ status: 200, body: { name: "Ada", country: "AT", capacity: 3 } });
    expect((await profile()).tags).toContain("country:AT");
    expect(await me("PATCH", "", { country: null })).toMatchObject({ body: { name: "Ada", country: null } });
    expect((await profile()).tags).toEqual(["skill:billing", "language:en"]);
    expect(await me("PATCH", "", {})).toMatchObject({ status: 200, body: { name: "Ada" } });
  });

  it.each([
    [{ capacity: 0 }, "capacity"],
    [{ capacity: 51 }, "capacity"],
    [{ capacity: 1.5 }, "capacity"],
    [{ country: "Germany" }, "country"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: 5 }, "name"],
    [{ load: 0 }, "load"],
    [{ address: "0x0" }, "address"],
  ])("can't say %j", async (body, param) => {
    expect(await me("PATCH", "", body)).toMatchObject({ status: 422, body: { param } });
  });

  it("have a profile in each domain, each with its own reputation", async () => {
    const legal = {
      domain: "legal",
      skills: ["Contract Law", "contract-law"],
      languages: ["german", "en-GB"],
      hourly_rate: "40.5",
    };
    await world.ctx.db.transaction().execute((trx) =>
      storeReputations(trx, [
        {
          address: worker.wallet.address,
          domain: "legal",
          score: 8n * 10n ** 17n,
          successes: 5,
          failures: 0,
          blockNumber: 7n,
        },
      ]),
    );
    const created = await me("POST", "/profiles", legal);
    expect(created).toMatchObject({
      status: 201,
      body: {
        domain: "legal",
        skills: ["contract_law"],
        languages: ["de", "en"],
        hourly_rate: "40.50",
        reputation: 0.8,
        active: true,
      },
    });
    expect(await me("POST", "/profiles", legal)).toMatchObject({ status: 409, body: { code: "profile_exists" } });
    const { body } = await me("GET", "/profiles");
    expect(body).toMatchObject({
      data: [{ domain: "legal" }, { domain: "support", reputation: 0.5 }],
      has_more: false,
    });
  });

  it("keep each profile in line with what matching looks in", async () => {
    expect(await profile()).toMatchObject({
      tags: ["skill:billing", "language:en", "country:DE"],
      available: true,
      tier: 1,
    });
    const path = `/profiles/${worker.profileId}`;
    await me("PATCH", path, { skills: [], certifications: ["GDPR"], languages: ["fr"] });
    expect(await profile()).toMatchObject({
      tags: ["language:fr", "certification:gdpr", "country:DE"],
      available: true,
      tier: 2,
    });
    await me("PATCH", path, { active: false });
    expect(await profile()).toMatchObject({ available: false });
    await me("PATCH", path, { active: true });
    await me("PUT", "/presence", { presence: "away" });
    expect(await profile()).toMatchObject({ available: false });
    await me("PUT", "/presence", { presence: "online" });
    expect(await profile()).toMatchObject({ available: true });
    await me("DELETE", path);
    expect(await profile()).toMatchObject({ available: false });
  });

  it("lose a profile but not its reputation, and can't touch another's", async () => {
    const stranger = await world.worker();
    const path = `/profiles/${worker.profileId}`;
    expect((await me("PATCH", path, { active: false }, stranger.token)).status).toBe(404);
    expect((await me("DELETE", path, undefined, stranger.token)).status).toBe(404);
    expect((await profile()).active).toBe(true);

    await world.ctx.db.transaction().execute((trx) =>
      storeReputations(trx, [
        {
          address: worker.wallet.address,
          domain: "support",
          score: 9n * 10n ** 17n,
          successes: 9,
          failures: 0,
          blockNumber: 3n,
        },
      ]),
    );
    expect((await me("DELETE", path)).status).toBe(204);
    expect((await me("DELETE", path)).status).toBe(404);
    expect((await me("PATCH", path, { active: true })).status).toBe(404);
    const again = await me("POST", "/profiles", { domain: "support", languages: ["en"] });
    expect(again).toMatchObject({ status: 201, body: { reputation: 0.9 } });
  });

  it("keep the later block's word on a reputation", async () => {
    const word = { address: worker.wallet.address, domain: "support", successes: 1, failures: 0 };
    await world.ctx.db.transaction().execute(async (trx) => {
      await storeReputations(trx, [{ ...word, score: 7n * 10n ** 17n, blockNumber: 9n }]);
      await storeReputations(trx, [{ ...word, score: 6n * 10n ** 17n, blockNumber: 8n }]);
    });
    const { score } = await world.ctx.db
      .selectFrom("reputations")
      .select("score")
      .where("domain_hash", "=", domainOf("support"))
      .executeTakeFirstOrThrow();
    expect([score, (await profile()).reputation]).toEqual(["700000000000000000", "700000000000000000"]);
  });

  it.each([
    [{ domain: "x", languages: [] }, "languages"],
    [{ domain: "x", languages: ["klingon"] }, "languages.0"],
    [{ domain: "x", languages: ["en"], skills: Array.from({ length: 101 }, (_, index) => `skill ${index}`) }, "skills"],
    [{ domain: "x", languages: ["en"], skills: ["y".repeat(101)] }, "skills.0"],
    [{ domain: "x", languages: ["en"], skills: [""] }, "skills.0"],
    [{ domain: "x".repeat(101), languages: ["en"] }, "domain"],
    [{ domain: "<script>", languages: ["en"] }, "domain"],
    [{ domain: "x", languages: ["en"], hourly_rate: "1e3" }, "hourly_rate"],
    [{ domain: "x", languages: ["en"], hourly_rate: "-1" }, "hourly_rate"],
    [{ domain: "x", languages: ["en"], pools: ["pol_mine"] }, "pools"],
    [{ domain: "x", languages: ["en"], reputation: 1 }, "reputation"],
  ])("can't make the profile %j", async (body, param) => {
    expect(await me("POST", "/profiles", body)).toMatchObject({ status: 422, body: { param } });
  });

  it("take tags with quotes, commas, braces and controls to the letter", async () => {
    const skills = [`a"b`, "c,d", "{e}", "f\\g", "h\u0007i", "null", "' or true;", "日本"];
    const created = await me("POST", "/profiles", { domain: "odd", languages: ["en"], skills });
    expect(created).toMatchObject({ status: 201, body: { skills: skills.map((skill) => skill.replaceAll(" ", "_")) } });
  });

  it("can't crowd the index with profiles without end", async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 21; index += 1) {
      statuses.push((await me("POST", "/profiles", { domain: `d${index}`, languages: ["en"] })).status);
    }
    expect(statuses.filter((status) => status === 201)).toHaveLength(19);
    expect(statuses.at(-1)).toBe(422);
  });

  it("who go are asked nothing more, and what they were asked goes on to others at once", async () => {
    const job = await world.job();
    await world.waves.advance(job);
    const other = await world.worker();
    expect(await me("PUT", "/presence", { presence: "offline" })).toMatchObject({ body: { presence: "offline" } });
    expect(await world.offers(job)).toMatchObject([{ status: "rejected", reason: "went offline" }]);
    await world.waves.advance(job);
    expect((await world.offers(job)).map(({ worker_id }) => worker_id)).toEqual([worker.id, other.id]);
  });

  it("who give no sign of life count as away, and asking for offers is one", async () => {
    const silent = await world.worker();
    const gone = sql<Date>`now() - interval '95 seconds'`;
    await world.ctx.db.updateTable("workers").set({ presence_at: gone }).execute();
    await world.call("GET", "/v1/offers", worker.token);
    const clock = { nowMs: 0 };
    const sweep = createPresenceSweep(world.ctx.db, () => clock.nowMs);
    clock.nowMs = 90_000;
    expect(await sweep(), "nobody could be heard in between, for all that it knows").toBe(0);
    for (const nowMs of [120_000, 150_000, 179_999]) {
      clock.nowMs = nowMs;
      expect(await sweep()).toBe(0);
    }
    clock.nowMs = 180_000;
    expect(await sweep()).toBe(1);
    const presence = async (token: string) => (await me("GET", "", undefined, token)).body;
    expect(await presence(worker.token)).toMatchObject({ presence: "online" });
    expect(await presence(silent.token)).toMatchObject({ presence: "away" });
    expect((await profile(silent.profileId)).available).toBe(false);
    await world.call("GET", "/v1/offers", silent.token);
    // A process that begins has heard nobody yet.
    await world.ctx.db.updateTable("workers").set({ presence_at: gone }).execute();
    const begun = createPresenceSweep(world.ctx.db, () => clock.nowMs);
    clock.nowMs += 30_000;
    expect(await begun()).toBe(0);
    expect(await presence(worker.token)).toMatchObject({ presence: "online" });
    expect(await presence(silent.token), "only its own word brings it back").toMatchObject({ presence: "away" });
  });
});
