import { DatabaseSync } from "node:sqlite";
import type { CheckResult, Outcome, VerdictReasons } from "@hireforhumans/protocol";
import { canonicalJson, reasonsHashOf } from "@hireforhumans/protocol";
import type { VerificationRequest } from "../check.ts";
import { likenessOf, type Sketch } from "../likeness/sketch.ts";
import { outcomeOf } from "../pipeline.ts";

/** What a node verifies: one worker's evidence for one job. */
export interface FindingKey {
  chainJobId: string;
  worker: string;
  evidenceHash: string;
}

export interface StoredFinding extends FindingKey {
  /** The gateway's name for the job. */
  jobId: string;
  outcome: Outcome;
  checks: CheckResult[];
  /** From then on the finding stands: no other outcome is ever signed for it. */
  signed: boolean;
  at: Date;
}

export interface Refusal {
  jobId: string | null;
  code: string;
  detail: string;
  at: Date;
}

/** A node's own memory. What it answers was written to disk before. */
export interface NodeStore {
  finding(key: FindingKey): StoredFinding | undefined;
  /** Keeps what was found, unless a finding was signed before. @returns the one that stands now */
  keepFinding(key: FindingKey, jobId: string, checks: CheckResult[]): StoredFinding;
  /**
   * Makes the finding stand, and keeps the signature of these reasons.
   * @returns false, and keeps nothing, where these are not the checks of the finding any more
   */
  keepSignature(
    key: FindingKey,
    checks: CheckResult[],
    signed: { reasons: VerdictReasons; validUntilSeconds: bigint; signature: string },
  ): boolean;
  /** Notes the pieces of a job's evidence. @returns those that were seen in another job's evidence before */
  rememberPieces(chainJobId: string, fingerprints: readonly string[]): string[];
  /** Keeps what evidence looks like. @returns its pieces that are near-duplicates of what was seen of another job before */
  rememberSketches(key: FindingKey, sketches: readonly Sketch[]): VerificationRequest["likeBefore"];
  /**
   * Keeps by which review jobs evidence was answered on.
   * @returns those that it was shown before and that are missing now
   */
  rememberReviews(key: FindingKey, reviewJobs: readonly string[]): string[];
  keepRefusal(refusal: Omit<Refusal, "at">): void;
  /** The newest first. */
  recentFindings(limit: number): StoredFinding[];
  recentRefusals(limit: number): Refusal[];
  close(): void;
}

/** One step for each version: a database of an older one gets those that it lacks. */
const schemaVersion = 3;

/** The first to see a piece has the lower id: a copy handed in later must not spoil the original. */
const tables = `
  create table findings (
    chain_job_id text not null,
    worker text not null,
    evidence_hash text not null,
    job_id text not null,
    outcome text not null check (outcome in ('pass', 'fail', 'unsure')),
    checks text not null,
    signed integer not null default 0,
    found_at integer not null,
    primary key (chain_job_id, worker, evidence_hash)
  ) strict;
  create index findings_by_time on findings (found_at);
  create table signatures (
    chain_job_id text not null,
    worker text not null,
    evidence_hash text not null,
    reasons_hash text not null,
    valid_until_seconds integer not null,
    reasons text not null,
    signature text not null,
    primary key (chain_job_id, worker, evidence_hash, reasons_hash, valid_until_seconds),
    foreign key (chain_job_id, worker, evidence_hash) references findings
  ) strict;
  create table pieces (
    id integer primary key,
    fingerprint text not null,
    chain_job_id text not null,
    unique (fingerprint, chain_job_id)
  ) strict;
  create table refusals (
    id integer primary key,
    job_id text,
    code text not null,
    detail text not null,
    refused_at integer not null
  ) strict;
`;

const likeness = `
  create table sketches (
    id integer primary key,
    chain_job_id text not null,
    worker text not null,
    evidence_hash text not null,
    item integer not null,
    kind text not null,
    sketch blob not null,
    unique (chain_job_id, worker, evidence_hash, item)
  ) strict;
  create table sketch_keys (
    key integer not null,
    sketch_id integer not null references sketches,
    primary key (key, sketch_id)
  ) strict, without rowid;
`;

const answers = `
  create table review_answers (
    chain_job_id text not null,
    worker text not null,
    evidence_hash text not null,
    review_job_id text not null,
    primary key (chain_job_id, worker, evidence_hash, review_job_id)
  ) strict, without rowid;
`;

const steps = [tables, likeness, answers];

/** Of each key so many of the newest are compared: what more than this share is a template. */
const comparedPerKey = 100;

/** Refusals are for the page; whoever sends nonsense must not fill the disk. */
const mostRefusals = 1000;

/**
 * Opens a node's database, and makes it where there is none.
 * @param path of the file; ":memory:" keeps nothing
 * @throws where it can't be opened, or a newer program made it
 */
export function openNodeStore(path: string): NodeStore {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec("pragma journal_mode = wal; pragma synchronous = full");
  migrate(db, path);
  const sql = statementsOf(db);

  function transaction<Result>(work: () => Result): Result {
    db.exec("begin immediate");
    try {
      const result = work();
      db.exec("commit");
      return result;
    } catch (error) {
      db.exec("rollback");
      throw error;
    }
  }

  const find = (key: FindingKey) => {
    const row = sql.finding.get(...valuesOf(key));
    return row === undefined ? undefined : findingOf(row);
  };
  return {
    finding: find,
    keepFinding: (key, jobId, checks) =>
      transaction(() => {
        sql.keepFinding.run(...valuesOf(key), jobId, outcomeOf(checks), canonicalJson(checks), Date.now());
        const kept = find(key);
        if (kept === undefined) throw new Error("the finding that was just written is not there");
        return kept;
      }),
    keepSignature: (key, checks, { reasons, validUntilSeconds, signature }) =>
      transaction(() => {
        if (sql.sign.run(...valuesOf(key), canonicalJson(checks)).changes === 0) return false;
        const values = [reasonsHashOf(reasons), validUntilSeconds, canonicalJson(reasons), signature];
        sql.keepSignature.run(...valuesOf(key), ...values);
        return true;
      }),
    rememberPieces: (chainJobId, fingerprints) =>
      transaction(() =>
        fingerprints.filter((fingerprint) => {
          sql.keepPiece.run(fingerprint, chainJobId);
          return sql.seenBefore.get(fingerprint, chainJobId) !== undefined;
        }),
      ),
    rememberSketches: (key, sketches) =>
      transaction(() =>
        sketches.flatMap(({ item, kind, sketch, keys }) => {
          const kept = sql.keepSketch.get(...valuesOf(key), item, kind, sketch);
          for (const each of keys) if (kept !== undefined) sql.keepKey.run(each, kept["id"] ?? null);
          const similarities = keys
            .flatMap((each) => sql.like.all(each, ...valuesOf(key), item, kind))
            .map((row) => likenessOf(kind, sketch, row["sketch"] as Uint8Array) ?? 0);
          const similarity = Math.max(0, ...similarities);
          return similarity > 0 ? [{ item, similarity }] : [];
        }),
      ),
    rememberReviews: (key, reviewJobs) =>
      transaction(() => {
        for (const each of reviewJobs) sql.keepReview.run(...valuesOf(key), each);
        const shown = sql.reviewsShown.all(...valuesOf(key)).map((row) => String(row["review_job_id"]));
        return shown.filter((each) => !reviewJobs.includes(each));
      }),
    keepRefusal: ({ jobId, code, detail }) =>
      transaction(() => {
        const { lastInsertRowid } = sql.keepRefusal.run(jobId, code, detail, Date.now());
        sql.dropRefusals.run(Number(lastInsertRowid) - mostRefusals);
      }),
    recentFindings: (limit) => sql.recentFindings.all(limit).map(findingOf),
    recentRefusals: (limit) => sql.recentRefusals.all(limit).map(refusalOf),
    close: () => db.close(),
  };
}

function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare("pragma user_version").get()?.["user_version"]);
  if (version > schemaVersion) throw new Error(`${path} has version ${version}; this program knows ${schemaVersion}.`);
  if (version === schemaVersion) return;
  db.exec(`begin immediate; ${steps.slice(version).join("")} pragma user_version = ${schemaVersion}; commit`);
}

const keyed = "chain_job_id = ? and worker = ? and evidence_hash = ?";

const statementsOf = (db: DatabaseSync) => ({
  finding: db.prepare(`select * from findings where ${keyed}`),
  keepFinding: db.prepare(
    `insert into findings (chain_job_id, worker, evidence_hash, job_id, outcome, checks, found_at)
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict do update set outcome = excluded.outcome, checks = excluded.checks, found_at = excluded.found_at
     where signed = 0`,
  ),
  sign: db.prepare(`update findings set signed = 1 where ${keyed} and checks = ?`),
  keepSignature: db.prepare(`insert into signatures values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`),
  keepPiece: db.prepare(`insert into pieces (fingerprint, chain_job_id) values (?, ?) on conflict do nothing`),
  seenBefore: db.prepare(
    `select 1 from pieces mine join pieces other on other.fingerprint = mine.fingerprint and other.id < mine.id
     where mine.fingerprint = ? and mine.chain_job_id = ?`,
  ),
  keepSketch: db.prepare(
    `insert into sketches (chain_job_id, worker, evidence_hash, item, kind, sketch) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing returning id`,
  ),
  keepKey: db.prepare(`insert into sketch_keys values (?, ?) on conflict do nothing`),
  like: db.prepare(
    `select earlier.sketch from sketch_keys k
     join sketches own on k.key = ? and own.chain_job_id = ? and own.worker = ? and own.evidence_hash = ? and own.item = ?
     join sketches earlier on earlier.id = k.sketch_id and earlier.chain_job_id <> own.chain_job_id and earlier.kind = ?
     where k.sketch_id < own.id
     order by k.sketch_id desc limit ${comparedPerKey}`,
  ),
  keepReview: db.prepare(`insert into review_answers values (?, ?, ?, ?) on conflict do nothing`),
  reviewsShown: db.prepare(`select review_job_id from review_answers where ${keyed} order by review_job_id`),
  keepRefusal: db.prepare(`insert into refusals (job_id, code, detail, refused_at) values (?, ?, ?, ?)`),
  dropRefusals: db.prepare(`delete from refusals where id <= ?`),
  recentFindings: db.prepare(`select * from findings order by found_at desc limit ?`),
  recentRefusals: db.prepare(`select * from refusals order by id desc limit ?`),
});

type Row = NonNullable<ReturnType<ReturnType<DatabaseSync["prepare"]>["get"]>>;

const valuesOf = ({ chainJobId, worker, evidenceHash }: FindingKey) => [chainJobId, worker, evidenceHash] as const;

function findingOf(row: Row): StoredFinding {
  return {
    chainJobId: String(row["chain_job_id"]),
    worker: String(row["worker"]),
    evidenceHash: String(row["evidence_hash"]),
    jobId: String(row["job_id"]),
    outcome: row["outcome"] as Outcome,
    checks: JSON.parse(String(row["checks"])) as CheckResult[],
    signed: row["signed"] === 1,
    at: new Date(Number(row["found_at"])),
  };
}

function refusalOf(row: Row): Refusal {
  return {
    jobId: row["job_id"] as string | null,
    code: String(row["code"]),
    detail: String(row["detail"]),
    at: new Date(Number(row["refused_at"])),
  };
}
