import { sql } from "kysely";
import type { Database } from "../context.ts";
import { newId } from "../ids.ts";
import { submitKey } from "../settlement/intents.ts";
import { recountPlaces } from "../workers/places.ts";
import { LOST_MEMBER } from "./jobs.ts";

/** How a job without any funding on chain is shown; should its funding still be mined, the follower opens it. */
const NOT_FUNDED = {
  code: "not_funded",
  message: "The database was made anew, and no block holds this job's funding. Nothing was paid.",
};

/**
 * Puts what the outbox must know of the past: that fundings and submissions were carried. Nothing is sent for it, since
 * what is final is never looked at again.
 */
export async function restoreIntents(
  db: Database,
  { signer, escrow }: { signer: string; escrow: string },
): Promise<void> {
  await sql`
    insert into intents (id, intent_key, kind, job_id, signer, to_address, data, gas_limit, status, first_hash, mined_hash, mined_block_hash, settled_at)
    select 'int_' || substr(j.id, 5), 'fund:' || j.id, 'fund', j.id, ${signer}, ${escrow}, '0x', 0, 'final',
      e.transaction_hash, e.transaction_hash, e.block_hash, now()
    from jobs j join chain_events e on e.chain_job_id = j.chain_job_id and e.address = ${escrow} and e.name = 'Funded'
    on conflict do nothing`.execute(db);
  // What a repeated request for the job is answered with.
  await sql`
    insert into transactions (hash, intent_id, nonce, raw, max_fee_per_gas, max_priority_fee_per_gas, broadcast_at)
    select distinct on (i.mined_hash) i.mined_hash, i.id, -1, '0x', 0, 0, now()
    from intents i where i.kind = 'fund' and i.data = '0x' and i.status = 'final'
    on conflict do nothing`.execute(db);
  // One transaction may have funded many.
  await sql`
    update intents i set carrier_id = t.intent_id from transactions t
    where t.hash = i.mined_hash and i.kind = 'fund' and i.data = '0x' and i.status = 'final' and i.id <> t.intent_id
      and i.carrier_id is null`.execute(db);
  const submitted = await sql<{ id: string; job_id: string; hash: string; block: string }>`
    select distinct on (ev.id) ev.id, ev.job_id, e.transaction_hash as hash, e.block_hash as block
    from evidence ev join jobs j on j.id = ev.job_id
    join chain_events e on e.chain_job_id = j.chain_job_id and e.address = ${escrow} and e.args ->> 'evidenceHash' = ev.evidence_hash
    order by ev.id, e.block_number`.execute(db);
  for (const { id, job_id, hash, block } of submitted.rows) {
    await db
      .insertInto("intents")
      .values({
        id: newId("int"),
        intent_key: submitKey(id),
        kind: "submit",
        job_id,
        signer,
        to_address: escrow,
        data: "0x",
        gas_limit: 0n,
        status: "final",
        mined_hash: hash,
        mined_block_hash: block,
        settled_at: new Date(),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** The times that rows tell, by the blocks and the records; and what a job's result was. */
export async function restoreHistory(db: Database, escrow: string): Promise<void> {
  const atOf = (names: string[]) => sql`(
    select to_timestamp(max(b.timestamp_seconds)) from chain_events e join blocks b on b.hash = e.block_hash
    where e.chain_job_id = j.chain_job_id and e.address = ${escrow} and e.name = any (${names}::text[]))`;
  await sql`
    update jobs j set
      funded_at = ${atOf(["Funded"])},
      accepted_at = case when j.worker_id is not null then ${atOf(["Accepted", "Completed"])} end,
      ended_at = case when j.ended_at is not null then
        ${atOf(["Cancelled", "Released", "Completed", "Ruled", "Refunded", "Settled"])} end
    where j.chain_status is not null and not exists (
      select 1 from intents i where i.job_id = j.id and i.data <> '0x')`.execute(db);
  await sql`
    update jobs j set submitted_at = ev.created_at, resolution = ev.bundle ->> 'resolution',
      worker_notes = ev.bundle ->> 'worker_notes'
    from evidence ev
    where ev.job_id = j.id and ev.round = j.round and ev.worker_id = j.worker_id and j.submitted_at is null`.execute(
    db,
  );
}

/** Ends what matching had under way for jobs that moved on meanwhile, and counts workers' places anew. */
export async function endStaleOffers(db: Database): Promise<void> {
  await sql`update jobs set next_wave_at = null where status <> 'open' and next_wave_at is not null`.execute(db);
  await sql`
    update offers o set status = 'canceled', reason = 'the job moved on', decided_at = now()
    from jobs j where j.id = o.job_id and o.status = 'pending' and (j.status <> 'open' or j.round <> o.round)`.execute(
    db,
  );
  const busy = await sql<{ id: string }>`
    select id from workers where load > 0 or offered > 0
    union select worker_id from jobs where status in ('accepted', 'submitted') and worker_id is not null`.execute(db);
  await db.transaction().execute((trx) =>
    recountPlaces(
      trx,
      busy.rows.map(({ id }) => id),
    ),
  );
}

/** Sets going again what was under way: matching of open jobs, verification of evidence. */
export async function resumeWork(db: Database): Promise<{ open: number; unjudged: number }> {
  const open = await sql`
    update jobs set wave = 0, next_wave_at = now(), unmatched_at = null
    where status = 'open' and chain_status = 'open' and cancel_requested_at is null and next_wave_at is null
      and not packet -> 'redactions' ? ${LOST_MEMBER}`.execute(db);
  const unjudged = await sql`
    update evidence ev set verify_again_at = case when j.packet -> 'redactions' ? ${LOST_MEMBER} then 'infinity' else now() end
    from jobs j
    where j.id = ev.job_id and j.round = ev.round and j.worker_id = ev.worker_id and j.ended_at is null
      and not exists (select 1 from verdicts v where v.evidence_id = ev.id and v.signature is not null)`.execute(db);
  return { open: Number(open.numAffectedRows ?? 0n), unjudged: Number(unjudged.numAffectedRows ?? 0n) };
}

/**
 * Records of jobs that no block has funded: those whose deadline is to come stay, as failed, because their funding may
 * still be on its way; the others were refused, or never came to anything.
 */
export async function endUnfunded(db: Database, nowSeconds: bigint): Promise<{ waiting: number; dropped: number }> {
  const unfunded = sql`chain_status is null and status = 'funding'
    and not exists (select 1 from intents i where i.job_id = jobs.id)`;
  const waiting = await sql`
    update jobs set status = 'failed', failure = ${JSON.stringify(NOT_FUNDED)}::jsonb, ended_at = now()
    where ${unfunded} and deadline_seconds >= ${nowSeconds}`.execute(db);
  const dropped = await db.transaction().execute(async (trx) => {
    const gone = await sql<{ id: string }>`select id from jobs where ${unfunded}`.execute(trx);
    const ids = gone.rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await trx
      .deleteFrom("evidence_links")
      .where("evidence_id", "in", trx.selectFrom("evidence").select("id").where("job_id", "in", ids))
      .execute();
    for (const table of ["reviews", "job_events", "evidence", "link_copies", "confirmations"] as const) {
      await trx.deleteFrom(table).where("job_id", "in", ids).execute();
    }
    await trx.deleteFrom("jobs").where("id", "in", ids).execute();
    return ids.length;
  });
  return { waiting: Number(waiting.numAffectedRows ?? 0n), dropped };
}
