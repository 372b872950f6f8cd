import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { pino } from "pino";
import { readConfig } from "../../packages/gateway/src/config.ts";
import type { Context, Database } from "../../packages/gateway/src/context.ts";
import { recountPlaces } from "../../packages/gateway/src/workers/places.ts";
import { migrate } from "../../packages/gateway/src/database/migrate.ts";
import { type OpenDatabase, openEmbedded, openPostgres } from "../../packages/gateway/src/database/open.ts";
import { bootstrapClient } from "../../packages/gateway/src/keys/bootstrap.ts";
import { type CandidateFeed, createCandidateFeed } from "../../packages/gateway/src/matching/candidate-feed.ts";
import { CandidateIndex } from "../../packages/gateway/src/matching/candidates.ts";
import { type Waves, createWaves } from "../../packages/gateway/src/matching/waves.ts";
import { withDatabase } from "./bench-stack.ts";
import { measureFairness } from "./fairness.ts";
import { type Figure, timesOf } from "./figures.ts";
import { insertJobs } from "./matching-jobs.ts";
import { makePopulation } from "./population.ts";

export interface MatchingOptions {
  /** Of a PostgreSQL server; undefined: the embedded database, in memory. */
  serverUrl: string | undefined;
  workers: number;
  online: number;
  /** How long each load lasts. */
  seconds: number;
  clients: number;
}

/** What is measured on, and with. */
export interface Market {
  db: Database;
  ctx: Context;
  feed: CandidateFeed;
  waves: Waves;
  clientId: string;
}

/** So many jobs are made ahead for each second: more than are matched. */
const MOST_PER_SECOND = 3_000;
/** A load ends when this share of those who were free is not any more; a market that is sold out is another matter. */
const MOST_TAKEN = 0.2;
/** How many workers come or go in a second. */
const PRESENCE_CHANGES = 5_000;
const presenceProcess = fileURLToPath(new URL("presence-process.ts", import.meta.url));

/** Finding the best worker for a job and reserving a place: the whole transaction in which a job gets its first offer. */
export function measureMatching(options: MatchingOptions): Promise<{ speed: Figure[]; fairness: Figure[] }> {
  return withDatabase(options.serverUrl, async (url) => {
    const database =
      url === undefined
        ? await openEmbedded({ folder: undefined, template: undefined })
        : openPostgres(url, options.clients + 4, pino({ level: "silent" }));
    try {
      const market = await openMarket(database, options);
      const started = await measureStart(market);
      market.feed.start();
      try {
        const speed = [...started, ...(await measureLoads(market, options, url))];
        return { speed, fairness: await measureFairness(market, options.clients) };
      } finally {
        await market.feed.stop();
      }
    } finally {
      await database.close();
    }
  });
}

async function openMarket({ db }: OpenDatabase, { workers, online, serverUrl }: MatchingOptions): Promise<Market> {
  await migrate(db);
  const { clientId } = await bootstrapClient(db, { address: `0x${"c1".repeat(20)}` });
  const begun = performance.now();
  await makePopulation(db, clientId, { workers, online });
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${workers} workers, ${online} of them on line, were made in ${seconds} s (${serverUrl ?? "embedded"})`);
  const candidates = new CandidateIndex();
  const key = `0x${"11".repeat(32)}`;
  const config = readConfig({
    ESCROW_ADDRESS: `0x${"e5".repeat(20)}`,
    REPUTATION_ADDRESS: `0x${"e6".repeat(20)}`,
    USDC_ADDRESS: `0x${"e7".repeat(20)}`,
    RELAYER_PRIVATE_KEY: key,
    ORACLE_PRIVATE_KEY: key,
  });
  // The parts of a gateway that the first offer of a job goes through; nothing else is asked for.
  const log = pino({ level: "silent" });
  const feed = createCandidateFeed({ db, candidates, log });
  const parts: Partial<Context> = {
    db,
    log,
    candidates,
    feed,
    config,
    chain: { head: () => ({ timestampSeconds: 1n }) } as Context["chain"],
  };
  const ctx = parts as Context;
  return { db, ctx, feed, waves: createWaves(ctx), clientId };
}

async function measureStart({ feed, ctx }: Market): Promise<Figure[]> {
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  await feed.refresh();
  const seconds = (performance.now() - begun) / 1000;
  const memory = (process.memoryUsage.rss() - before) / 1024 ** 2;
  const profiles = ctx.candidates.size.toLocaleString("en");
  return [
    {
      name: "matching.index.load",
      what: `loading the index of ${profiles} profiles, beside the service`,
      value: seconds,
      unit: "s",
    },
    {
      name: "matching.index.memory",
      what: "memory that it takes, with what loading it left behind",
      value: memory,
      unit: "MiB",
    },
  ];
}

async function measureLoads(market: Market, options: MatchingOptions, url: string | undefined): Promise<Figure[]> {
  const { seconds, clients, serverUrl, workers } = options;
  const embedded = serverUrl === undefined;
  // What is compiled and cached at first use is not the service's speed.
  await load(market, { clients: 4, seconds: 2 });
  const alone = await load(market, { clients: 1, seconds });
  const figures = [
    ...timesOf("matching.alone", "match and reserve, one after the other", alone.times, embedded ? 5 : 18).map(
      (figure) => (figure.name.endsWith("p50") && !embedded ? { ...figure, aim: 2 } : figure),
    ),
  ];
  const many = await load(market, { clients, seconds });
  figures.push(
    ...figuresOf("matching.many", `match and reserve, ${clients} clients`, many, embedded ? undefined : 1_500),
  );
  if (url !== undefined) {
    const { load: changing, changed } = await whilePresenceChanges(url, () => load(market, { clients, seconds }));
    const what = `the same, while presence changes`;
    figures.push(...figuresOf("matching.changing", what, changing, undefined));
    figures.push({
      name: "matching.changes",
      what: "presence changes meanwhile",
      value: changed,
      unit: "per second",
      aim: Math.min(PRESENCE_CHANGES, workers) * 0.95,
    });
  }
  return [...figures, doubled];
}

interface Load {
  times: number[];
  perSecond: number;
  /** Jobs for which nobody was found. */
  unmatched: number;
}

function figuresOf(
  name: string,
  what: string,
  { times, perSecond, unmatched }: Load,
  aim: number | undefined,
): Figure[] {
  return [
    { name: `${name}.per_second`, what, value: perSecond, unit: "per second", aim },
    ...timesOf(name, what, times),
    { name: `${name}.unmatched`, what: `${what}: jobs for which nobody was free`, value: unmatched, unit: "" },
  ];
}

/** Clients that each take the next waiting job as soon as they are done with one. */
async function load(market: Market, { clients, seconds }: { clients: number; seconds: number }): Promise<Load> {
  const times: number[] = [];
  const matched: string[] = [];
  const most = Math.ceil(market.ctx.candidates.size * MOST_TAKEN);
  // Made ahead: that is another part's work.
  const jobs = await insertJobs(market, Math.min(most + clients, Math.ceil(seconds * MOST_PER_SECOND)));
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until && matched.length < most) {
        const id = jobs.pop();
        if (id === undefined) break;
        const from = performance.now();
        await market.waves.advance(id);
        times.push(performance.now() - from);
        matched.push(id);
      }
    }),
  );
  const elapsed = (performance.now() - begun) / 1000;
  await requireSound(market.db);
  const { rows } = await sql<{ unmatched: string }>`
    select count(*)::text as unmatched from unnest(${matched}::text[]) matched (job)
    where not exists (select from offers where job_id = matched.job)
  `.execute(market.db);
  await endAll(market, matched);
  return { times, perSecond: times.length / elapsed, unmatched: Number(rows[0]?.unmatched) };
}

/** Takes the offers back, so that the next load finds as many free as this one did. */
async function endAll({ db, feed }: Market, jobIds: readonly string[]): Promise<void> {
  await sql`update jobs set status = 'refunded', next_wave_at = null where status = 'open'`.execute(db);
  const { rows } = await sql<{ worker_id: string }>`
    update offers set status = 'canceled' where job_id = any (${jobIds}::text[]) returning worker_id
  `.execute(db);
  const ids = rows.map(({ worker_id }) => worker_id);
  for (let at = 0; at < ids.length; at += 1_000) {
    await db.transaction().execute((trx) => recountPlaces(trx, ids.slice(at, at + 1_000)));
  }
  await feed.refresh();
}

/** Has workers come and go in a process of its own while `work` runs. */
async function whilePresenceChanges(url: string, work: () => Promise<Load>): Promise<{ load: Load; changed: number }> {
  const child = fork(presenceProcess, [url, String(PRESENCE_CHANGES)]);
  await once(child, "message");
  const measured = await work();
  const told = once(child, "message");
  child.send("stop");
  const [changed] = (await told) as [number];
  return { load: measured, changed };
}

/**
 * What must never be: a worker with more offers than places, a place that is counted wrong, a first wave of two offers.
 * @throws where it is
 */
async function requireSound(db: Database): Promise<void> {
  const { rows } = await sql<{ overloaded: string; miscounted: string; twice: string }>`
    with pending as (select worker_id, count(*) as places from offers where status = 'pending' group by worker_id)
    select
      (select count(*) from pending join workers w on w.id = worker_id where places + w.load > w.capacity)::text as overloaded,
      (select count(*) from pending join workers w on w.id = worker_id where places <> w.offered)::text as miscounted,
      (select count(*) - count(distinct job_id) from offers where wave = 1)::text as twice
  `.execute(db);
  const wrong = Object.entries(rows[0] ?? {}).filter(([, count]) => count !== "0");
  if (wrong.length > 0) throw new Error(`Places were given twice: ${JSON.stringify(wrong)}`);
}

const doubled: Figure = {
  name: "matching.doubled",
  what: "places or jobs given twice, in all of these loads",
  value: 0,
  unit: "",
  aim: 0,
};
