import { sql } from "kysely";
import type { Trx } from "../context.ts";
import { appendJobEvent } from "../jobs/events.ts";
import { type CaseEvent, type CaseState, caseStateOf } from "./case-state.ts";

/**
 * Writes onto our rows what the followed branch now says of these jobs' cases, like `projectJobs`, after which it is
 * called in the same transaction: that holds the jobs' rows.
 */
export async function projectCases(trx: Trx, pool: string, chainJobIds: readonly string[]): Promise<void> {
  for (const chainJobId of await disputedAmong(trx, pool, chainJobIds)) await projectCase(trx, pool, chainJobId);
}

/** Those that have a case, or had one before a reorg; few of the jobs that a block moves do. */
async function disputedAmong(trx: Trx, pool: string, chainJobIds: readonly string[]): Promise<string[]> {
  if (chainJobIds.length === 0) return [];
  const ids = [...new Set(chainJobIds)];
  const { rows } = await sql<{ id: string }>`
    select chain_job_id as id from chain_events
    where chain_job_id = any (${ids}) and (address = ${pool} or name in ('Disputed', 'Ruled'))
    union
    select chain_job_id from cases join jobs on jobs.id = cases.job_id where chain_job_id = any (${ids})
    order by id
  `.execute(trx);
  return rows.map(({ id }) => id);
}

async function projectCase(trx: Trx, pool: string, chainJobId: string): Promise<void> {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "terms"])
    .where("chain_job_id", "=", chainJobId)
    .executeTakeFirst();
  if (job === undefined || job.terms.arbiter !== pool) return;
  const folded = caseStateOf(await eventsOf(trx, chainJobId), { client: job.terms.client, pool });
  if (folded === undefined) {
    await trx.deleteFrom("cases").where("job_id", "=", job.id).execute();
    return;
  }
  await storeCase(trx, job.id, folded.state);
  for (const happening of folded.happenings) await appendJobEvent(trx, { jobId: job.id, ...happening });
}

async function storeCase(trx: Trx, jobId: string, state: CaseState): Promise<void> {
  const values = {
    phase: state.phase,
    until_seconds: state.until === null ? null : BigInt(state.until),
    revealing_since_seconds: state.revealingSince === null ? null : BigInt(state.revealingSince),
    draw_id: state.drawId === null ? null : BigInt(state.drawId),
    state: JSON.stringify(state),
  };
  const ended = state.phase === "ruled";
  await trx
    .insertInto("cases")
    .values({ job_id: jobId, ...values, ended_at: ended ? new Date() : null })
    .onConflict((conflict) =>
      conflict.column("job_id").doUpdateSet({
        ...values,
        ended_at: ended ? sql<Date>`coalesce(cases.ended_at, excluded.ended_at)` : null,
      }),
    )
    .execute();
  await trx.deleteFrom("case_seats").where("job_id", "=", jobId).execute();
  const seats = state.panels.flatMap(({ seats }, panel) =>
    seats.map(({ juror }, seat) => ({ job_id: jobId, panel, seat, juror })),
  );
  if (seats.length > 0) await trx.insertInto("case_seats").values(seats).execute();
}

async function eventsOf(trx: Trx, chainJobId: string): Promise<CaseEvent[]> {
  const rows = await trx
    .selectFrom("chain_events")
    .innerJoin("blocks", "blocks.hash", "chain_events.block_hash")
    .select(["address", "name", "transaction_hash", "args", "blocks.timestamp_seconds"])
    .where("chain_job_id", "=", chainJobId)
    .orderBy("block_number")
    .orderBy("log_index")
    .execute();
  return rows.map((row) => ({
    address: row.address,
    name: row.name,
    transactionHash: row.transaction_hash,
    timestampSeconds: row.timestamp_seconds,
    args: row.args,
  }));
}
