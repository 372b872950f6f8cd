import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { domainOf } from "@hireforhumans/protocol";
import { createCandidateFeed } from "../../src/matching/candidate-feed.ts";
import { CandidateIndex } from "../../src/matching/candidates.ts";
import { lockOpenJobs } from "../../src/matching/open-job.ts";
import { reserveWorkers } from "../../src/matching/reserve.ts";
import { describeOnDatabases } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { type MatchingWorld, matchingWorld } from "./world.ts";

const skills = ["billing", "refunds", "tax"];
const languages = ["en", "de", "fr"];
const countries = ["DE", "FR", "US"];
const domains = ["support", "legal"];

const worker = fc.record({
  online: fc.boolean(),
  country: fc.option(fc.constantFrom(...countries)),
  capacity: fc.integer({ min: 1, max: 2 }),
  load: fc.integer({ min: 0, max: 1 }),
  idleMinutes: fc.integer({ min: 0, max: 45 }),
  /** In each domain, of ten thousand. */
  scores: fc.record({
    support: fc.option(fc.integer({ min: 0, max: 10_000 })),
    legal: fc.option(fc.integer({ max: 9_999, min: 1 })),
  }),
  profiles: fc.uniqueArray(
    fc.record({
      domain: fc.constantFrom(...domains),
      skills: fc.subarray(skills),
      languages: fc.shuffledSubarray(languages),
      certifications: fc.subarray(["gdpr"]),
      active: fc.boolean(),
    }),
    { selector: ({ domain }) => domain, minLength: 1, maxLength: 2 },
  ),
});
type Person = typeof worker extends fc.Arbitrary<infer T> ? T & { id: string } : never;

const job = fc.record({
  domain: fc.constantFrom(...domains, "other"),
  tier: fc.constantFrom("general", "technical", "compliance"),
  skills: fc.subarray(skills, { maxLength: 2 }),
  languages: fc.shuffledSubarray(languages, { maxLength: 2 }),
  certifications: fc.subarray(["gdpr"]),
  countries_allow: fc.subarray(countries, { maxLength: 2 }),
  countries_deny: fc.subarray(countries, { maxLength: 1 }),
  least: fc.constantFrom(0, 0, 4_000, 5_000, 5_001, 8_000),
});
type Asking = typeof job extends fc.Arbitrary<infer T> ? T : never;

const tiers = ["general", "technical", "compliance"];
const includesAll = (all: readonly string[], some: readonly string[]) => some.every((each) => all.includes(each));

/** Whom docs/matching.md names, the best first: everybody is looked at, word by word as the page has it. */
function reference(people: readonly Person[], asking: Asking, asked: ReadonlySet<string>): string[] {
  const ranked = people.flatMap((person) => {
    const score = (person.scores[asking.domain as "support"] ?? 5_000) / 10_000;
    const country = person.country;
    const mayBeAsked =
      person.online &&
      person.load < person.capacity &&
      !asked.has(person.id) &&
      score * 10_000 >= asking.least &&
      (asking.countries_allow.length === 0 || (country !== null && asking.countries_allow.includes(country))) &&
      (asking.countries_deny.length === 0 || (country !== null && !asking.countries_deny.includes(country)));
    if (!mayBeAsked) return [];
    return person.profiles.flatMap((profile) => {
      const tier = profile.certifications.length > 0 ? 2 : profile.skills.length > 0 ? 1 : 0;
      const fits =
        profile.active &&
        tier >= tiers.indexOf(asking.tier) &&
        includesAll(profile.skills, asking.skills) &&
        includesAll(profile.languages, asking.languages) &&
        includesAll(profile.certifications, asking.certifications);
      if (!fits) return [];
      const sameLanguage = asking.languages.length === 0 || profile.languages[0] === asking.languages[0];
      const rank =
        0.45 * score +
        0.25 * Math.min(1, (1 + asking.skills.length) / (1 + profile.skills.length)) +
        0.15 * ((profile.domain === asking.domain ? 0.5 : 0) + (sameLanguage ? 0.5 : 0)) +
        0.15 * Math.min(1, person.idleMinutes / 30);
      return [{ id: person.id, tier, rank, idleMinutes: person.idleMinutes }];
    });
  });
  ranked.sort((a, b) => {
    const byRank = Math.abs(a.rank - b.rank) < 1e-4 ? 0 : b.rank - a.rank;
    return a.tier - b.tier || byRank || b.idleMinutes - a.idleMinutes || (a.id < b.id ? -1 : 1);
  });
  return [...new Set(ranked.map(({ id }) => id))];
}

describeOnDatabases("the search for candidates", (database) => {
  let world: MatchingWorld;
  beforeAll(async () => {
    world = await matchingWorld(database());
  });
  afterAll(() => world.stop());

  const people = async (drawn: readonly Omit<Person, "id">[]): Promise<Person[]> => {
    await world.clear();
    return Promise.all(
      drawn.map(async (each) => {
        const { id, wallet, profileId } = await world.worker(
          { domain: "none", active: false },
          {
            country: each.country,
            capacity: each.capacity,
            load: each.load,
            presence: each.online ? "online" : "away",
            idle_since: sql<Date>`now() - make_interval(mins => ${each.idleMinutes})`,
          },
        );
        await store(each, id, wallet.address, profileId);
        return { ...each, id };
      }),
    );
  };

  async function store(person: Omit<Person, "id">, id: string, address: string, profileId: string): Promise<void> {
    const { db } = world.ctx;
    for (const [index, profile] of person.profiles.entries()) {
      const score = person.scores[profile.domain as "support"];
      const reputation = (BigInt(score ?? 5_000) * 10n ** 14n).toString();
      await db
        .insertInto("profiles")
        .values({ id: `${profileId}_${index}`, worker_id: id, ...profile, reputation })
        .execute();
    }
    for (const domain of domains) {
      const score = person.scores[domain as "support"];
      if (score === null) continue;
      const kept = { successes: 1, failures: 1, block_number: 1n, score: (BigInt(score) * 10n ** 14n).toString() };
      await db
        .insertInto("reputations")
        .values({ address, domain_hash: domainOf(domain), ...kept })
        .execute();
    }
    await sql`select sync_profiles(array[${id}])`.execute(db);
  }

  async function post(asking: Asking): Promise<string> {
    const { least, ...row } = asking;
    return world.job({ ...row, min_reputation: (BigInt(least) * 10n ** 14n).toString() });
  }

  /** Whom a search reserves; the reservation is taken back. */
  async function reserved(candidates: CandidateIndex, jobId: string, count: number): Promise<string[]> {
    let found: string[] = [];
    const undo = new Error("taken back");
    await world.ctx.db
      .transaction()
      .execute(async (trx) => {
        const [open] = await lockOpenJobs(world.ctx, trx, [jobId]);
        const wanted = { job: open!, count, asked: new Set<string>() };
        const all = await reserveWorkers(trx, candidates, [wanted]);
        found = (all.get(jobId) ?? []).map(({ workerId }) => workerId);
        throw undo;
      })
      .catch((error: unknown) => {
        if (error !== undo) throw error;
      });
    return found;
  }

  it("finds whom the rules name, in their order, with the index and without", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(worker, { minLength: 1, maxLength: 16 }),
        fc.array(job, { minLength: 6, maxLength: 6 }),
        fc.integer({ min: 1, max: 10 }),
        async (drawn, jobs, count) => {
          const all = await people(drawn);
          const { db } = world.ctx;
          for (const asking of jobs) {
            const id = await post(asking);
            const [first] = reference(all, asking, new Set());
            const asked = new Set<string>();
            if (first !== undefined && asking.least === 0) {
              await decline(id, first);
              asked.add(first);
            }
            const expected = reference(all, asking, asked).slice(0, count);
            const candidates = new CandidateIndex();
            expect(await reserved(candidates, id, count), "by the database alone").toEqual(expected);
            await createCandidateFeed({ db, candidates, log: silentLog }).refresh();
            expect(await reserved(candidates, id, count), "by the index").toEqual(expected);
          }
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  }, 120_000);

  /** A worker who was asked about a job in this round, and said no. */
  async function decline(jobId: string, workerId: string): Promise<void> {
    const { id } = await world.ctx.db
      .selectFrom("profiles")
      .select("id")
      .where("worker_id", "=", workerId)
      .limit(1)
      .executeTakeFirstOrThrow();
    await world.ctx.db
      .insertInto("offers")
      .values({
        id: `off_${jobId}`,
        job_id: jobId,
        worker_id: workerId,
        profile_id: id,
        round: 0,
        wave: 1,
        status: "rejected",
        expires_at: new Date(),
      })
      .execute();
  }
});
