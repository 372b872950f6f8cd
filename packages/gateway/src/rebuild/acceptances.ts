import { sql } from "kysely";
import type { Database } from "../context.ts";
import { newId } from "../ids.ts";
import { profileIdOf, workerIdOf } from "./accounts.ts";

interface Acceptance {
  jobId: string;
  domain: string;
  worker: string;
  round: number;
}

/**
 * Makes the worker of each acceptance that the chain tells of, and the accepted offer that stands for it. The signed word
 * is not needed any more: the chain has it.
 * @returns how many
 */
export async function restoreAcceptances(db: Database, escrow: string): Promise<number> {
  const acceptances = await readAcceptances(db, escrow);
  let made = 0;
  for (const acceptance of acceptances) if (await restoreAcceptance(db, acceptance)) made += 1;
  return made;
}

/** A job that was completed in one call was accepted in it, in the round that the reopenings before it make. */
async function readAcceptances(db: Database, escrow: string): Promise<Acceptance[]> {
  const { rows } = await sql<Acceptance>`
    select j.id as "jobId", j.domain, e.args ->> 'worker' as worker,
      coalesce((e.args ->> 'round')::int4, (
        select count(*)::int4 from chain_events r
        where r.chain_job_id = e.chain_job_id and r.address = e.address and r.name = 'Reopened'
      )) as round
    from chain_events e join jobs j on j.chain_job_id = e.chain_job_id
    where e.address = ${escrow} and e.name in ('Accepted', 'Completed')
    order by e.block_number, e.log_index`.execute(db);
  return rows;
}

async function restoreAcceptance(db: Database, { jobId, domain, worker, round }: Acceptance): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const workerId = await workerIdOf(trx, worker);
    const inserted = await trx
      .insertInto("offers")
      .values({
        id: newId("off"),
        job_id: jobId,
        worker_id: workerId,
        profile_id: await profileIdOf(trx, workerId, domain),
        round,
        wave: 0,
        status: "accepted",
        expires_at: sql<Date>`now()`,
        decided_at: sql<Date>`now()`,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning("id")
      .executeTakeFirst();
    return inserted !== undefined;
  });
}
