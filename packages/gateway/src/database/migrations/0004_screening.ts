import { type Kysely, sql } from "kysely";

/** Jobs that were refused for what they ask a person to do, and what became of the appeals. */
const statements = [
  sql`create table screenings (
    id text primary key,
    client_id text not null references clients,
    -- Of all that was screened: the same text again is the same case.
    text_hash text not null,
    rule text not null,
    param text not null,
    sentence text not null,
    status text not null default 'refused' check (status in ('refused', 'appealed', 'allowed', 'upheld')),
    appeal text,
    note text,
    created_at timestamptz not null default now(),
    unique (client_id, text_hash)
  )`,
  sql`create index screenings_by_status on screenings (status, id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
