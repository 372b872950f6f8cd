import { sql } from "kysely";
import { recountPlaces } from "../../packages/gateway/src/workers/places.ts";
import type { Figure } from "./figures.ts";
import { jobRow } from "./matching-jobs.ts";
import type { Market } from "./matching.ts";

const EQUALS = 100;
const JOBS = 1_000;
const SKILL = "equals";

/**
 * Gives jobs to workers who are alike in all that counts, each done at once by whoever is asked, and looks who was asked
 * how often. They came on line in the order of their numbers.
 */
export async function measureFairness(market: Market, clients: number): Promise<Figure[]> {
  const { db, waves, clientId, feed } = market;
  await insertEquals(market);
  await feed.refresh();
  const asked = { domain: "domain_0", skills: [SKILL], languages: [], certifications: [], countries_allow: [] };
  const rows = Array.from({ length: JOBS }, () => jobRow(clientId, { ...asked, min_reputation: "0", pool_id: null }));
  await db.insertInto("jobs").values(rows).execute();
  const waiting = rows.map(({ id }) => id);
  const order: string[] = [];
  await Promise.all(
    Array.from({ length: Math.min(clients, EQUALS / 4) }, async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await waves.advance(id);
        order.push(...(await finish(market, id)));
      }
    }),
  );
  const counts = new Map<string, number>();
  for (const worker of order) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  const offers = Array.from({ length: EQUALS }, (_, index) => counts.get(equalId(index)) ?? 0);
  return [
    {
      name: "fairness.least",
      what: `offers to whom got the fewest of ${EQUALS} equals, of ${order.length}`,
      value: Math.min(...offers),
      unit: "",
    },
    { name: "fairness.most", what: "offers to whom got the most", value: Math.max(...offers), unit: "" },
    { name: "fairness.gini", what: "Gini coefficient, 0 being equal shares", value: gini(offers), unit: "", aim: 0.1 },
    {
      name: "fairness.chi_square",
      what: `chi-square against equal shares; chance alone would give about ${EQUALS - 1}`,
      value: chiSquare(offers),
      unit: "",
      aim: EQUALS - 1,
    },
    {
      name: "fairness.waited",
      what: `of the first ${EQUALS} offers, to somebody who had none yet`,
      value: new Set(order.slice(0, EQUALS)).size,
      unit: "",
    },
  ];
}

const equalId = (index: number): string => `wrk_equal_${String(index).padStart(3, "0")}`;

async function insertEquals({ db }: Market): Promise<void> {
  const ids = Array.from({ length: EQUALS }, (_, index) => equalId(index));
  await sql`
    insert into workers (id, address, presence, idle_since)
    select id, id, 'online', now() - make_interval(hours => 2, secs => -place::float8)
    from unnest(${ids}::text[]) with ordinality ids (id, place)
  `.execute(db);
  await sql`
    insert into profiles (id, worker_id, domain, skills, languages)
    select 'prf_' || id, id, 'domain_0', ${[SKILL]}::text[], '{en}' from unnest(${ids}::text[]) id
  `.execute(db);
  await sql`select sync_profiles(${ids}::text[])`.execute(db);
}

/** Has whoever was offered a job take it and be done with it. */
async function finish({ db }: Market, jobId: string): Promise<string[]> {
  const offers = await db
    .updateTable("offers")
    .set({ status: "accepted" })
    .where("job_id", "=", jobId)
    .returning("worker_id")
    .execute();
  const workers = offers.map(({ worker_id }) => worker_id);
  for (const status of ["accepted", "paid"]) {
    await db.transaction().execute(async (trx) => {
      const change = { status, worker_id: workers[0] ?? null, next_wave_at: null };
      await trx.updateTable("jobs").set(change).where("id", "=", jobId).execute();
      await recountPlaces(trx, workers);
    });
  }
  return workers;
}

/** Half of the relative mean absolute difference. */
function gini(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const differences = values.flatMap((a) => values.map((b) => Math.abs(a - b)));
  return differences.reduce((total, value) => total + value, 0) / (2 * values.length * sum);
}

function chiSquare(values: readonly number[]): number {
  const expected = values.reduce((total, value) => total + value, 0) / values.length;
  return values.reduce((total, value) => total + (value - expected) ** 2 / expected, 0);
}
