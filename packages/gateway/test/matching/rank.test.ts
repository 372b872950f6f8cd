import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { domainOf } from "@hireforhumans/protocol";
import { askedByJob, askingColumns, fitting } from "../../src/matching/requirements.ts";
import { rank } from "../../src/matching/rank.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

describeOnDatabases("the rank of a worker for a job", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  beforeEach(() => world.clear());
  afterAll(() => world.stop());

  const idleFor = (seconds: number) => sql<Date>`now() - make_interval(secs => ${seconds})`;

  async function rankFor(jobId: string, workerId: string): Promise<number> {
    const { db } = world.ctx;
    const job = await db.selectFrom("jobs").select(askingColumns).where("id", "=", jobId).executeTakeFirstOrThrow();
    const { rows } = await sql<{ rank: number }>`
      select ${rank} as rank from ${fitting(askedByJob(job))} and w.id = ${workerId}
    `.execute(db);
    return rows[0]!.rank;
  }

  async function giveReputation(address: string, score: number): Promise<void> {
    const values = { score: BigInt(Math.round(score * 1e6)) * 10n ** 12n, successes: 1, failures: 1, block_number: 1n };
    await world.ctx.db
      .insertInto("reputations")
      .values({ address, domain_hash: domainOf("support"), ...values, score: values.score.toString() })
      .execute();
  }

  it("is 0.45 reliability + 0.25 skill + 0.15 domain and language + 0.15 idleness", async () => {
    const job = await world.job({ skills: ["billing"], languages: ["en"] });
    const worker = await world.worker(
      { skills: ["billing", "refunds", "tax"], languages: ["en", "de"], domain: "support" },
      { idle_since: idleFor(900) },
    );
    await giveReputation(worker.wallet.address, 0.8);
    const expected = 0.45 * 0.8 + 0.25 * (2 / 4) + 0.15 * 1 + 0.15 * 0.5;
    expect(await rankFor(job, worker.id)).toBeCloseTo(expected, 3);
  });

  it("is 1 at most and takes a newcomer for half reliable", async () => {
    const job = await world.job({ skills: ["billing"], languages: ["en"] });
    const newcomer = await world.worker({}, { idle_since: idleFor(86_400) });
    expect(await rankFor(job, newcomer.id)).toBeCloseTo(0.45 * 0.5 + 0.25 + 0.15 + 0.15, 6);
    await giveReputation(newcomer.wallet.address, 1);
    expect(await rankFor(job, newcomer.id)).toBeCloseTo(1, 6);
  });

  it("halves domain and language where only one of them fits", async () => {
    const job = await world.job({ languages: ["en"] });
    const idle = { idle_since: idleFor(86_400) };
    const both = await rankFor(job, (await world.worker({}, idle)).id);
    const otherDomain = await rankFor(job, (await world.worker({ domain: "legal" }, idle)).id);
    const secondLanguage = await rankFor(job, (await world.worker({ languages: ["de", "en"] }, idle)).id);
    expect(both - otherDomain).toBeCloseTo(0.075, 6);
    expect(both - secondLanguage).toBeCloseTo(0.075, 6);
  });

  it("decides who is asked first", async () => {
    await world.worker({ skills: ["billing", "a", "b", "c"] });
    const best = await world.worker();
    await world.worker({}, { idle_since: idleFor(0) });
    await giveReputation(best.wallet.address, 0.9);
    const job = await world.job({ skills: ["billing"], languages: ["en"] });
    await world.waves.advance(job);
    expect(await world.offers(job)).toMatchObject([{ worker_id: best.id }]);
  });
});
