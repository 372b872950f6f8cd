import { isPlainWord } from "./plain-words.ts";
import { plain } from "./scrub.ts";

/** Values of one or two characters tell nothing and would be found everywhere. */
const MIN_LENGTH = 3;
/** Stands between values while all are read as one text. A value that holds it counts as two. */
const BETWEEN = "¶";
const BETWEEN_UNIT = BETWEEN.charCodeAt(0);
const [SPACE, COMMA, SEMICOLON, BAR] = Array.from(" ,;|", (separator) => separator.charCodeAt(0));
/** Stands for a value while others are looked for. No plain text holds it. */
const HIDDEN = "\0";
/** What stands beside a hidden value may stand free by that, as `+49` in `Main Street+49`. Only contrived texts need more. */
const ROUNDS = 3;

/**
 * Values that must not be seen. Finding them takes time in proportion to values and text together, however many values
 * there are and however alike they are to what the text says, since a client names as many as a body holds.
 */
export class KnownValues {
  readonly #values = new Set<string>();
  /** The length of the longest. */
  #longest = 0;
  /** Of all, made when it is needed first. */
  #keys: Keys | undefined;
  readonly #within: { pieces: Keys; longest: number } | undefined;

  /** @param within if given, only these texts may be read: what isn't in them isn't kept, but for the few values that are longer */
  constructor(within?: { texts: readonly string[]; longest: number }) {
    if (within === undefined) return;
    const { texts, longest } = within;
    const folded = fold(texts.map(plain).join(BETWEEN));
    const pieces = new Keys(folded.length * longest);
    eachPiece(folded, longest, (key) => pieces.add(key));
    this.#within = { pieces, longest };
  }

  add(values: readonly string[]): this {
    this.#read(values, () => undefined);
    return this;
  }

  /** Adds also each word of a value that isn't an everyday one. */
  addWithWords(values: readonly string[]): this {
    const seen = new Set<string>();
    this.#read(values, (word, folded) => {
      if (seen.has(word)) return;
      seen.add(word);
      if (!isPlainWord(word)) this.#keep(folded);
    });
    return this;
  }

  /** All as one text, in one pass: one by one they would take many times as long. */
  #read(values: readonly string[], seeWord: (word: string, folded: string) => void): void {
    const text = plain(values.join(BETWEEN));
    const folded = fold(text);
    let [valueFrom, valueKey, keyBefore] = [0, FIRST_KEY, FIRST_KEY];
    let [wordFrom, wordKey] = [0, FIRST_KEY];
    for (let at = 0; at <= folded.length; at += 1) {
      const unit = at === folded.length ? BETWEEN_UNIT : folded.charCodeAt(at);
      const endsValue = unit === BETWEEN_UNIT;
      if (endsValue || unit === SPACE || unit === COMMA || unit === SEMICOLON || unit === BAR) {
        const isWhole = endsValue && wordFrom === valueFrom;
        if (!isWhole && this.#mayStand(wordKey, at - wordFrom)) {
          seeWord(text.slice(wordFrom, at), folded.slice(wordFrom, at));
        }
        wordFrom = at + 1;
        wordKey = FIRST_KEY;
      } else wordKey = nextKey(wordKey, unit);
      if (endsValue) {
        // Without the blanks around it.
        const isLastBlank = at > valueFrom && folded.charCodeAt(at - 1) === SPACE;
        const to = isLastBlank ? at - 1 : at;
        const key = isLastBlank ? keyBefore : valueKey;
        if (this.#mayStand(key, to - valueFrom)) this.#keep(folded.slice(valueFrom, to));
        valueFrom = at + 1;
        valueKey = FIRST_KEY;
      } else if (unit === SPACE && at === valueFrom) valueFrom += 1;
      else {
        keyBefore = valueKey;
        valueKey = nextKey(valueKey, unit);
      }
    }
  }

  #mayStand(key: number, length: number): boolean {
    if (length < MIN_LENGTH) return false;
    return this.#within === undefined || length > this.#within.longest || this.#within.pieces.mayHold(key);
  }

  #keep(folded: string): void {
    this.#values.add(folded);
    this.#longest = Math.max(this.#longest, folded.length);
    this.#keys = undefined;
  }

  /** @returns the plain `text` with a mark for each value that stands free in it, or for several that overlap */
  hide(text: string, mark: () => string): string {
    let rest = text;
    for (let round = 0; round < ROUNDS && this.#values.size > 0; round += 1) {
      const places = this.#placesIn(fold(rest));
      if (places.length === 0) break;
      let [shown, at] = ["", 0];
      for (const [from, to] of places) {
        shown += rest.slice(at, from) + HIDDEN;
        at = to;
      }
      rest = shown + rest.slice(at);
    }
    return rest.replaceAll(HIDDEN, mark);
  }

  /** Where values stand free, in order; what overlaps is one. */
  #placesIn(folded: string): Place[] {
    const keys = (this.#keys ??= keysOf(this.#values));
    const places: Place[] = [];
    let [start, ends]: [number, number[]] = [0, []];
    const seeStart = () => {
      const to = ends.findLast((end) => this.#values.has(folded.slice(start, end)));
      if (to !== undefined) places.push([start, to]);
    };
    eachPiece(folded, this.#longest, (key, from, to, isFree) => {
      if (!isFree || !keys.mayHold(key)) return;
      if (from !== start) {
        seeStart();
        [start, ends] = [from, []];
      }
      ends.push(to);
    });
    seeStart();
    return merged(places);
  }
}

type Place = [from: number, to: number];

function merged(places: readonly Place[]): Place[] {
  const all: Place[] = [];
  for (const [from, to] of places) {
    const last = all.at(-1);
    if (last !== undefined && from < last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}

/** Capital or small is one, and each letter stays in its place: only İ would become two. */
const fold = (plainText: string): string => plainText.replaceAll("İ", "I").toLowerCase().replaceAll("ς", "σ");

/** Says of most pieces of text that they are not among others, by a key that costs no string. */
class Keys {
  readonly #held: Uint8Array;
  readonly #shift: number;

  constructor(count: number) {
    const bits = Math.min(22, Math.max(8, 32 - Math.clz32(count)));
    this.#held = new Uint8Array(2 ** bits);
    this.#shift = 32 - bits;
  }

  add(key: number): void {
    this.#held[Math.imul(key, 0x9e3779b1) >>> this.#shift] = 1;
  }

  mayHold(key: number): boolean {
    return this.#held[Math.imul(key, 0x9e3779b1) >>> this.#shift] === 1;
  }
}

/** FNV-1a. */
const FIRST_KEY = 0x811c9dc5 | 0;
const nextKey = (key: number, unit: number): number => Math.imul(key ^ unit, 0x01000193);

function keysOf(texts: ReadonlySet<string>): Keys {
  const keys = new Keys(texts.size * 16);
  for (const text of texts) {
    let key = FIRST_KEY;
    for (let at = 0; at < text.length; at += 1) key = nextKey(key, text.charCodeAt(at));
    keys.add(key);
  }
  return keys;
}

/** Whether no letter or digit stands beside the piece. */
type See = (key: number, from: number, to: number, isFree: boolean) => void;

/** The pieces of a text, up to the `longest`, that begin and end neither within a word nor with a blank. */
function eachPiece(text: string, longest: number, see: See): void {
  const inWord = new Uint8Array(text.length + 1);
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}]+/gu)) inWord.fill(1, index, index + word.length);
  for (let from = 0; from < text.length; from += 1) {
    const follows = from > 0 && inWord[from - 1] === 1;
    if ((follows && inWord[from] === 1) || text.charCodeAt(from) === SPACE) continue;
    const end = Math.min(text.length, from + longest);
    let key = FIRST_KEY;
    for (let at = from; at < end; at += 1) {
      const unit = text.charCodeAt(at);
      key = nextKey(key, unit);
      const isFollowed = inWord[at + 1] === 1;
      if ((isFollowed && inWord[at] === 1) || unit === SPACE || at + 1 - from < MIN_LENGTH) continue;
      see(key, from, at + 1, !follows && !isFollowed);
    }
  }
}
