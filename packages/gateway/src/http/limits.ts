import { RateLimiterMemory } from "rate-limiter-flexible";
import { sql } from "kysely";
import type { Request } from "express";
import type { Logger } from "pino";
import { ApiError } from "@hireforhumans/protocol";
import type { Database } from "../context.ts";
import { inGroups } from "../groups.ts";
import { networkOf } from "./networks.ts";

export interface LimitOptions {
  db: Database;
  log: Logger;
  /** Count in the database, so that all gateways on it share one count; in this process otherwise. */
  shared: boolean;
  /** Requests a minute of one API key or one worker. */
  callerPerMinute: number;
  /** Requests a minute of one IPv4 address or IPv6 /64 that shows no valid key or session. */
  strangerPerMinute: number;
}

export interface Limits {
  /** @throws ApiError rate_limited */
  caller(callerId: string): Promise<void>;
  /** @throws ApiError rate_limited */
  stranger(request: Pick<Request, "ip">): Promise<void>;
}

const MINUTE_SECONDS = 60;

/** How many requests of a key its minute had before this one, and how long it still lasts. */
interface Place {
  before: number;
  leftMs: number;
}

export function createLimits(options: LimitOptions): Limits {
  const { callerPerMinute, strangerPerMinute } = options;
  const place = options.shared ? createSharedCounts(options) : createOwnCounts();
  // Who is over the limit costs no further query until the minute is over.
  const refused = new RateLimiterMemory({ keyPrefix: "", points: 0, duration: MINUTE_SECONDS });
  async function take(key: string, perMinute: number): Promise<void> {
    const known = await refused.get(key);
    const { before, leftMs } =
      known === null ? await place(key) : { before: perMinute, leftMs: Math.max(1, known.msBeforeNext) };
    if (before < perMinute) return;
    if (known === null) await refused.block(key, leftMs / 1000);
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    throw new ApiError(
      "rate_limited",
      `More than ${perMinute} requests in a minute. Send the next in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }
  return {
    caller: (callerId) => take(`caller:${callerId}`, callerPerMinute),
    stranger: ({ ip }) => take(`stranger:${ip === undefined ? "unknown" : networkOf(ip)}`, strangerPerMinute),
  };
}

type TakePlace = (key: string) => Promise<Place>;

/** Counted in this process. */
function createOwnCounts(): TakePlace {
  const memory = new RateLimiterMemory({ keyPrefix: "", points: 0, duration: MINUTE_SECONDS });
  return async (key) => {
    const { consumedPoints, msBeforeNext } = await memory.penalty(key);
    return { before: consumedPoints - 1, leftMs: msBeforeNext };
  };
}

/** Counted in the database: the requests of one moment by one statement, whosever they are. */
function createSharedCounts({ db, log }: LimitOptions): TakePlace {
  const own = createOwnCounts();
  return inGroups(async (keys: string[]) => {
    try {
      const placeOf = await countAll(db, keys);
      return keys.map(placeOf);
    } catch (error) {
      // A database that doesn't answer must not lift the limit, nor stop those who need no database.
      log.warn({ err: error }, "requests could not be counted in the database; they are counted in this process");
      return Promise.all(keys.map(own));
    }
  });
}

/** @returns the places of the requests of each key, one after the other */
async function countAll(db: Database, keys: readonly string[]): Promise<(key: string) => Place> {
  const counts = new Map([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));
  const { rows } = await sql<{ key: string; requests: number; left_ms: number }>`
    insert into rate_limits as known (key, points, expire)
    select key, count, now_ms + ${MINUTE_SECONDS * 1000}::int8
    from unnest(${[...counts.keys()]}::text[], ${[...counts.values()]}::int4[]) as asked (key, count),
      (select (extract(epoch from now()) * 1000)::int8 as now_ms) as clock
    order by key
    on conflict (key) do update set (points, expire) = (
      select
        case when over then excluded.points else known.points + excluded.points end,
        case when over then excluded.expire else known.expire end
      from (select known.expire <= (extract(epoch from now()) * 1000)::int8 as over) as minute
    )
    returning key, points as requests, (expire - (extract(epoch from now()) * 1000)::int8)::int4 as left_ms
  `.execute(db);
  const next = new Map(
    rows.map(({ key, requests, left_ms }) => [key, { before: requests - (counts.get(key) ?? 0), leftMs: left_ms }]),
  );
  return (key) => {
    const place = next.get(key);
    if (place === undefined) throw new Error(`the database did not count ${key}`);
    next.set(key, { ...place, before: place.before + 1 });
    return place;
  };
}

/** @returns how many minutes that are over were forgotten */
export async function sweepLimits(db: Database): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rate_limits where key in (
      select key from rate_limits where expire <= extract(epoch from now()) * 1000
      order by key for update skip locked
    )`.execute(db);
  return Number(numAffectedRows);
}
