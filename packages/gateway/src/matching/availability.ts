import { sql } from "kysely";
import type { Availability } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import type { Requirements } from "../jobs/requirements.ts";
import { asked, fitting } from "./requirements.ts";
import { type Waits, measuredWaits } from "./waits.ts";

/** Counted no further: beyond it a number changes no decision, and counting would cost the more the more there are. */
const MOST_COUNTED = 100;
/** Expected wait, in minutes, where nobody is there and nothing was measured yet. */
const UNKNOWN_WAIT_MINUTES = 30;

/**
 * Whether somebody could take such a job now, and how long it may take. Ask it before anything is promised or paid.
 * @param db The transaction, for who has one open.
 */
export async function availabilityOf(
  ctx: Pick<Context, "db" | "chain" | "config">,
  requirements: Requirements,
  db: Database = ctx.db,
): Promise<Availability> {
  const waits = await measuredWaits(db, requirements.domain);
  const available = await countWorkers(db, requirements, true);
  const openingAt = available > 0 ? undefined : await nextOpening(ctx, db, requirements);
  const minutes = available > 0 ? minutesWhenFree(ctx, waits) : minutesUntil(openingAt, waits);
  return {
    workers_available: available,
    workers_matching: await countWorkers(db, requirements, false),
    estimated_match_time: Math.ceil(minutes * 100) / 100,
    wait_p50_seconds: waits?.p50Seconds ?? null,
    wait_p90_seconds: waits?.p90Seconds ?? null,
    next_opening_at: openingAt?.toISOString() ?? null,
  };
}

/** Measured, or the time that the first wave has to answer. */
function minutesWhenFree({ config }: Pick<Context, "config">, waits: Waits | undefined): number {
  return (waits?.p50Seconds ?? config.offerWaveSeconds[0] ?? 0) / 60;
}

function minutesUntil(openingAt: Date | undefined, waits: Waits | undefined): number {
  if (openingAt === undefined) return waits === undefined ? UNKNOWN_WAIT_MINUTES : waits.p90Seconds / 60;
  return Math.max(0, openingAt.getTime() - Date.now()) / 60_000;
}

async function countWorkers(db: Database, requirements: Requirements, availableOnly: boolean): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count
    from (
      select distinct worker_id
      from (
        select p.worker_id
        from ${fitting(asked(requirements))} and ${availableOnly ? sql`p.available` : sql`true`}
        limit ${sql.lit(MOST_COUNTED)}
      ) found
    ) workers
  `.execute(db);
  return Number(rows[0]?.count ?? 0n);
}

/**
 * When the first of the busy workers who fit is free: at the end of an offer's time or of a job's window.
 * @returns undefined where none is on line
 */
async function nextOpening(
  { chain }: Pick<Context, "chain">,
  db: Database,
  requirements: Requirements,
): Promise<Date | undefined> {
  const { rows } = await sql<{ offer_at: Date | null; job_seconds: bigint | null }>`
    select min(offers.expires_at) as offer_at, min(jobs.until_seconds) as job_seconds
    from (
      select w.id
      from ${fitting(asked(requirements))} and w.presence = 'online'
      limit ${sql.lit(MOST_COUNTED)}
    ) busy
    left join offers on offers.worker_id = busy.id and offers.status = 'pending'
    left join jobs on jobs.worker_id = busy.id and jobs.status in ('accepted', 'submitted')
  `.execute(db);
  const { offer_at = null, job_seconds = null } = rows[0] ?? {};
  // The chain's clock may stand elsewhere than ours; only the time that is left can be carried over.
  const jobMs =
    job_seconds === null ? undefined : Date.now() + Number(job_seconds - chain.head().timestampSeconds) * 1000;
  const openings = [offer_at?.getTime(), jobMs].filter((ms) => ms !== undefined);
  return openings.length === 0 ? undefined : new Date(Math.min(...openings));
}
