import { type Kysely, sql } from "kysely";

/** Peer review. A review is a job like others, of the review fund; these rows say what it is a review of. */
const statements = [
  // How many peers at least are to review it; null until its first verification has settled that.
  sql`alter table evidence add column reviewers int4`,

  // A case whose answer is known, asked like any other to see how good a reviewer is.
  sql`create table golden_tasks (
    id text primary key,
    domain text not null,
    packet jsonb not null,
    answer text not null check (answer in ('pass', 'fail')),
    retired_at timestamptz,
    retired_because text,
    created_at timestamptz not null default now()
  )`,
  sql`create index golden_tasks_in_use on golden_tasks (domain, id) where retired_at is null`,

  sql`create table reviews (
    id text primary key,
    job_id text not null unique references jobs,
    evidence_id text references evidence,
    golden_id text references golden_tasks,
    worker_id text references workers,
    answer text check (answer in ('pass', 'fail')),
    reason text,
    answered_at timestamptz,
    created_at timestamptz not null default now(),
    check ((evidence_id is null) <> (golden_id is null)),
    check ((answer is null) = (worker_id is null))
  )`,
  sql`create index reviews_of_evidence on reviews (evidence_id)`,
  sql`create index reviews_of_golden on reviews (golden_id)`,
  sql`create index reviews_by_worker on reviews (worker_id, answered_at)`,

  // From where accounts came, as keyed hashes of networks: accounts that share one don't review each other.
  sql`create table networks_seen (
    address text not null,
    network text not null,
    seen_at timestamptz not null default now(),
    primary key (address, network)
  )`,
  sql`create index networks_seen_by_network on networks_seen (network)`,

  // Whom a review must not go to: its case's worker and client, whoever came from where they came from, who was reviewed by
  // that worker within a month, and who has another seat on the same case. Empty for a job that is no review.
  sql`create function barred_from_review(review_job text) returns text[] language sql stable as $$
    with mine as (select id, evidence_id, golden_id from reviews where job_id = review_job),
    sides as (
      select w.address from mine join evidence e on e.id = mine.evidence_id join workers w on w.id = e.worker_id
      union
      select c.address from mine join evidence e on e.id = mine.evidence_id join jobs j on j.id = e.job_id
        join clients c on c.id = j.client_id
    ),
    barred as (
      select address from sides
      union
      select linked.address from sides join networks_seen own on own.address = sides.address
        join networks_seen linked on linked.network = own.network
      union
      select seated.address from mine join reviews other on other.id <> mine.id
          and (other.evidence_id = mine.evidence_id or other.golden_id = mine.golden_id)
        join offers o on o.job_id = other.job_id and o.status in ('pending', 'accepted')
        join workers seated on seated.id = o.worker_id
      union
      select reviewed.address from mine join evidence e on e.id = mine.evidence_id
        join reviews given on given.worker_id = e.worker_id and given.answered_at > now() - interval '30 days'
        join evidence theirs on theirs.id = given.evidence_id
        join workers reviewed on reviewed.id = theirs.worker_id
    )
    select coalesce(array_agg(address), '{}') from barred
  $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
