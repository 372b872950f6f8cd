import { type Kysely, sql } from "kysely";

/** By what near-duplicates of evidence are found, see the oracle's sketchesOf. */
const statements = [
  // Evidence that was there before is looked through when it is verified next, so only what is open gets sketches late.
  sql`alter table evidence add column sketched_at timestamptz`,
  sql`create table evidence_sketches (
    evidence_id text not null references evidence,
    item int4 not null,
    kind text not null check (kind in ('text', 'image')),
    sketch bytea not null,
    keys int4[] not null,
    primary key (evidence_id, item)
  )`,
  // Without the list of pending entries, which every search would have to read.
  sql`create index evidence_sketches_keys on evidence_sketches using gin (keys) with (fastupdate = off)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
