import type { KnownValues } from "./known-values.ts";
import { isPlainWord } from "./plain-words.ts";

/** What a text may hold that tells who somebody is; in brackets it stands for what was there. */
export type Removed = "address" | "link" | "number" | "id" | "name" | "value" | "text";

// What can fail is bounded, or begins at the beginning of a word only, so that no text takes longer than its length.
const link = /\b[a-z][a-z0-9+.-]{0,30}:\/\/\S+|\bwww\.\S+/giu;
const address = /(?<![^\s<>"'(),;:])[^\s<>"'(),;:]*@[^\s<>"'(),;]*/gu;
/** Letters and digits in one word: order numbers, account ids, IBANs, hashes, accounts on a chain. */
const id = /(?<![\p{L}\p{N}_#./-])(?=[\p{L}\p{N}_#./-]*\p{L})(?=[\p{L}\p{N}_#./-]*\p{N})[\p{L}\p{N}_#./-]{4,}/gu;
/** Four digits or more, however they are grouped: phones, cards, accounts, postcodes, dates. */
const number = /[+#(]{0,10}\p{N}(?:[\s().,:/_-]{0,10}\p{N}){3,}/gu;
/** Six digits or more, or four in a row: phones, cards, accounts and orders go, most amounts stay. */
const longNumber = /[+#(]{0,10}\p{N}(?:[\s().,:/_-]{0,10}\p{N}){5,}|\p{N}{4,}/gu;
/** The two words that follow are a name, with or without capitals, and so are the capitalised ones after them. */
const introduced =
  /(?<![\p{L}\p{N}])((?i:names?(?: is| was|'s|:)|named|called|signed(?: by)?|regards,?|mr\.?|mrs\.?|ms\.?|dr\.?|prof\.?)\s+)[\p{L}\p{M}'’-]+(?:\s+[\p{L}\p{M}'’-]+)?(?:\s+\p{Lu}[\p{L}\p{M}'’-]*)*/gu;
const word = /\p{L}[\p{L}\p{M}'’-]*/gu;
/** Letters of scripts that know no capitals: a name can't be told from another word there. */
const caseless = /[\p{Lo}\p{Lm}\p{M}]+(?:[\s\p{Lo}\p{Lm}\p{M}]*[\p{Lo}\p{Lm}\p{M}])?/gu;

/**
 * Takes out of a free text whatever may tell who it speaks of: web and e-mail addresses, numbers of four digits or more,
 * ids, the `known` values, names, and all text in scripts without capitals. It leans to taking too much: a capitalised
 * word stays only if it is one of plain-words.ts. A name written small, not introduced as one and not among `known`,
 * can't be told from a word.
 * @param known values from the job's own context: the customer's name, id, street
 */
export function scrub(text: string, known: KnownValues): { text: string; removed: Set<Removed> } {
  const removed = new Set<Removed>();
  const mark = (kind: Removed): string => {
    removed.add(kind);
    return `[${kind}]`;
  };
  const scrubbed = known
    .hide(plain(text), () => mark("value"))
    .replace(link, () => mark("link"))
    .replace(address, () => mark("address"))
    .replace(id, () => mark("id"))
    .replace(number, () => mark("number"))
    .replace(introduced, (_, cue: string) => cue + mark("name"))
    .replace(word, (found) => (isName(found) ? mark("name") : found))
    .replace(caseless, () => mark("text"));
  return { text: scrubbed.replace(/(\[name\])(?:[\s,.&-]*\[name\])+/g, "$1"), removed };
}

/**
 * Takes out what names somebody by itself: the `known` values, web and e-mail addresses, ids, long numbers, and names that
 * are introduced as such. The rest stays, in whatever language, so that whoever has to judge the text can read it.
 */
export function scrubLightly(text: string, known: KnownValues): string {
  return known
    .hide(plain(text), () => "[value]")
    .replace(link, "[link]")
    .replace(address, "[address]")
    .replace(id, "[id]")
    .replace(longNumber, "[number]")
    .replace(introduced, (_, cue: string) => `${cue}[name]`);
}

/**
 * What no reader sees taken away, and compatible forms made one, so that nothing hides behind look-alikes. What is plain
 * stays as it is.
 */
export function plain(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, "")
      .normalize("NFKC")
      // One blank that is one already, as most are, is left alone.
      .replace(/[\s\p{Cc}]{2,}|[^\S ]|\p{Cc}/gu, " ")
      .trim()
  );
}

const isName = (found: string): boolean => /\p{Lu}/u.test(found) && !isPlainWord(found.replace(/['’]s?$/iu, ""));
