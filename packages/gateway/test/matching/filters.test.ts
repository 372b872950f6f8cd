import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { domainOf } from "@hireforhumans/protocol";
import { newId } from "../../src/ids.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type JobOverrides, type MatchingWorld, type TestWorker, matchingWorld } from "./world.ts";

type Worker = Parameters<MatchingWorld["worker"]>;

/** A job, a worker who must not get it, and one who differs in just that and must. */
const cases: { rule: string; job: JobOverrides; refused: Worker; taken: Worker }[] = [
  {
    rule: "every skill asked",
    job: { skills: ["billing", "refunds"] },
    refused: [{ skills: ["billing"] }],
    taken: [{ skills: ["billing", "refunds"] }],
  },
  {
    rule: "every language asked",
    job: { languages: ["en", "de"] },
    refused: [{ languages: ["en"] }],
    taken: [{ languages: ["en", "de"] }],
  },
  {
    rule: "a skill is not a language of the same name",
    job: { languages: ["it"] },
    refused: [{ skills: ["it"], languages: ["en"] }],
    taken: [{ languages: ["it"] }],
  },
  {
    rule: "every certification asked",
    job: { certifications: ["gdpr"] },
    refused: [{ certifications: ["hipaa"] }],
    taken: [{ certifications: ["gdpr", "hipaa"] }],
  },
  {
    rule: "one country allowed",
    job: { countries_allow: ["DE"] },
    refused: [{}, { country: "FR" }],
    taken: [{}, { country: "DE" }],
  },
  {
    rule: "several countries allowed, and none known is none of them",
    job: { countries_allow: ["DE", "AT"] },
    refused: [{}, { country: null }],
    taken: [{}, { country: "AT" }],
  },
  {
    rule: "countries denied",
    job: { countries_deny: ["KP"] },
    refused: [{}, { country: "KP" }],
    taken: [{}, { country: "KR" }],
  },
  {
    rule: "countries denied, and the unknown with them",
    job: { countries_deny: ["KP"] },
    refused: [{}, { country: null }],
    taken: [{}, { country: "KR" }],
  },
  {
    rule: "the tier's credentials",
    job: { tier: "compliance" },
    refused: [{ certifications: [] }],
    taken: [{ certifications: ["gdpr"] }],
  },
  { rule: "on line", job: {}, refused: [{}, { presence: "away" }], taken: [{}, { presence: "online" }] },
  { rule: "a free place", job: {}, refused: [{}, { capacity: 2, load: 2 }], taken: [{}, { capacity: 3, load: 2 }] },
  { rule: "an active profile", job: {}, refused: [{ active: false }], taken: [{ active: true }] },
  { rule: "a profile that is not deleted", job: {}, refused: [{ deleted_at: new Date() }], taken: [{}] },
  {
    rule: "tags with quotes, commas, braces and controls, to the letter",
    job: { skills: [`a"b`, "c,d", "{e}", "f\\g", "h\u0007", "NULL", "' or true --"] },
    refused: [{ skills: ["a", "b", "c", "d", "e", "f", "g", "h"] }],
    taken: [{ skills: [`a"b`, "c,d", "{e}", "f\\g", "h\u0007", "NULL", "' or true --", "more"] }],
  },
];

describeOnDatabases("who may be offered a job", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const asked = async (job: string): Promise<string[]> => {
    await world.waves.advance(job);
    return (await world.offers(job)).map(({ worker_id }) => worker_id);
  };
  async function decidesBetween(job: string, refused: TestWorker, taken: () => Promise<TestWorker>): Promise<void> {
    expect(await asked(job), refused.id).toEqual([]);
    const { id } = await taken();
    await world.pass(job, 60);
    expect(await asked(job)).toEqual([id]);
  }

  it.each(cases)("needs $rule", async ({ job, refused, taken }) => {
    await decidesBetween(await world.job(job), await world.worker(...refused), () => world.worker(...taken));
  });

  it("needs membership in the job's pool", async () => {
    const pool = newId("pol");
    await world.ctx.db.insertInto("pools").values({ id: pool, client_id: world.client.id, name: "trusted" }).execute();
    await decidesBetween(await world.job({ pool_id: pool }), await world.worker(), () =>
      world.worker({ pools: [pool] }),
    );
  });

  it("needs the reputation asked in the job's own domain, where a newcomer has one half", async () => {
    const reputed = async (domain: string, score: bigint) => {
      const worker = await world.worker();
      await world.ctx.db
        .insertInto("reputations")
        .values({
          address: worker.wallet.address,
          domain_hash: domainOf(domain),
          score: score.toString(),
          successes: 1,
          failures: 0,
          block_number: 1n,
        })
        .execute();
      return worker;
    };
    const least = 700_000_000_000_000_000n;
    await world.worker();
    await reputed("another domain", 900_000_000_000_000_000n);
    await decidesBetween(
      await world.job({ min_reputation: least.toString() }),
      await reputed("support", least - 1n),
      () => reputed("support", least),
    );
  });

  it("asks none of the job's own parties", async () => {
    await world.worker({}, { address: world.client.address });
    const job = await world.job();
    const { terms } = await world.ctx.db
      .selectFrom("jobs")
      .select("terms")
      .where("id", "=", job)
      .executeTakeFirstOrThrow();
    await world.worker({}, { address: terms.verifier });
    expect(await asked(job)).toEqual([]);
  });

  it("asks nobody but the worker whom the terms name", async () => {
    const named = await world.worker({}, { presence: "away" });
    await world.worker();
    const job = await world.job({ worker: named.wallet.address });
    expect(await asked(job)).toEqual([]);
    await world.ctx.db.updateTable("workers").set({ presence: "online" }).where("id", "=", named.id).execute();
    await world.ctx.db.updateTable("profiles").set({ available: true }).where("worker_id", "=", named.id).execute();
    await world.pass(job, 60);
    expect(await asked(job)).toEqual([named.id]);
  });

  it("does not ask again who let the job lapse in an earlier round, but does ask who only missed it", async () => {
    const lapsed = await world.worker();
    const job = await world.job();
    await asked(job);
    const [offer] = await world.offers(job);
    await world.ctx.db.updateTable("offers").set({ status: "accepted" }).where("id", "=", offer!.id).execute();
    await world.ctx.db.updateTable("workers").set({ offered: 0 }).where("id", "=", lapsed.id).execute();
    await world.ctx.db.updateTable("profiles").set({ available: true }).where("worker_id", "=", lapsed.id).execute();
    await world.ctx.db.updateTable("jobs").set({ round: 1 }).where("id", "=", job).execute();
    await world.pass(job, 60);
    await asked(job);
    expect(await world.offers(job)).toHaveLength(1);

    await world.ctx.db.updateTable("offers").set({ status: "timeout" }).where("id", "=", offer!.id).execute();
    await world.pass(job, 60);
    await asked(job);
    expect(await world.offers(job)).toMatchObject([{ status: "timeout" }, { worker_id: lapsed.id, status: "pending" }]);
  });

  it("makes one offer to a worker of several profiles, by the one that suits the job best", async () => {
    const worker = await world.worker({ domain: "legal", skills: ["billing", "law", "tax"] });
    const best = newId("prf");
    await world.ctx.db
      .insertInto("profiles")
      .values({
        id: best,
        worker_id: worker.id,
        domain: "support",
        skills: ["billing"],
        languages: ["en"],
        available: true,
      })
      .execute();
    await world.ctx.db
      .updateTable("profiles")
      .set({ tags: ["skill:billing", "language:en"] })
      .where("id", "=", best)
      .execute();
    const job = await world.job({ skills: ["billing"] });
    expect(await asked(job)).toEqual([worker.id]);
    const { profile_id } = await world.ctx.db.selectFrom("offers").select("profile_id").executeTakeFirstOrThrow();
    expect(profile_id).toBe(best);
  });
});
