import { type Kysely, sql } from "kysely";

/** What stood where the links of evidence lead, and the language of golden tasks. */
const statements = [
  // A worker may have a page kept before handing in; the signed evidence then names the copy.
  sql`create table link_copies (
    job_id text not null references jobs,
    worker_id text not null references workers,
    url text not null,
    sha256 text not null references files,
    media_type text not null,
    created_at timestamptz not null default now(),
    primary key (job_id, worker_id, url, sha256)
  )`,
  sql`create index link_copies_sha256 on link_copies (sha256)`,

  // A link of evidence, to be looked at until there is a copy. What is there once is what is judged.
  sql`create table evidence_links (
    evidence_id text not null references evidence,
    item int4 not null,
    url text not null,
    sha256 text references files,
    media_type text,
    problem text,
    tries int4 not null default 0,
    looked_at timestamptz,
    primary key (evidence_id, item),
    check ((sha256 is null) = (media_type is null))
  )`,
  sql`create index evidence_links_sha256 on evidence_links (sha256) where sha256 is not null`,

  // Null: nobody said, as of those that were there before.
  sql`alter table golden_tasks add column language text`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
