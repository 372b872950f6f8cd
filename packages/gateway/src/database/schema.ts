import type { ColumnType, Generated, GeneratedAlways } from "kysely";
import type {
  AuditAction,
  AuditDetails,
  CaseDocument,
  ContextPacket,
  Fallback,
  Json as JsonValue,
  ReviewAnswer,
  ReviewCase,
  ReviewEstimate,
  ScreeningRule,
  ScreeningStatus,
  TermsJson,
} from "@hireforhumans/protocol";
import type { CaseState } from "../arbitration/case-state.ts";

/** What a timestamptz column takes and gives; left out, the database's own clock fills it. */
type CreatedAt = ColumnType<Date, Date | undefined, never>;
/** jsonb goes in as text (`JSON.stringify`) and comes out parsed. */
type Json<T> = ColumnType<T, string, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** numeric(19) in WAD: text in and out, since it may pass int8. */
type Wad = ColumnType<string, string | undefined, string>;

/** The most that an int8 column holds. Amounts of USDC on the wire may be larger. */
export const MAX_INT8 = 2n ** 63n - 1n;

export type Presence = "online" | "away" | "offline";
export type OfferStatus = "pending" | "accepted" | "rejected" | "timeout" | "rescinded" | "canceled";
/** Carried: its batch has been signed; what became of it stands beside it until that is final. */
export type IntentStatus = "queued" | "signed" | "carried" | "mined" | "final" | "failed";
export type DeliveryStatus = "pending" | "delivered" | "dead";
export type Outcome = "pass" | "fail" | "unsure";

/** What a job keeps of the request that made it beside its own columns; enough to show it without loading its packet. */
export interface StoredRequest {
  description: string;
  requirements: string[];
  fallback: Fallback;
  metadata: Record<string, JsonValue>;
  state: JsonValue;
}

/** The tables of migrations/; see 0001_initial.ts for constraints and the conventions on amounts and times. */
export interface Schema {
  clients: {
    id: string;
    address: string;
    webhook_secret: string;
    /** Signs beside the present one until then. */
    old_webhook_secret: string | null;
    old_webhook_secret_until: Date | null;
    created_at: CreatedAt;
  };
  api_keys: {
    id: string;
    client_id: string;
    /** The key that made this one: what this one spends counts there too, and its revocation ends this one. */
    made_by: string | null;
    name: string;
    secret_hash: string;
    secret_prefix: string;
    /** Of the secret before the last rotation, which is taken until then. */
    old_secret_hash: string | null;
    old_secret_until: Date | null;
    scopes: string[];
    cap_per_job: bigint | null;
    cap_total: bigint | null;
    expires_at: Date | null;
    revoked_at: Date | null;
    last_used_at: Date | null;
    created_at: CreatedAt;
  };
  workers: {
    id: string;
    address: string;
    name: string | null;
    country: string | null;
    presence: Generated<Presence>;
    presence_at: Generated<Date>;
    idle_since: Generated<Date>;
    misses: Generated<number>;
    capacity: Generated<number>;
    /** Jobs in hand: accepted or submitted. */
    load: Generated<number>;
    /** Places held by pending offers. */
    offered: Generated<number>;
    /** Grows with each change of what matching sees of the worker; kept by workers/places.ts. */
    revision: Generated<bigint>;
    created_at: CreatedAt;
  };
  profiles: {
    id: string;
    worker_id: string;
    domain: string;
    skills: Generated<string[]>;
    languages: Generated<string[]>;
    certifications: Generated<string[]>;
    pools: Generated<string[]>;
    hourly_rate: bigint | null;
    /** The score in this domain, in WAD, as `reputations` has it; kept by workers/reputation.ts. */
    reputation: Wad;
    /** 0 general, 1 technical (names skills), 2 compliance (holds certifications). */
    tier: GeneratedAlways<number>;
    /** What matching looks in: `tags_of` it. Kept by workers/places.ts. */
    tags: Generated<string[]>;
    /** Active, and its worker online with a free place. Kept by workers/places.ts in the transaction that changes either. */
    available: Generated<boolean>;
    active: Generated<boolean>;
    deleted_at: Date | null;
    created_at: CreatedAt;
  };
  /** Workers of whom matching may see something else than before; kept some minutes. */
  worker_changes: { worker_id: string; transaction: Generated<string>; changed_at: CreatedAt };
  reputations: {
    address: string;
    domain_hash: string;
    score: string;
    successes: number;
    failures: number;
    block_number: bigint;
  };
  pools: { id: string; client_id: string; name: string; created_at: CreatedAt };
  /** Sign-in messages given out and not used yet, by the SHA-256 of their text. */
  sign_ins: { message_hash: string; address: string; expires_at: Date };
  sessions: { token_hash: string; worker_id: string; expires_at: Date; created_at: CreatedAt };
  jobs: {
    id: string;
    client_id: string;
    key_id: string | null;
    chain_job_id: string;
    terms: Json<TermsJson>;
    request: Json<StoredRequest>;
    packet: Json<ContextPacket>;
    /** What of the packet may be told before acceptance, see handoff/redact.ts. Null: made by an earlier gateway. */
    preview: JsonOrNull<Record<string, unknown>>;
    /** What callers see: the chain's status, ahead of it where a signed word is stored and on its way. */
    status: string;
    /** The escrow's status by the followed branch; null until the funding is seen. */
    chain_status: string | null;
    round: Generated<number>;
    /** The end of the public status's window, in chain time; an estimate while the chain has not said it. */
    until_seconds: bigint | null;
    /** The end of `chain_status`'s window, by the followed branch: what ends jobs that ran out of time. */
    chain_until_seconds: bigint | null;
    deadline_seconds: bigint;
    reward: bigint;
    fee: bigint;
    category: string;
    domain: string;
    skills: Generated<string[]>;
    languages: Generated<string[]>;
    certifications: Generated<string[]>;
    countries_allow: Generated<string[]>;
    countries_deny: Generated<string[]>;
    min_reputation: Wad;
    pool_id: string | null;
    tier: string;
    worker_id: string | null;
    awaiting_answer: Generated<boolean>;
    wave: Generated<number>;
    next_wave_at: Date | null;
    unmatched_at: Date | null;
    resolution: string | null;
    worker_notes: string | null;
    failure: JsonOrNull<{ code: string; message: string }>;
    /** What the client was told when it posted the job. */
    estimated_match_seconds: Generated<number>;
    workers_available: Generated<number>;
    /** The client wants its money back: nobody may be offered or accept it any more. */
    cancel_requested_at: Date | null;
    escrow_transaction_hash: string | null;
    release_transaction_hash: string | null;
    refund_transaction_hash: string | null;
    sequence: Generated<number>;
    funded_at: Date | null;
    accepted_at: Date | null;
    submitted_at: Date | null;
    ended_at: Date | null;
    created_at: CreatedAt;
  };
  idempotency_keys: {
    key_id: string;
    idempotency_key: string;
    request_hash: string;
    job_id: string;
    created_at: CreatedAt;
  };
  job_events: {
    id: string;
    job_id: string;
    sequence: number;
    type: string;
    /** Names the happening within its job, so that telling it twice (a reorg, a restart) leaves one event. */
    once: string;
    data: Json<Record<string, unknown>>;
    created_at: CreatedAt;
  };
  messages: {
    id: string;
    job_id: string;
    author: "agent" | "worker";
    kind: "question" | "answer" | "note";
    body: string;
    created_at: CreatedAt;
  };
  ratings: { job_id: string; score: number; comment: string | null; created_at: CreatedAt };
  offers: {
    id: string;
    job_id: string;
    worker_id: string;
    profile_id: string;
    round: number;
    wave: number;
    status: Generated<OfferStatus>;
    reason: string | null;
    /** What may be told before acceptance, where the job has no preview; else {}. */
    packet: ColumnType<Record<string, unknown>, string | undefined, string>;
    expires_at: Date;
    signature: string | null;
    valid_until_seconds: bigint | null;
    decided_at: Date | null;
    created_at: CreatedAt;
  };
  files: { sha256: string; size: bigint; media_type: string; created_at: CreatedAt };
  file_uploads: {
    id: string;
    sha256: string;
    name: string;
    worker_id: string | null;
    client_id: string | null;
    created_at: CreatedAt;
  };
  evidence: {
    id: string;
    /** Counts up in the order in which evidence was handed in. */
    number: Generated<bigint>;
    job_id: string;
    worker_id: string;
    round: number;
    bundle: Json<Record<string, unknown>>;
    evidence_hash: string;
    /** What tells its pieces again in other evidence, see the oracle's fingerprintsOf. */
    fingerprints: Generated<string[]>;
    signature: string;
    valid_until_seconds: bigint;
    /** How many peers are to review it at least; null until its first verification has settled that. */
    reviewers: number | null;
    /** When its pieces were put into evidence_sketches. */
    sketched_at: Date | null;
    /** When the oracle is asked again unless it has signed by then; at first after the queue has given up. */
    verify_again_at: Generated<Date>;
    created_at: CreatedAt;
  };
  /** What pieces of evidence look like, see the oracle's Sketch. The database keeps evidence_bands of them. */
  evidence_sketches: {
    evidence_id: string;
    item: number;
    kind: "text" | "image";
    sketch: Buffer;
    keys: number[];
  };
  /** By key of a sketch, the evidence that has it, by its number. */
  evidence_bands: { key: number; item: number; number: bigint };
  /** Pages that workers had kept before they handed in evidence. */
  link_copies: {
    job_id: string;
    worker_id: string;
    url: string;
    sha256: string;
    media_type: string;
    created_at: CreatedAt;
  };
  /** How many of the pages that a worker may have kept are kept, or being fetched. */
  link_places: { job_id: string; worker_id: string; taken: number };
  evidence_links: {
    evidence_id: string;
    /** The link's place in the bundle. */
    item: number;
    url: string;
    /** Of what stood there; null while there is no copy. */
    sha256: string | null;
    media_type: string | null;
    /** Why there is none, for both sides to read; null before the first look. */
    problem: string | null;
    tries: Generated<number>;
    looked_at: Date | null;
  };
  confirmations: {
    token_hash: string;
    job_id: string;
    worker_id: string;
    statement: string;
    answer: "confirmed" | "denied" | null;
    answered_at: Date | null;
    expires_at: Date;
    created_at: CreatedAt;
  };
  verdicts: {
    evidence_id: string;
    job_id: string;
    outcome: Outcome;
    reasons: Json<Record<string, unknown>>;
    reasons_hash: string;
    signature: string | null;
    valid_until_seconds: bigint | null;
    created_at: CreatedAt;
  };
  /** Cases whose answer is known, by which reviewers are measured. */
  golden_tasks: {
    id: string;
    domain: string;
    packet: Json<ReviewCase>;
    answer: ReviewAnswer;
    /** ISO 639-1; null: nobody said. */
    language: string | null;
    retired_at: Date | null;
    retired_because: string | null;
    created_at: CreatedAt;
  };
  /** What the review jobs are reviews of: evidence or a golden task. */
  reviews: {
    id: string;
    job_id: string;
    evidence_id: string | null;
    golden_id: string | null;
    worker_id: string | null;
    answer: ReviewAnswer | null;
    reason: string | null;
    answered_at: Date | null;
    created_at: CreatedAt;
  };
  review_estimates: {
    domain: string;
    claimed_at: Date;
    estimated_at: Date | null;
    estimate: JsonOrNull<ReviewEstimate>;
  };
  /** From where accounts came, as keyed hashes of their networks. */
  networks_seen: { address: string; network: string; seen_at: Generated<Date> };
  /** Jobs that were refused for what they ask for. */
  screenings: {
    id: string;
    client_id: string;
    text_hash: string;
    rule: ScreeningRule;
    param: string;
    sentence: string;
    status: Generated<ScreeningStatus>;
    appeal: string | null;
    note: string | null;
    created_at: CreatedAt;
  };
  webhook_endpoints: {
    id: string;
    client_id: string;
    url: string;
    /** Not that of an endpoint with a `job_id`, which signs with its client's. */
    secret: string;
    /** Signs beside the present one until then. */
    old_secret: string | null;
    old_secret_until: Date | null;
    /** Empty: all. */
    event_types: Generated<string[]>;
    headers: Json<Record<string, string>>;
    /** Set where the endpoint came with one job and hears of that job only. */
    job_id: string | null;
    failures: Generated<number>;
    open_until: Date | null;
    deleted_at: Date | null;
    created_at: CreatedAt;
  };
  webhook_deliveries: {
    id: string;
    endpoint_id: string;
    event_id: string;
    job_id: string;
    sequence: number;
    status: Generated<DeliveryStatus>;
    attempts: Generated<number>;
    /** Ahead of now also while an attempt runs; one that never came back is tried again then. */
    next_attempt_at: Generated<Date>;
    give_up_at: Generated<Date>;
    response_status: number | null;
    error: string | null;
    delivered_at: Date | null;
    created_at: CreatedAt;
  };
  blocks: {
    hash: string;
    number: bigint;
    parent_hash: string;
    timestamp_seconds: bigint;
    final: Generated<boolean>;
  };
  chain_events: {
    block_hash: string;
    log_index: number;
    block_number: bigint;
    transaction_hash: string;
    address: string;
    name: string;
    chain_job_id: string | null;
    args: Json<Record<string, string>>;
  };
  intents: {
    id: string;
    intent_key: string;
    kind: string;
    job_id: string | null;
    signer: string;
    to_address: string;
    data: string;
    gas_limit: bigint;
    nonce: bigint | null;
    status: Generated<IntentStatus>;
    mined_hash: string | null;
    mined_block_hash: string | null;
    /** Null where an older gateway recorded it. */
    mined_block_number: bigint | null;
    failure: string | null;
    /** The contract's error; null where an older gateway recorded it. */
    failure_name: string | null;
    /** The batch that it travels in, and its place there. */
    carrier_id: string | null;
    carrier_index: number | null;
    /** Of the first transaction that was signed for it. */
    first_hash: string | null;
    /** It was in a batch that was reverted as a whole, and travels by itself now. */
    alone: Generated<boolean>;
    created_at: CreatedAt;
    settled_at: Date | null;
  };
  transactions: {
    hash: string;
    intent_id: string;
    nonce: bigint;
    raw: string;
    max_fee_per_gas: bigint;
    max_priority_fee_per_gas: bigint;
    broadcast_at: Date | null;
    created_at: CreatedAt;
  };
  cases: {
    job_id: string;
    phase: CaseState["phase"];
    /** The last chain second of the phase; null while it reveals, which lasts by the pool's rules. */
    until_seconds: bigint | null;
    /** When the last of the panel committed. */
    revealing_since_seconds: bigint | null;
    draw_id: bigint | null;
    state: Json<CaseState>;
    opened_at: CreatedAt;
    ended_at: Date | null;
  };
  /** Who was drawn, for all panels of a case. */
  case_seats: { job_id: string; panel: number; seat: number; juror: string };
  case_documents: {
    job_id: string;
    kind: "statement" | "evidence";
    hash: string;
    by_address: string;
    body: Json<string | CaseDocument>;
    /** SHA-256 of the files that it names. */
    files: Generated<string[]>;
    created_at: CreatedAt;
  };
  /** Sealed votes as jurors handed them in, on chain or not yet. */
  commitments: {
    job_id: string;
    panel: number;
    juror: string;
    seat: number;
    commitment: string;
    valid_until_seconds: bigint;
    signature: string;
    /** The intent that carries it, or failed to. */
    carried_by: string | null;
    created_at: CreatedAt;
  };
  /** Votes that may be revealed, on chain or not yet. */
  openings: {
    job_id: string;
    panel: number;
    juror: string;
    seat: number;
    vote: number;
    salt: string;
    /** The intent that carries it, or failed to. */
    carried_by: string | null;
    created_at: CreatedAt;
  };
  /** Privileged acts, each with the hash of the one before. The database refuses to change or delete them. */
  audit_log: {
    sequence: bigint;
    at: Date;
    actor: string;
    action: AuditAction;
    subject: string;
    client_id: string | null;
    request_id: string | null;
    details: Json<AuditDetails>;
    previous_hash: string;
    hash: string;
  };
  signer_nonces: { signer: string; next_nonce: bigint };
  leases: { name: string; holder: string; fence: bigint; expires_at: Date };
  /** One row once the database was ever made anew; `finished_at` is null while that goes on or was broken off. */
  rebuilds: { one: Generated<boolean>; begun_at: Generated<Date>; finished_at: Date | null };
  chain_identity: { one: Generated<boolean>; chain_id: bigint; genesis_hash: string; escrow: string };
}
