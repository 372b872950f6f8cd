import { type Kysely, sql } from "kysely";

/** Cases before the arbitration pool. Conventions as in 0001. */
const statements = [
  // What the pool's events say of a case, folded; the rows are made anew with each event.
  sql`create table cases (
    job_id text primary key references jobs,
    phase text not null,
    until_seconds int8,
    revealing_since_seconds int8,
    draw_id int8,
    state jsonb not null,
    opened_at timestamptz not null default now(),
    ended_at timestamptz
  )`,
  sql`create index cases_open on cases (phase, until_seconds) where ended_at is null`,
  sql`create table case_seats (
    job_id text not null references cases on delete cascade,
    panel int4 not null,
    seat int4 not null,
    juror text not null,
    primary key (job_id, panel, seat)
  )`,
  sql`create index case_seats_of_juror on case_seats (juror, job_id)`,

  // What the parties say; the chain has its hash only.
  sql`create table case_documents (
    job_id text not null references jobs,
    kind text not null check (kind in ('statement', 'evidence')),
    hash text not null,
    by_address text not null,
    body jsonb not null,
    files text[] not null default '{}',
    created_at timestamptz not null default now(),
    primary key (job_id, kind, hash)
  )`,
  sql`create index case_documents_files on case_documents using gin (files)`,

  // Sealed votes on their way, and opened ones. A seat is a juror's on one branch; on another it may be somebody else's.
  // A vote in the clear is taken only once the chain lets it be revealed.
  sql`create table commitments (
    job_id text not null references jobs,
    panel int4 not null,
    juror text not null,
    seat int4 not null,
    commitment text not null,
    valid_until_seconds int8 not null,
    signature text not null,
    carried_by text references intents,
    created_at timestamptz not null default now(),
    primary key (job_id, panel, juror)
  )`,
  sql`create table openings (
    job_id text not null references jobs,
    panel int4 not null,
    juror text not null,
    seat int4 not null,
    vote int2 not null check (vote between 1 and 3),
    salt text not null,
    carried_by text references intents,
    created_at timestamptz not null default now(),
    primary key (job_id, panel, juror)
  )`,

  sql`create index chain_events_of_juror on chain_events ((args ->> 'juror'), block_number desc, log_index desc)
    where name in ('Staked', 'Retired', 'Reweighed', 'Unstaked')`,
  sql`create index chain_events_seeded on chain_events ((args ->> 'drawId')) where name = 'Seeded'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
