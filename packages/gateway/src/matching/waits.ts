import type { Database } from "../context.ts";

/** Measured waits from funding to acceptance, in seconds. */
export interface Waits {
  p50Seconds: number;
  p90Seconds: number;
}

/** The latest acceptances are looked at; more would tell of another day. */
const LOOKED_AT = 200;
/** Fewer tell nothing. */
const LEAST = 5;

/**
 * How long jobs waited lately: those in this domain, or all, where too few were.
 * @returns undefined where too few were measured at all
 */
export async function measuredWaits(db: Database, domain: string): Promise<Waits | undefined> {
  const accepted = await db
    .selectFrom("jobs")
    .select(["domain", "funded_at", "accepted_at"])
    .where("accepted_at", "is not", null)
    .where("round", "=", 0)
    .orderBy("accepted_at", "desc")
    .limit(LOOKED_AT)
    .execute();
  const similar = accepted.filter((job) => job.domain === domain);
  const waits = (similar.length < LEAST ? accepted : similar)
    .map((job) => ((job.accepted_at?.getTime() ?? 0) - (job.funded_at?.getTime() ?? 0)) / 1000)
    .sort((a, b) => a - b);
  if (waits.length < LEAST) return undefined;
  return { p50Seconds: percentile(waits, 0.5), p90Seconds: percentile(waits, 0.9) };
}

/** The nearest rank: the least value that this share of the sorted values does not pass. */
function percentile(sorted: readonly number[], share: number): number {
  return Math.max(0, sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
}
