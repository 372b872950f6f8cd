import type { Candidate, KnownCandidate } from "./candidates.ts";
import { type RankedBy, START_SCORE } from "./rank.ts";

/**
 * A worker's reputation in a domain, in WAD: as a number, what lies a hair below a job's minimum is the same as that, and
 * the chain would refuse the worker. Where there is none, it is that of a newcomer.
 */
export interface Score {
  domainHash: string;
  score: bigint;
}

/** A worker, as matching sees it. */
export interface CandidateWorker {
  workerId: string;
  revision: number;
  country: string | null;
  idleSinceMs: number;
  scores: readonly Score[];
}

/** A profile of a worker who is on line with a free place. */
export interface CandidateProfile {
  profileId: string;
  domain: string;
  /** 0 general, 1 technical, 2 compliance. */
  tier: number;
  /** In the profile's own domain, from 0 to 1. */
  reputation: number;
  /** How many. */
  skills: number;
  firstLanguage: string | null;
  /** As `tags_of` makes them. */
  tags: readonly string[];
}

/** Rows that stand for nobody: before all of a tier, and behind all. */
const BEFORE = 0;
const BEHIND = 1;
const FIRST = 2;

/**
 * The facts of the index of candidates, a profile a row. In columns, since some hundred thousand objects would take
 * several times the memory and time.
 */
export class CandidateTable {
  readonly #candidates: (Candidate | undefined)[] = [];
  readonly #tags: (readonly number[])[] = [];
  readonly #scores: (readonly Score[])[] = [];
  readonly #domains: string[] = [];
  readonly #languages: (string | null)[] = [];
  readonly #countries: (string | null)[] = [];
  readonly #free: number[] = [];
  readonly #words = new Map<string, { word: string; uses: number }>();
  #tiers = new Uint8Array(0);
  #reputations = new Float64Array(0);
  #skills = new Uint16Array(0);
  #idleSinceMs = new Float64Array(0);
  #revisions = new Float64Array(0);
  #end = FIRST;

  constructor() {
    this.clear();
  }

  get size(): number {
    return this.#end - FIRST - this.#free.length;
  }

  clear(): void {
    for (const column of [
      this.#candidates,
      this.#tags,
      this.#scores,
      this.#domains,
      this.#languages,
      this.#countries,
    ]) {
      column.length = FIRST;
    }
    this.#free.length = 0;
    this.#words.clear();
    this.#end = FIRST;
    this.#grow(1_024);
    this.#tiers[BEHIND] = 255;
    this.#reputations[BEFORE] = Infinity;
  }

  /** @returns its row */
  add(worker: CandidateWorker, profile: CandidateProfile, tags: readonly number[]): number {
    const row = this.#free.pop() ?? this.#end++;
    if (row >= this.#tiers.length) this.#grow(2 * row);
    this.#candidates[row] = { workerId: worker.workerId, profileId: profile.profileId };
    this.#tags[row] = tags;
    this.#scores[row] = worker.scores.map(({ domainHash, score }) => ({ domainHash: this.#one(domainHash), score }));
    this.#domains[row] = this.#one(profile.domain);
    this.#languages[row] = profile.firstLanguage === null ? null : this.#one(profile.firstLanguage);
    this.#countries[row] = worker.country === null ? null : this.#one(worker.country);
    this.#tiers[row] = profile.tier;
    this.#reputations[row] = profile.reputation;
    this.#skills[row] = profile.skills;
    this.#idleSinceMs[row] = worker.idleSinceMs;
    this.#revisions[row] = worker.revision;
    return row;
  }

  /** The row must be in no order any more: it may stand for another profile next. */
  remove(row: number): void {
    this.#forget(this.#domains[row]);
    this.#forget(this.#languages[row]);
    this.#forget(this.#countries[row]);
    for (const { domainHash } of this.#scores[row] ?? []) this.#forget(domainHash);
    this.#candidates[row] = undefined;
    this.#tags[row] = [];
    this.#scores[row] = [];
    this.#free.push(row);
  }

  /** As the shortlist is taken: the best reputation of each tier, and among equals who has been idle the longest. */
  compare(a: number, b: number): number {
    return (
      at(this.#tiers, a) - at(this.#tiers, b) ||
      // Infinite for the rows that stand for nobody, so not by their difference.
      Number(at(this.#reputations, b) > at(this.#reputations, a)) -
        Number(at(this.#reputations, b) < at(this.#reputations, a)) ||
      at(this.#idleSinceMs, a) - at(this.#idleSinceMs, b) ||
      a - b
    );
  }

  /** Who has been idle longer comes first. */
  compareIdle(a: number, b: number): number {
    return at(this.#idleSinceMs, a) - at(this.#idleSinceMs, b) || (this.workerIdOf(a) < this.workerIdOf(b) ? -1 : 1);
  }

  /** Rows between which all of this tier and the next stand. */
  boundsOf(tier: number): [from: number, to: number] {
    this.#tiers[BEFORE] = tier;
    return [BEFORE, BEHIND];
  }

  rankedBy(row: number, domainHash: string): RankedBy {
    return {
      domain: this.#domains[row] ?? "",
      skills: at(this.#skills, row),
      firstLanguage: this.#languages[row] ?? null,
      score: Number(this.scoreOf(row, domainHash)) / 1e18,
      idleSinceMs: at(this.#idleSinceMs, row),
    };
  }

  candidate(row: number): KnownCandidate {
    return {
      workerId: this.workerIdOf(row),
      profileId: this.#candidates[row]?.profileId ?? "",
      revision: at(this.#revisions, row),
    };
  }

  tierOf(row: number): number {
    return at(this.#tiers, row);
  }

  workerIdOf(row: number): string {
    return this.#candidates[row]?.workerId ?? "";
  }

  tagsOf(row: number): readonly number[] {
    return this.#tags[row] ?? [];
  }

  countryOf(row: number): string | null {
    return this.#countries[row] ?? null;
  }

  scoreOf(row: number, domainHash: string): bigint {
    for (const each of this.#scores[row] ?? []) if (each.domainHash === domainHash) return each.score;
    return START_SCORE;
  }

  /** The same word is kept once, however many rows have it. */
  #one(word: string): string {
    const known = this.#words.get(word);
    if (known === undefined) this.#words.set(word, { word, uses: 1 });
    else known.uses += 1;
    return known?.word ?? word;
  }

  #forget(word: string | null | undefined): void {
    const known = typeof word === "string" ? this.#words.get(word) : undefined;
    if (known === undefined) return;
    known.uses -= 1;
    if (known.uses === 0) this.#words.delete(known.word);
  }

  #grow(rows: number): void {
    this.#tiers = copied(this.#tiers, new Uint8Array(rows));
    this.#reputations = copied(this.#reputations, new Float64Array(rows));
    this.#skills = copied(this.#skills, new Uint16Array(rows));
    this.#idleSinceMs = copied(this.#idleSinceMs, new Float64Array(rows));
    this.#revisions = copied(this.#revisions, new Float64Array(rows));
  }
}

type Column = Uint8Array | Uint16Array | Float64Array;

/** Inside a column every row has a value. */
const at = (column: Column, row: number): number => column[row] ?? 0;

function copied<C extends Column>(from: C, to: C): C {
  to.set(from.subarray(0, to.length));
  return to;
}
