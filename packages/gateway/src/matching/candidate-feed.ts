import { sql } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../context.ts";
import { type Loop, startLoop } from "../loop.ts";
import { inTurns } from "../turns.ts";
import type { CandidateProfile, Score } from "./candidate-table.ts";
import type { CandidateIndex, KnownCandidate } from "./candidates.ts";

/** How late the index may be; a match that goes by something older costs another look. */
const POLL_MS = 200;
/** Workers read at once: some tens of milliseconds of this process. */
const PAGE = 2_000;
/** What changed is kept for so long; one who was away longer begins anew. */
const CHANGES_KEPT_SECONDS = 300;
const TOO_LATE_MS = (CHANGES_KEPT_SECONDS - 60) * 1_000;

interface Row {
  worker_id: string;
  /** Null where the database has not got the worker. */
  revision: bigint | null;
  country: string | null;
  idle_since_ms: number;
  /** Null where the worker is not available. */
  profiles: CandidateProfile[] | null;
  /** Their scores in digits, which are more than a number in JSON keeps. */
  scores: { domainHash: string; score: string }[] | null;
}

export interface CandidateFeed {
  /** Begins to load; the gateway serves meanwhile. */
  start(): void;
  /**
   * Takes in whatever was committed before the call.
   * @param named These as well, where they are not what the index takes them for, though no change of them may be noted.
   */
  refresh(named?: readonly KnownCandidate[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Keeps a process's index of candidates in line with the database: loads everybody who is available, then looks again and
 * again for what changed. Each process has its own, and none needs another's.
 */
export function createCandidateFeed({
  db,
  candidates,
  log,
}: {
  db: Database;
  candidates: CandidateIndex;
  log: Logger;
}): CandidateFeed {
  /** All transactions before this one have ended and were read. */
  let horizon = 0n;
  let server = "";
  let readAtMs = 0;
  let loop: Loop | undefined;
  const inTurn = inTurns();

  async function take(workerIds: readonly string[]): Promise<void> {
    const rows = await readWorkers(db, workerIds);
    for (const { worker_id: workerId, revision, country, idle_since_ms: idleSinceMs, profiles, scores } of rows) {
      const exact = (scores ?? []).map(({ domainHash, score }): Score => ({ domainHash, score: BigInt(score) }));
      const worker = { workerId, revision: Number(revision), country, idleSinceMs, scores: exact };
      candidates.put(worker, profiles ?? []);
    }
  }

  async function load(): Promise<void> {
    const begun = performance.now();
    candidates.clear();
    const first = await changesSince(db, NEVER);
    for (let after = ""; ;) {
      const ids = await availableAfter(db, after);
      const last = ids.at(-1);
      if (last === undefined) break;
      await take(ids);
      after = last;
    }
    await takeChanges(await changesSince(db, first.horizon));
    // Should another server have answered meanwhile, the next look begins anew.
    server = first.server;
    candidates.complete = true;
    const seconds = Math.round(performance.now() - begun) / 1000;
    log.info({ profiles: candidates.size, seconds }, "the index of candidates is complete");
  }

  async function takeChanges({ horizon: next, workerIds, askedAtMs }: Changes): Promise<void> {
    for (let at = 0; at < workerIds.length; at += PAGE) await take(workerIds.slice(at, at + PAGE));
    horizon = next;
    readAtMs = askedAtMs;
  }

  async function read(named: readonly KnownCandidate[]): Promise<void> {
    if (!candidates.complete || performance.now() - readAtMs > TOO_LATE_MS) return load();
    const changes = await changesSince(db, horizon, named);
    // A standby that was promoted may lack the last transactions, and counts its own by the numbers that those had.
    return changes.server !== server || changes.horizon < horizon ? load() : takeChanges(changes);
  }

  const refresh = (named: readonly KnownCandidate[] = []): Promise<void> => inTurn(() => read(named));

  return {
    refresh,
    start() {
      loop = startLoop({
        everyMs: POLL_MS,
        turn: () => refresh().then(() => false),
        onError: (error, consecutive) =>
          log.error({ err: error, consecutive }, "what changed about workers could not be read and is read again"),
      });
    },
    async stop() {
      await loop?.stop();
    },
  };
}

interface Changes {
  /** The first transaction that had not ended: what it does will be seen later. */
  horizon: bigint;
  /** When the server began: another one began at another time. */
  server: string;
  workerIds: string[];
  askedAtMs: number;
}

/** Later than any transaction. */
const NEVER = 2n ** 63n - 1n;

/** Who was changed by transactions that had not ended at that horizon, and who of those named has another revision. */
async function changesSince(db: Database, since: bigint, named: readonly KnownCandidate[] = []): Promise<Changes> {
  const askedAtMs = performance.now();
  const [ids, revisions] = [named.map(({ workerId }) => workerId), named.map(({ revision }) => revision)];
  const { rows } = await sql<{ horizon: string; server: string; ids: string[] }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, pg_postmaster_start_time()::text as server,
      array(
        select worker_id from worker_changes where transaction >= ${since.toString()}::xid8
        union
        select named.id from unnest(${ids}::text[], ${revisions}::int8[]) named (id, revision)
        left join workers w on w.id = named.id
        where w.revision is distinct from named.revision
      ) as ids
  `.execute(db);
  const [{ horizon, server, ids: workerIds } = { horizon: "0", server: "", ids: [] }] = rows;
  return { horizon: BigInt(horizon), server, workerIds, askedAtMs };
}

async function availableAfter(db: Database, after: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from workers where id > ${after} and presence = 'online' order by id limit ${sql.lit(PAGE)}
  `.execute(db);
  return rows.map(({ id }) => id);
}

async function readWorkers(db: Database, workerIds: readonly string[]): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select ids.id as worker_id, w.revision, w.country, extract(epoch from w.idle_since)::float8 * 1000 as idle_since_ms,
      (
        select jsonb_agg(jsonb_build_object(
          'profileId', p.id, 'domain', p.domain, 'tier', p.tier, 'reputation', p.reputation::float8 / 1e18,
          'skills', cardinality(p.skills), 'firstLanguage', p.languages[1], 'tags', p.tags
        ))
        from profiles p where p.worker_id = w.id and p.deleted_at is null and p.available
      ) as profiles,
      (
        select jsonb_agg(jsonb_build_object('domainHash', r.domain_hash, 'score', r.score::text))
        from reputations r where r.address = w.address
      ) as scores
    from unnest(${workerIds}::text[]) ids (id) left join workers w on w.id = ids.id
  `.execute(db);
  return rows;
}

/**
 * Forgets what every gateway has read.
 * @returns 0: there is nothing to look for at once
 */
export async function sweepChanges(db: Database): Promise<number> {
  await db
    .deleteFrom("worker_changes")
    .where("changed_at", "<", sql<Date>`now() - make_interval(secs => ${CHANGES_KEPT_SECONDS})`)
    .execute();
  return 0;
}
