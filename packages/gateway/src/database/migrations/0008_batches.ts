import { type Kysely, sql } from "kysely";

/**
 * Many intents in one transaction: a batch is an intent of its own, which has the nonce and the signed bytes, and those that
 * it carries name it. They have a status of their own, so that a gateway that knows no batches leaves them alone.
 */
const statements = [
  sql`alter table intents
    add column carrier_id text references intents,
    add column carrier_index int4,
    add column alone boolean not null default false,
    add column first_hash text,
    add column mined_block_number int8`,
  sql`alter table intents drop constraint intents_status_check`,
  sql`alter table intents add constraint intents_status_check
    check (status in ('queued', 'signed', 'carried', 'mined', 'final', 'failed'))`,
  sql`create index intents_carried on intents (carrier_id, carrier_index) where carrier_id is not null`,
  sql`create index intents_untold on intents (signer, carrier_id) where status = 'carried' and settled_at is null`,
  sql`create index intents_mined on intents (signer, mined_block_hash) where status = 'mined'`,

  // What one client's jobs take that a read of its funds may not know of, without reading all that it ever posted.
  sql`create index jobs_funded on jobs (client_id, funded_at) include (reward, fee) where funded_at is not null`,
  // Who takes part in draws, without reading all that ever happened.
  sql`create index chain_events_of_jurors on chain_events (address, (args ->> 'juror'), block_number desc, log_index desc)
    where name in ('Staked', 'Retired', 'Reweighed', 'Unstaked')`,
  // Rows that change several times in their first minutes find room beside themselves.
  sql`alter table jobs set (fillfactor = 80)`,
  sql`alter table intents set (fillfactor = 80)`,
  sql`alter table webhook_deliveries set (fillfactor = 80)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
