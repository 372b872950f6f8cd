import { type Kysely, sql } from "kysely";

/**
 * The first schema. Conventions: amounts are int8 base units of USDC; wall times are timestamptz named `*_at`;
 * chain times are int8 unix seconds named `*_seconds` and are only ever compared with a block's timestamp.
 */
const statements = [
  // Who pays and with which key.
  sql`create table clients (
    id text primary key,
    address text not null unique,
    webhook_secret text not null,
    created_at timestamptz not null default now()
  )`,
  sql`create table api_keys (
    id text primary key,
    client_id text not null references clients,
    made_by text references api_keys,
    name text not null,
    secret_hash text not null unique,
    secret_prefix text not null,
    scopes text[] not null,
    cap_per_job int8,
    cap_total int8,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  sql`create index api_keys_of_client on api_keys (client_id, id desc)`,
  sql`create index api_keys_made_by on api_keys (made_by)`,

  // Who works.
  sql`create table workers (
    id text primary key,
    address text not null unique,
    name text,
    country text,
    presence text not null default 'offline' check (presence in ('online', 'away', 'offline')),
    presence_at timestamptz not null default now(),
    idle_since timestamptz not null default now(),
    misses int4 not null default 0,
    capacity int4 not null default 1 check (capacity between 1 and 50),
    load int4 not null default 0 check (load >= 0),
    offered int4 not null default 0 check (offered >= 0),
    created_at timestamptz not null default now()
  )`,
  sql`create index workers_loaded on workers (id) where load > 0`,
  sql`create index workers_present on workers (presence_at) where presence = 'online'`,
  sql`create table profiles (
    id text primary key,
    worker_id text not null references workers,
    domain text not null,
    skills text[] not null default '{}',
    languages text[] not null default '{}',
    certifications text[] not null default '{}',
    pools text[] not null default '{}',
    hourly_rate int8,
    reputation numeric(19) not null default 500000000000000000,
    tier int2 not null generated always as (
      case when cardinality(certifications) > 0 then 2 when cardinality(skills) > 0 then 1 else 0 end
    ) stored,
    tags text[] not null default '{}',
    available boolean not null default false,
    active boolean not null default true,
    deleted_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  sql`create unique index profiles_of_worker on profiles (worker_id, domain) where deleted_at is null`,
  sql`create index profiles_best_available on profiles (tier, reputation desc) where available`,
  sql`create index profiles_tags_available on profiles using gin (tags) where available`,
  sql`create index profiles_tags on profiles using gin (tags) where active`,
  sql`create function tags_of(skills text[], languages text[], certifications text[], pools text[], country text)
    returns text[] language sql immutable parallel safe
    return array(
      select 'skill:' || skill from unnest(skills) skill
      union all select 'language:' || language from unnest(languages) language
      union all select 'certification:' || certification from unnest(certifications) certification
      union all select 'pool:' || pool from unnest(pools) pool
      union all select 'country:' || country where country is not null
    )`,
  sql`create table reputations (
    address text not null,
    domain_hash text not null,
    score numeric(19) not null,
    successes int4 not null,
    failures int4 not null,
    block_number int8 not null,
    primary key (address, domain_hash)
  )`,
  sql`create table pools (
    id text primary key,
    client_id text not null references clients,
    name text not null,
    created_at timestamptz not null default now(),
    unique (client_id, name)
  )`,
  sql`create table sign_ins (
    message_hash text primary key,
    address text not null,
    expires_at timestamptz not null
  )`,
  sql`create table sessions (
    token_hash text primary key,
    worker_id text not null references workers,
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
  )`,

  // A job: what was asked, where it stands, what moved its money.
  sql`create table jobs (
    id text primary key,
    client_id text not null references clients,
    key_id text references api_keys,
    chain_job_id text not null unique,
    terms jsonb not null,
    request jsonb not null,
    packet jsonb not null,
    status text not null,
    chain_status text,
    round int4 not null default 0,
    until_seconds int8,
    chain_until_seconds int8,
    deadline_seconds int8 not null,
    reward int8 not null check (reward > 0),
    fee int8 not null check (fee >= 0),
    category text not null,
    domain text not null,
    skills text[] not null default '{}',
    languages text[] not null default '{}',
    certifications text[] not null default '{}',
    countries_allow text[] not null default '{}',
    countries_deny text[] not null default '{}',
    min_reputation numeric(19) not null default 0,
    pool_id text references pools,
    tier text not null,
    worker_id text references workers,
    awaiting_answer boolean not null default false,
    wave int4 not null default 0,
    next_wave_at timestamptz,
    unmatched_at timestamptz,
    resolution text,
    worker_notes text,
    failure jsonb,
    estimated_match_seconds int4 not null default 0,
    workers_available int4 not null default 0,
    cancel_requested_at timestamptz,
    escrow_transaction_hash text,
    release_transaction_hash text,
    refund_transaction_hash text,
    sequence int4 not null default 0,
    funded_at timestamptz,
    accepted_at timestamptz,
    submitted_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  sql`create index jobs_of_client on jobs (client_id, id desc)`,
  sql`create index jobs_funding on jobs (client_id) include (reward, fee) where status = 'funding'`,
  sql`create index jobs_spent on jobs (key_id) include (reward, fee) where status not in ('refunded', 'failed')`,
  sql`create index jobs_next_wave on jobs (next_wave_at) where next_wave_at is not null`,
  sql`create index jobs_waiting on jobs (funded_at, id) where next_wave_at is not null`,
  sql`create index jobs_waits on jobs (accepted_at desc) where accepted_at is not null`,
  sql`create index jobs_in_hand on jobs (worker_id) where status in ('accepted', 'submitted')`,
  sql`create index jobs_unended on jobs (chain_status, chain_until_seconds, deadline_seconds) where ended_at is null`,
  sql`create table idempotency_keys (
    key_id text not null references api_keys,
    idempotency_key text not null,
    request_hash text not null,
    job_id text not null references jobs,
    created_at timestamptz not null default now(),
    primary key (key_id, idempotency_key)
  )`,
  sql`create table job_events (
    id text primary key,
    job_id text not null references jobs,
    sequence int4 not null,
    type text not null,
    once text not null,
    data jsonb not null,
    created_at timestamptz not null default now(),
    unique (job_id, sequence),
    unique (job_id, once)
  )`,
  sql`create table messages (
    id text primary key,
    job_id text not null references jobs,
    author text not null check (author in ('agent', 'worker')),
    kind text not null check (kind in ('question', 'answer', 'note')),
    body text not null,
    created_at timestamptz not null default now()
  )`,
  sql`create index messages_of_job on messages (job_id, created_at, id)`,
  sql`create table ratings (
    job_id text primary key references jobs,
    score int4 not null check (score between 1 and 5),
    comment text,
    created_at timestamptz not null default now()
  )`,

  // Offers: one reservation each; at most one accepted in a round of a job.
  sql`create table offers (
    id text primary key,
    job_id text not null references jobs,
    worker_id text not null references workers,
    profile_id text not null references profiles,
    round int4 not null,
    wave int4 not null,
    status text not null default 'pending'
      check (status in ('pending', 'accepted', 'rejected', 'timeout', 'rescinded', 'canceled')),
    reason text,
    packet jsonb not null,
    expires_at timestamptz not null,
    signature text,
    valid_until_seconds int8,
    decided_at timestamptz,
    created_at timestamptz not null default now(),
    unique (job_id, round, worker_id)
  )`,
  sql`create unique index offers_one_accepted on offers (job_id, round) where status = 'accepted'`,
  sql`create index offers_pending on offers (worker_id) where status = 'pending'`,
  sql`create index offers_of_worker on offers (worker_id, id desc)`,

  // Evidence and its verdict.
  sql`create table files (
    sha256 text primary key,
    size int8 not null,
    media_type text not null,
    created_at timestamptz not null default now()
  )`,
  sql`create table file_uploads (
    id text primary key,
    sha256 text not null references files,
    name text not null,
    worker_id text references workers,
    client_id text references clients,
    created_at timestamptz not null default now(),
    check (num_nonnulls(worker_id, client_id) = 1)
  )`,
  sql`create table evidence (
    id text primary key,
    job_id text not null references jobs,
    worker_id text not null references workers,
    round int4 not null,
    bundle jsonb not null,
    evidence_hash text not null,
    fingerprints text[] not null default '{}',
    signature text not null,
    valid_until_seconds int8 not null,
    verify_again_at timestamptz not null default now() + interval '15 minutes',
    created_at timestamptz not null default now(),
    unique (job_id, round, worker_id)
  )`,
  sql`create index evidence_fingerprints on evidence using gin (fingerprints)`,
  sql`create table confirmations (
    token_hash text primary key,
    job_id text not null references jobs,
    worker_id text not null references workers,
    statement text not null,
    answer text check (answer in ('confirmed', 'denied')),
    answered_at timestamptz,
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
  )`,
  sql`create table verdicts (
    evidence_id text primary key references evidence,
    job_id text not null references jobs,
    outcome text not null check (outcome in ('pass', 'fail', 'unsure')),
    reasons jsonb not null,
    reasons_hash text not null,
    signature text,
    valid_until_seconds int8,
    created_at timestamptz not null default now(),
    check ((outcome = 'unsure') = (signature is null))
  )`,

  // Webhooks: a delivery row is written in the transaction of the event it carries.
  sql`create table webhook_endpoints (
    id text primary key,
    client_id text not null references clients,
    url text not null,
    secret text not null,
    event_types text[] not null default '{}',
    headers jsonb not null default '{}',
    job_id text references jobs,
    failures int4 not null default 0,
    open_until timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  sql`create index webhook_endpoints_of_client on webhook_endpoints (client_id, id desc)`,
  sql`create index webhook_endpoints_standing on webhook_endpoints (client_id)
    where job_id is null and deleted_at is null`,
  sql`create unique index webhook_endpoints_of_job on webhook_endpoints (job_id) where job_id is not null`,
  sql`create table webhook_deliveries (
    id text primary key,
    endpoint_id text not null references webhook_endpoints,
    event_id text not null references job_events,
    job_id text not null references jobs,
    sequence int4 not null,
    status text not null default 'pending' check (status in ('pending', 'delivered', 'dead')),
    attempts int4 not null default 0,
    next_attempt_at timestamptz not null default now(),
    give_up_at timestamptz not null default now() + interval '1 day',
    response_status int4,
    error text,
    delivered_at timestamptz,
    created_at timestamptz not null default now(),
    unique (endpoint_id, event_id)
  )`,
  sql`create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where status = 'pending'`,
  sql`create index webhook_deliveries_old on webhook_deliveries (give_up_at) where status = 'pending'`,
  sql`create index webhook_deliveries_before on webhook_deliveries (endpoint_id, job_id, sequence)
    where status = 'pending'`,

  // What the chain said: blocks of the followed branch, and their events.
  sql`create table blocks (
    hash text primary key,
    number int8 not null unique,
    parent_hash text not null,
    timestamp_seconds int8 not null,
    final boolean not null default false
  )`,
  sql`create table chain_events (
    block_hash text not null references blocks on delete cascade,
    log_index int4 not null,
    block_number int8 not null,
    transaction_hash text not null,
    address text not null,
    name text not null,
    chain_job_id text,
    args jsonb not null,
    primary key (block_hash, log_index)
  )`,
  sql`create index chain_events_of_owner on chain_events ((args ->> 'owner')) where name in ('Credited', 'Withdrawn')`,
  sql`create index chain_events_of_job on chain_events (chain_job_id, block_number, log_index)`,

  // What we tell the chain: an intent first, then signed bytes, then the broadcast, then what became of it.
  sql`create table intents (
    id text primary key,
    intent_key text not null unique,
    kind text not null,
    job_id text references jobs,
    signer text not null,
    to_address text not null,
    data text not null,
    gas_limit int8 not null,
    nonce int8,
    status text not null default 'queued'
      check (status in ('queued', 'signed', 'mined', 'final', 'failed')),
    mined_hash text,
    mined_block_hash text,
    failure text,
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    unique (signer, nonce)
  )`,
  sql`create index intents_unsettled on intents (signer, nonce, created_at) where status in ('queued', 'signed', 'mined')`,
  sql`create index intents_of_job on intents (job_id)`,
  sql`create table transactions (
    hash text primary key,
    intent_id text not null references intents,
    nonce int8 not null,
    raw text not null,
    max_fee_per_gas int8 not null,
    max_priority_fee_per_gas int8 not null,
    broadcast_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  sql`create index transactions_of_intent on transactions (intent_id, created_at)`,
  sql`create table signer_nonces (signer text primary key, next_nonce int8 not null)`,

  // Who may do what only one process may do at a time; the fence grows with each change of holder.
  sql`create table leases (
    name text primary key,
    holder text not null,
    fence int8 not null,
    expires_at timestamptz not null
  )`,

  // Requests counted by caller; lost counts after a crash hurt nobody. The limiter chose the columns; `expire` is unix ms.
  sql`create unlogged table rate_limits (
    key varchar(255) primary key,
    points integer not null default 0,
    expire bigint
  )`,

  // Which chain this database belongs to; a new local chain is told apart by its genesis.
  sql`create table chain_identity (
    one boolean primary key default true check (one),
    chain_id int8 not null,
    genesis_hash text not null,
    escrow text not null
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
