import { type Kysely, sql } from "kysely";

/** Secrets that are rotated without an outage, and the log of privileged acts. */
const statements = [
  sql`alter table api_keys add column old_secret_hash text unique, add column old_secret_until timestamptz`,
  sql`alter table clients add column old_webhook_secret text, add column old_webhook_secret_until timestamptz`,
  sql`alter table webhook_endpoints add column old_secret text, add column old_secret_until timestamptz`,

  // How much somebody uploaded in the last day is asked at each upload.
  sql`create index file_uploads_of_worker on file_uploads (worker_id, created_at) where worker_id is not null`,
  sql`create index file_uploads_of_client on file_uploads (client_id, created_at) where client_id is not null`,

  sql`create table audit_log (
    sequence int8 primary key check (sequence > 0),
    -- To the millisecond, as the hash has it.
    at timestamptz(3) not null,
    actor text not null,
    action text not null,
    subject text not null,
    client_id text,
    request_id text,
    details jsonb not null,
    previous_hash text not null unique,
    hash text not null unique
  )`,
  sql`create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'audit_log is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
    end
  $$`,
  sql`create trigger audit_log_rows_stay before update or delete on audit_log
    for each row execute function refuse_audit_change()`,
  sql`create trigger audit_log_stays before truncate on audit_log
    for each statement execute function refuse_audit_change()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
