import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { CompiledQuery } from "kysely";
import type { Request } from "express";
import { ApiError } from "@hireforhumans/protocol";
import type { Database } from "../context.ts";
import { inGroups } from "../groups.ts";
import { networkOf } from "./networks.ts";

export interface LimitOptions {
  db: Database;
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

export function createLimits(options: LimitOptions): Limits {
  const caller = consumerOf(options, "caller", options.callerPerMinute);
  const stranger = consumerOf(options, "stranger", options.strangerPerMinute);
  return { caller, stranger: ({ ip }) => stranger(ip === undefined ? "unknown" : networkOf(ip)) };
}

type Limiter = RateLimiterMemory | RateLimiterPostgres;

function limiterOf({ db, shared }: LimitOptions, keyPrefix: string, points: number): Limiter {
  const memory = new RateLimiterMemory({ keyPrefix, points, duration: 60 });
  if (!shared) return memory;
  return new RateLimiterPostgres({
    keyPrefix,
    points,
    duration: 60,
    storeClient: clientOf(db),
    storeType: "client",
    tableName: "rate_limits",
    tableCreated: true,
    // Who is over the limit costs no further query until the minute is over.
    inMemoryBlockOnConsumed: points,
    // A database that doesn't answer must not lift the limit, nor stop those who need no database.
    insuranceLimiter: memory,
  });
}

/** The limiter reads `expire` as a number of milliseconds; our int8 columns come as bigint. */
function clientOf(db: Database) {
  return {
    query: async ({ text, values }: { text: string; values?: unknown[] }) => {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []));
      const numbers = rows.map((row) => ({ ...(row as object), expire: Number((row as { expire?: unknown }).expire) }));
      return { rows: numbers, rowCount: numbers.length };
    },
  };
}

/** Counts a request of `key`. @throws ApiError rate_limited */
function consumerOf(options: LimitOptions, keyPrefix: string, points: number): (key: string) => Promise<void> {
  const limiter = limiterOf(options, keyPrefix, points);
  // Requests of one moment are counted together, by one statement for each key.
  const consume = inGroups(async (keys: string[]) => {
    const counts = [...Map.groupBy(keys, (key) => key)].map(([key, all]) => ({ key, count: all.length }));
    const verdicts = await Promise.all(counts.map(({ key, count }) => countAll(limiter, key, { count, points })));
    const verdictOf = new Map(counts.map(({ key }, index) => [key, verdicts[index]]));
    return keys.map((key) => verdictOf.get(key)?.shift());
  });
  return async (key) => {
    const refusal = await consume(key);
    if (refusal !== undefined) throw refusal;
  };
}

/** @returns for each of the requests, in the order in which they came, why it is refused, if it is */
async function countAll(
  limiter: Limiter,
  key: string,
  { count, points }: { count: number; points: number },
): Promise<(ApiError | undefined)[]> {
  try {
    await limiter.consume(key, count);
    return Array<undefined>(count).fill(undefined);
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    // What is refused from memory comes without a count; one from the database holds these requests too.
    const before = rejected.consumedPoints - count;
    const allowed = before < 0 ? 0 : Math.max(0, points - before);
    const retryAfterSeconds = Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
    return Array.from({ length: count }, (_, place) =>
      place < allowed
        ? undefined
        : new ApiError(
            "rate_limited",
            `More than ${points} requests in a minute. Send the next in ${retryAfterSeconds} s.`,
            { retryAfterSeconds },
          ),
    );
  }
}
