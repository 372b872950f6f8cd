import { createRequire } from "node:module";
import { domainOf } from "@hireforhumans/protocol";
import type { Requirements } from "../jobs/requirements.ts";
import { CandidateTable, type CandidateProfile, type CandidateWorker } from "./candidate-table.ts";
import { START_SCORE, rankOf } from "./rank.ts";
import { SHORTLIST, tagsAsked, tierNumber } from "./requirements.ts";

// Written as CommonJS, with its class under `default`: an import gives one or the other, by who loads it.
const { default: BTree } = createRequire(import.meta.url)("sorted-btree") as typeof import("sorted-btree");

/** The profile by which a worker is to get an offer. */
export interface Candidate {
  workerId: string;
  profileId: string;
}

/** A candidate as the index knows it: what it says holds for this revision of the worker. */
export interface KnownCandidate extends Candidate {
  revision: number;
}

/** The profiles, by their rows, that have a tag; in the order in which the shortlist is taken. */
interface Posting {
  tag: string;
  rows: InstanceType<typeof BTree<number, undefined>>;
  /** The same rows as bits, where they are many. */
  bits: Uint32Array | undefined;
}

interface Ranked {
  row: number;
  rank: number;
}

/** From so many rows on a posting is kept as bits too: looking a row up there costs less than among the row's tags. */
const MANY = 2_048;

/** Stands for no tag: every profile is there. */
const ANY = "";

const NOBODY: ReadonlySet<string> = new Set();

/** Stands for whoever has a reputation there, for jobs that newcomers can't get. */
const scoredIn = (domainHash: string): string => `scored:${domainHash}`;

/** For so long a worker who is being reserved is not found again; by then the feed has told what became of it. */
const HELD_MS = 1_000;

/**
 * Who could be offered what, as this process has heard of it: for each tag the profiles that have it, best first. It finds
 * candidates in a fraction of a millisecond among a million workers. What it says may be late, so nobody is offered
 * anything by its word: whoever it names is looked at in the database under a lock, and whoever it does not know is found
 * there.
 */
export class CandidateIndex {
  /** Whether it has heard of everybody; until then it is no use to ask it. */
  complete = false;
  readonly #table = new CandidateTable();
  readonly #postings = new Map<string, number>();
  readonly #postingsById: (Posting | undefined)[] = [];
  readonly #freePostings: number[] = [];
  readonly #rowsOfWorker = new Map<string, readonly number[]>();
  readonly #heldUntilMs = new Map<string, number>();
  readonly #inOrder = (a: number, b: number): number => this.#table.compare(a, b);

  /** Profiles in it. */
  get size(): number {
    return this.#table.size;
  }

  /** Tags that anybody in it has. */
  get tags(): number {
    return this.#postings.size;
  }

  /** Takes in what a worker is now; without profiles it is not available. */
  put(worker: CandidateWorker, profiles: readonly CandidateProfile[]): void {
    this.#heldUntilMs.delete(worker.workerId);
    for (const row of this.#rowsOfWorker.get(worker.workerId) ?? []) this.#remove(row);
    if (profiles.length === 0) {
      this.#rowsOfWorker.delete(worker.workerId);
      return;
    }
    const scored = worker.scores.map(({ domainHash }) => scoredIn(domainHash));
    const rows = profiles.map((profile) => {
      const tags = [ANY, ...profile.tags, ...scored].map((tag) => this.#postingIdOf(tag));
      const row = this.#table.add(worker, profile, tags);
      for (const tag of tags) this.#insert(tag, row);
      return row;
    });
    this.#rowsOfWorker.set(worker.workerId, rows);
  }

  clear(): void {
    this.complete = false;
    this.#table.clear();
    this.#postings.clear();
    this.#postingsById.length = 0;
    this.#freePostings.length = 0;
    this.#rowsOfWorker.clear();
    this.#heldUntilMs.clear();
  }

  /** Keeps workers from being found while they are being reserved; the feed's next word on one ends it. */
  hold(workerIds: readonly string[]): void {
    const until = performance.now() + HELD_MS;
    for (const id of workerIds) this.#heldUntilMs.set(id, until);
  }

  /** Lets workers be found again who were not reserved after all. */
  release(workerIds: readonly string[]): void {
    for (const id of workerIds) this.#heldUntilMs.delete(id);
  }

  /**
   * Who may get a job that asks this, the best first, by the hard filters and the rank of docs/matching.md; among them
   * parties to the job, which only the database knows.
   * @param asked Who was asked before, or must not be: they take nobody's place among those who are ranked.
   * @param evenHeld Also those who are being reserved.
   */
  find(
    requirements: Requirements,
    nowMs: number,
    { asked = NOBODY, evenHeld = false }: { asked?: ReadonlySet<string>; evenHeld?: boolean } = {},
  ): KnownCandidate[] {
    const domainHash = domainOf(requirements.domain);
    const table = this.#table;
    const better = (a: Ranked, b: Ranked): number =>
      table.tierOf(a.row) - table.tierOf(b.row) || b.rank - a.rank || table.compareIdle(a.row, b.row);
    const best = new Map<string, Ranked>();
    const passedOver = (workerId: string): boolean => asked.has(workerId) || (!evenHeld && this.#isHeld(workerId));
    for (const row of this.#shortlist(requirements, domainHash, passedOver)) {
      const ranked = { row, rank: rankOf(table.rankedBy(row, domainHash), requirements, nowMs) };
      const other = best.get(table.workerIdOf(row));
      if (other === undefined || better(ranked, other) < 0) best.set(table.workerIdOf(row), ranked);
    }
    return [...best.values()].sort(better).map(({ row }) => table.candidate(row));
  }

  #isHeld(workerId: string): boolean {
    return this.#heldUntilMs.size > 0 && (this.#heldUntilMs.get(workerId) ?? 0) > performance.now();
  }

  #shortlist(requirements: Requirements, domainHash: string, passedOver: (workerId: string) => boolean): number[] {
    const asked: number[] = [];
    const beyondNewcomers = requirements.minReputation > START_SCORE;
    for (const tag of [ANY, ...tagsAsked(requirements), ...(beyondNewcomers ? [scoredIn(domainHash)] : [])]) {
      const posting = this.#postings.get(tag);
      if (posting === undefined) return [];
      asked.push(posting);
    }
    const sizeOf = (posting: number): number => this.#postingsById[posting]?.rows.size ?? 0;
    const rarest = asked.reduce((least, each) => (sizeOf(each) < sizeOf(least) ? each : least));
    const others = asked.filter((each) => each !== rarest && each !== asked[0]).map((each) => this.#has(each));
    const fits = this.#filterOf(requirements, domainHash);
    const found: number[] = [];
    const [from, to] = this.#table.boundsOf(tierNumber(requirements.tier));
    this.#postingsById[rarest]?.rows.forRange(from, to, false, (row) => {
      if (!others.every((has) => has(row)) || !fits(row) || passedOver(this.#table.workerIdOf(row))) return undefined;
      found.push(row);
      return found.length === SHORTLIST ? { break: true } : undefined;
    });
    return found;
  }

  #has(posting: number): (row: number) => boolean {
    const bits = this.#postingsById[posting]?.bits;
    if (bits === undefined) return (row) => this.#table.tagsOf(row).includes(posting);
    return (row) => ((bits[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0;
  }

  #filterOf(requirements: Requirements, domainHash: string): (row: number) => boolean {
    const { countriesAllow, countriesDeny, minReputation } = requirements;
    const table = this.#table;
    const inCountry = (row: number): boolean => {
      const country = table.countryOf(row);
      if (country === null) return false;
      return (countriesAllow.length === 0 || countriesAllow.includes(country)) && !countriesDeny.includes(country);
    };
    const anywhere = countriesAllow.length === 0 && countriesDeny.length === 0;
    return (row) =>
      (anywhere || inCountry(row)) && (minReputation === 0n || table.scoreOf(row, domainHash) >= minReputation);
  }

  #insert(tag: number, row: number): void {
    const posting = this.#postingsById[tag];
    if (posting === undefined) return;
    posting.rows.set(row, undefined);
    if (posting.bits === undefined && posting.rows.size < MANY) return;
    posting.bits = bitsFor(posting, row);
    posting.bits[row >>> 5] = (posting.bits[row >>> 5] ?? 0) | (1 << (row & 31));
  }

  #remove(row: number): void {
    for (const tag of this.#table.tagsOf(row)) {
      const posting = this.#postingsById[tag];
      if (posting === undefined) continue;
      posting.rows.delete(row);
      if (posting.bits !== undefined) posting.bits[row >>> 5] = (posting.bits[row >>> 5] ?? 0) & ~(1 << (row & 31));
      // Skills are anybody's words: what nobody has any more would only gather.
      if (posting.rows.size === 0) this.#drop(tag, posting);
    }
    this.#table.remove(row);
  }

  #postingIdOf(tag: string): number {
    const known = this.#postings.get(tag);
    if (known !== undefined) return known;
    const id = this.#freePostings.pop() ?? this.#postingsById.length;
    this.#postings.set(tag, id);
    const rows = new BTree<number, undefined>(undefined, this.#inOrder, 128);
    this.#postingsById[id] = { tag, rows, bits: undefined };
    return id;
  }

  #drop(id: number, { tag }: Posting): void {
    this.#postings.delete(tag);
    this.#postingsById[id] = undefined;
    this.#freePostings.push(id);
  }
}

/** The bits of a posting, with room for that row. */
function bitsFor({ rows, bits }: Posting, row: number): Uint32Array {
  if (bits !== undefined && row >>> 5 < bits.length) return bits;
  const grown = new Uint32Array(2 * ((row >>> 5) + 1));
  if (bits !== undefined) grown.set(bits);
  else rows.forEachPair((each) => void (grown[each >>> 5] = (grown[each >>> 5] ?? 0) | (1 << (each & 31))));
  return grown;
}
