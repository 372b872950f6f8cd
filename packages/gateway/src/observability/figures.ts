import { sql } from "kysely";
import { TypeID } from "typeid-js";
import type { Context } from "../context.ts";
import { queueNames } from "../queue/queue.ts";

/** Whoever scrapes oftener gets the last figures again. */
const FRESH_MS = 5_000;
/** Sums over all jobs that ever ended: the only figures whose cost grows with them. */
const SUMS_FRESH_MS = 300_000;
/** A row is counted once its transaction has surely committed; none lasts so long. */
const EVENTS_SETTLE_MS = 10_000;
/** By then an offer's wave is over. */
const OFFERS_SETTLE_MS = 180_000;

/**
 * Makes what brings the figures of the database up to date before they are shown. What happens is counted by ids, which
 * tell when they were made: each call looks at those since the last, whichever gateway wrote them. A database that does
 * not answer leaves the figures as they were, with `hfh_database_up` 0.
 */
export function createFigures(ctx: Context): () => Promise<void> {
  const startedAtMs = Date.now();
  const counted = { events: startedAtMs, offers: startedAtMs };
  let [freshUntilMs, sumsFreshUntilMs] = [0, 0];
  let refreshing: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const { log, metrics } = ctx;
    const now = Date.now();
    try {
      await readStanding(ctx);
      await readQueue(ctx);
      counted.events = await countEvents(ctx, counted.events, now - EVENTS_SETTLE_MS);
      counted.offers = await countOffers(ctx, counted.offers, now - OFFERS_SETTLE_MS);
      if (now >= sumsFreshUntilMs) {
        await readSums(ctx);
        sumsFreshUntilMs = now + SUMS_FRESH_MS;
      }
      metrics.databaseUp.set(1);
    } catch (error) {
      metrics.databaseUp.set(0);
      log.warn({ err: error }, "the database gave no figures");
    }
    freshUntilMs = Date.now() + FRESH_MS;
  }

  return async () => {
    readConnections(ctx);
    if (refreshing === undefined && Date.now() >= freshUntilMs) {
      refreshing = refresh().finally(() => (refreshing = undefined));
    }
    await refreshing;
  };
}

function readConnections({ connections, metrics }: Context): void {
  if (connections === undefined) return;
  const { idle, busy, waiting } = connections();
  metrics.databaseConnections.set({ state: "idle" }, idle);
  metrics.databaseConnections.set({ state: "busy" }, busy);
  metrics.databaseWaiting.set(waiting);
}

const openStatuses = ["funding", "open", "accepted", "submitted", "approved", "rejected", "disputed"];
const intentStatuses = ["queued", "signed", "mined"];

/** What has not come to its end yet; each of these reads an index of the unended alone. */
async function readStanding({ db, metrics }: Context): Promise<void> {
  const jobs = await sql<{ status: string; count: number; units: string | null }>`
    select status, count(*)::int4 as count, sum(reward + fee) filter (where chain_status is not null)::text as units
    from jobs where ended_at is null group by status`.execute(db);
  for (const status of openStatuses) metrics.jobsOpen.set({ status }, 0);
  for (const { status, count } of jobs.rows) metrics.jobsOpen.set({ status }, count);
  metrics.escrowedUsdc.set(jobs.rows.reduce((sum, { units }) => sum + usdcOf(units), 0));

  const { rows } = await sql<{ overdue: number; oldest: number; pending: number; late: number; present: number }>`
    select
      (select count(*)::int4 from jobs where ended_at is null and chain_until_seconds is not null
        and chain_status in ('accepted', 'approved', 'rejected', 'disputed')
        and chain_until_seconds < (select max(timestamp_seconds) from blocks where number = (select max(number) from blocks)) - 600
      ) as overdue,
      coalesce((select extract(epoch from now() - min(created_at))::float8 from intents
        where status in ('queued', 'signed')), 0) as oldest,
      (select count(*)::int4 from webhook_deliveries where status = 'pending') as pending,
      coalesce((select extract(epoch from now() - min(created_at))::float8 from webhook_deliveries
        where status = 'pending'), 0) as late,
      (select count(*)::int4 from workers where presence = 'online') as present`.execute(db);
  const [found] = rows;
  if (found === undefined) return;
  metrics.jobsOverdue.set(found.overdue);
  metrics.outboxOldestSeconds.set(found.oldest);
  metrics.webhooksPending.set(found.pending);
  metrics.webhooksOldestSeconds.set(found.late);
  metrics.workersPresent.set(found.present);

  const intents = await sql<{ status: string; count: number }>`
    select status, count(*)::int4 as count from intents where status in ('queued', 'signed', 'mined') group by 1`.execute(
    db,
  );
  for (const status of intentStatuses) metrics.outboxIntents.set({ status }, 0);
  for (const { status, count } of intents.rows) metrics.outboxIntents.set({ status }, count);
}

async function readQueue({ db, metrics }: Context): Promise<void> {
  const { rows } = await sql<{ name: string; ready: number; oldest: number }>`
    select name, count(*)::int4 as ready, extract(epoch from now() - min(start_after))::float8 as oldest
    from pgboss.job where state < 'active' and start_after <= now() group by name`.execute(db);
  for (const queue of queueNames) {
    const found = rows.find(({ name }) => name === queue);
    metrics.queueReady.set({ queue }, found?.ready ?? 0);
    metrics.queueOldestSeconds.set({ queue }, found?.oldest ?? 0);
  }
}

/** @returns up to when events are counted now */
async function countEvents({ db, metrics }: Context, fromMs: number, toMs: number): Promise<number> {
  if (toMs <= fromMs) return fromMs;
  const [from, to] = [firstId("evt", fromMs), firstId("evt", toMs)];
  const events = await sql<{ type: string; outcome: string | null; count: number }>`
    select type, case type when 'job.verified' then data ->> 'outcome' end as outcome, count(*)::int4 as count
    from job_events where id >= ${from} and id < ${to} group by 1, 2`.execute(db);
  for (const { type, outcome, count } of events.rows) {
    metrics.jobEvents.inc({ type }, count);
    if (outcome !== null) metrics.verdicts.inc({ outcome }, count);
  }
  const waits = await sql<{ matched: number | null; paid: number | null }>`
    select
      case when e.type = 'job.accepted' and j.round = 0
        then extract(epoch from j.accepted_at - j.funded_at)::float8 end as matched,
      case when e.type = 'job.completed' then extract(epoch from j.ended_at - j.submitted_at)::float8 end as paid
    from job_events e join jobs j on j.id = e.job_id
    where e.id >= ${from} and e.id < ${to} and e.type in ('job.accepted', 'job.completed')`.execute(db);
  for (const { matched, paid } of waits.rows) {
    if (matched !== null) metrics.jobWaitSeconds.observe({ for: "match" }, Math.max(0, matched));
    if (paid !== null) metrics.jobWaitSeconds.observe({ for: "payment" }, Math.max(0, paid));
  }
  return toMs;
}

/** @returns up to when offers are counted now */
async function countOffers({ db, metrics }: Context, fromMs: number, toMs: number): Promise<number> {
  if (toMs <= fromMs) return fromMs;
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*)::int4 as count from offers
    where id >= ${firstId("off", fromMs)} and id < ${firstId("off", toMs)} group by 1`.execute(db);
  for (const { status, count } of rows) metrics.offers.inc({ outcome: status }, count);
  return toMs;
}

async function readSums({ db, metrics }: Context): Promise<void> {
  const { rows } = await sql<{ paid: string | null; refunded: string | null }>`
    select sum(reward) filter (where chain_status = 'paid')::text as paid,
      sum(reward + fee) filter (where chain_status = 'refunded')::text as refunded
    from jobs where ended_at is not null`.execute(db);
  metrics.paidUsdc.set(usdcOf(rows[0]?.paid));
  metrics.refundedUsdc.set(usdcOf(rows[0]?.refunded));
}

/** A figure to look at, not to reckon with: a gauge is a float. */
const usdcOf = (units: string | null | undefined): number => Number(units ?? 0) / 1e6;

/** The least id of this millisecond: ids are UUIDv7, which begin with their time. */
function firstId(prefix: "evt" | "off", atMs: number): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(atMs) << 16n);
  return TypeID.fromUUIDBytes(prefix, bytes).toString();
}
