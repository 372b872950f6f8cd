import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JobCreate, jobCreateSchema, packetSchema } from "@hireforhumans/protocol";
import { buildPacket } from "../../src/handoff/packet.ts";
import { KnownValues } from "../../src/handoff/known-values.ts";
import { isPlainWord } from "../../src/handoff/plain-words.ts";
import { redactPacket } from "../../src/handoff/redact.ts";
import { plain } from "../../src/handoff/scrub.ts";
import { newId } from "../../src/ids.ts";

const packetOf = (body: object) => {
  const request: JobCreate = jobCreateSchema.parse({
    category: "support",
    description: "Help.",
    reward: "15.00",
    deadline_minutes: 30,
    ...body,
  });
  return buildPacket({ jobId: newId("job"), request, deadlineAt: new Date() }).packet;
};
const offered = (body: object) => redactPacket(packetOf(body));
const goalOf = (description: string, context?: object) => offered({ description, ...(context && { context }) }).goal;

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((each) => each.join(""));
const alphabet = Array.from("abcdefghijklmnopqrstuvwxyzäöéñçø");
const letters = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const capitalised = letters(3, 10)
  .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  .filter((word) => !isPlainWord(word));

/** Fills the largest body with what `make` gives. */
function filled(make: (index: number) => unknown): unknown[] {
  const rows: unknown[] = [];
  for (let bytes = 0; bytes < 1_000_000; bytes += Buffer.byteLength(JSON.stringify(rows.at(-1))) + 1) {
    rows.push(make(rows.length));
  }
  return rows;
}

const short = (index: number) => index.toString(36).padStart(3, "q");
const shortWords = Array.from({ length: 2_500 }, (_, index) => short(index + 40));

/** What would take long to look for in a text, value by value or match by match. */
const largest: Record<string, () => object> = {
  "short values": () => ({ context: { question: "Is it right?", rows: filled(short) } }),
  rows: () => ({
    context: { rows: filled((row) => Array.from({ length: 10 }, (_, n) => short(row * 10 + n)).join(" ")) },
  }),
  "values that are in the text": () => ({
    description: shortWords.join(" ").slice(0, 10_000),
    context: { rows: filled((index) => shortWords[index % shortWords.length]) },
  }),
  "pairs of the text's words": () => ({
    description: shortWords.join(" ").slice(0, 10_000),
    context: { rows: filled((index) => `${shortWords[index % 2_500]} ${shortWords[(index * 7) % 2_500]}`) },
  }),
  "near matches": () => ({
    description: `${"a".repeat(59)}b `.repeat(160),
    context: { rows: filled((index) => "a".repeat(50) + short(index)) },
  }),
  marks: () => ({
    description: ".".repeat(10_000),
    context: { rows: filled((index) => ".".repeat(3 + (index % 58))) },
  }),
  numbers: () => ({ description: "123 ".repeat(2_500), context: { rows: filled((index) => index) } }),
  "letters of another script": () => ({
    description: "жзи клм ".repeat(1_200),
    context: { rows: filled((index) => `жз${String.fromCharCode(0x430 + (index % 30))}${index}`) },
  }),
  "text that shrinks": () => ({ description: "a1 ".repeat(3_300), context: { rows: filled(short) } }),
};

/** What must never be read in an offer, as people write it. */
const secrets = {
  email: fc
    .tuple(letters(1, 8), letters(2, 8), fc.constantFrom("com", "example", "co.uk"))
    .map(([a, b, c]) => `${a}@${b}.${c}`),
  card: digits(16, 16).chain((card) =>
    fc.constantFrom("", " ", "-").map((gap) => card.replace(/(\d{4})(?=\d)/g, `$1${gap}`)),
  ),
  phone: fc
    .tuple(fc.constantFrom("+49 ", "0", "(0", "+1-"), digits(3, 3), digits(6, 8))
    .map(([prefix, area, line]) => `${prefix}${area}${prefix === "(0" ? ")" : ""} ${line}`),
  name: fc.tuple(capitalised, capitalised).map(([first, last]) => `${first} ${last}`),
  "account id": fc.tuple(letters(2, 4), digits(4, 8)).map(([prefix, number]) => `${prefix}_${number}`),
  "signed link": fc.tuple(letters(4, 8), digits(6, 6)).map(([host, token]) => `https://${host}.example/?t=${token}`),
} as const;

const templates = [
  (secret: string) => secret,
  (secret: string) => `${secret} wants a refund.`,
  (secret: string) => `Please call ${secret}, who has waited since morning`,
  (secret: string) => `Refund for ${secret}: the item was broken. Ask ${secret}!`,
  (secret: string) => `"${secret}" / <${secret}> (${secret})`,
  (secret: string) => `${"Check the order. ".repeat(20)}${secret}`,
];

/** Without vowels: no four letters of them are in the words around them, nor in a mark. */
const consonants = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from("bcdfghjklmnpqrstvwxz")), minLength: min, maxLength: max });

/** What a cut may halve, and what the context says of it. */
const halvable = {
  email: fc
    .tuple(consonants(1, 12), consonants(2, 12), consonants(3, 8))
    .map(([first, last, host]) => ({ secret: `${first}.${last}@${host}.example`, known: {} })),
  phone: fc
    .tuple(fc.constantFrom("+49 ", "(0", "", "#"), digits(2, 3), fc.constantFrom(" ", "-", ") ", " / "), digits(3, 8))
    .map(([prefix, area, gap, line]) => ({ secret: `${prefix}${area}${gap}${line}`, known: {} })),
  card: secrets.card.map((secret) => ({ secret, known: {} })),
  name: fc
    .tuple(consonants(3, 9), consonants(3, 9))
    .map((words) => words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" "))
    .map((secret) => ({ secret, known: {} })),
  "account id": fc
    .tuple(consonants(2, 9), digits(4, 8))
    .map(([prefix, number]) => ({ secret: `${prefix}_${number}`, known: {} })),
  "signed link": fc
    .tuple(consonants(4, 8), consonants(20, 60))
    .map(([host, token]) => ({ secret: `https://${host}.example/?t=${token}`, known: {} })),
  "known id": consonants(5, 40).map((secret) => ({ secret, known: { customer_id: secret } })),
  "known name": fc
    .tuple(consonants(3, 15), fc.constantFrom(" ", ", ", "-", " & "), consonants(3, 15))
    .map((parts) => ({ secret: parts.join(""), known: { customer: { name: parts.join("").toUpperCase() } } })),
};

/** Texts of a length, when they are plain, of which but a few letters are shown. */
const shrinking = {
  link: (length: number) => `see https://mail.example/${"a1b2".repeat(length / 4)}`.slice(0, length - 1) + " ",
  names: (length: number) => `see ${"Maria ".repeat(length / 6)}`.slice(0, length - 1) + " ",
  "link that swells when made plain": (length: number) => {
    const link = "see https://mail.example/";
    const rest = length - 1 - link.length;
    return `${link}${"㌖".repeat(rest / 6)}${"x".repeat(rest % 6)} `;
  },
};

/** Where texts are shown, and how long each may be. */
const shownIn = {
  goal: { most: 10_000, show: (text: string, context: object) => goalOf(text, context) },
  question: {
    most: 4000,
    show: (question: string, context: object) => offered({ context: { ...context, question } }).question,
  },
  option: {
    most: 500,
    show: (option: string, context: object) =>
      offered({ context: { ...context, response_options: [option] } }).response_options?.[0],
  },
};

describe("an offer's packet", () => {
  it.each(Object.entries(secrets))("never shows an %s of the description", (_, secret) => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...templates), (value, template) => {
        const text = (goalOf(template(value)) ?? "").toLowerCase();
        for (const part of value.split(" ")) {
          if (part.length > 3) expect(text).not.toContain(part.toLowerCase());
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(secrets))("never shows an %s from anywhere in the context", (_, secret) => {
    fc.assert(
      fc.property(secret, (value) => {
        const body = {
          description: `Resolve the case of ${value.toLowerCase()} today.`,
          state: { value },
          context: {
            conversation_history: [{ role: "customer", content: value, name: value }],
            customer_id: value,
            customer: { name: value },
            question: `Is ${value} right?`,
            summary: value,
            attempts: [{ tool: "find", args: value, result: value }],
            user_confirmed: [value],
            constraints: [value],
            attachments: [{ uri: value }],
            response_options: [value],
          },
          acceptance: { checks: [{ check: "rubric", params: { question: value } }], response_schema: { title: value } },
        };
        expect(JSON.stringify(offered(body)).toLowerCase()).not.toContain(value.toLowerCase());
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.entries(halvable))(
    "never shows a part of what a cut may halve, whatever shrinks to a mark before it: %s",
    (_, secret) => {
      // Where reading ends, where it once did, and anywhere.
      const cuts = [10_080, 7_200, 2_160, 1_120, 800, 240];
      const before = fc.oneof(
        fc.tuple(fc.constantFrom(...cuts), fc.integer({ min: -80, max: 5 })).map(([cut, from]) => cut + from),
        fc.integer({ min: 40, max: 10_100 }),
      );
      const wherever = fc.constantFrom(...Object.values(shownIn));
      const anything = fc.constantFrom(...Object.values(shrinking));
      fc.assert(
        fc.property(secret, before, anything, wherever, ({ secret: value, known }, length, shrink, { most, show }) => {
          const text = `${shrink(length)}${value} please see me again`;
          fc.pre(text.length <= most);
          const shown = (show(text, known) ?? "").toLowerCase();
          for (let at = 0; at + 4 <= value.length; at += 1) {
            expect(shown).not.toContain(value.slice(at, at + 4).toLowerCase());
          }
          if (/\d/.test(value)) expect(shown).not.toMatch(/\d/);
        }),
        { numRuns: 500 },
      );
    },
  );

  it("shows what comes after a link, however long that is", () => {
    const link = `https://mail.example/track?c=${"a1b2".repeat(2_000)}`;
    expect(goalOf(`see ${link} and refund maria.lopez@mail.example today`)).toBe(
      "see [link] and refund [address] today",
    );
  });

  it("keeps what the work is about", () => {
    expect(goalOf("Customer was charged twice and wants a refund. Please call back and confirm.")).toBe(
      "Customer was charged twice and wants a refund. Please call back and confirm.",
    );
    expect(offered({ description: "Call back.", context: { question: "Can we offer a refund?" } })).toMatchObject({
      question: "Can we offer a refund?",
      redactions: [],
    });
  });

  it("says what is missing", () => {
    const context = { customer_id: "c-1", conversation_history: "hello", question: "Is it Maria?" };
    expect(offered({ description: "Ask Maria.", state: 5, context }).redactions).toEqual([
      "goal",
      "question",
      "transcript",
      "entities",
      "state",
    ]);
  });

  it("takes names without capitals where the context knows them, or the text introduces them", () => {
    expect(goalOf("call maria about lopez gmbh", { customer: { name: "Maria Lopez" } })).toBe(
      "call [value] about [value] gmbh",
    );
    expect(goalOf("My name is john doe and I want to cancel.")).toBe("My name is [name] and I want to cancel.");
  });

  it("takes what hides behind look-alikes and invisible letters", () => {
    expect(goalOf("Write to ｍａｒｉａ＠ｅｘａｍｐｌｅ．ｃｏｍ")).toBe("Write to [address]");
    expect(goalOf("card 4\u200b111\u200b 1111\u00ad 1111 1111")).toBe("card [number]");
    expect(goalOf("Call M\u200baria")).toBe("Call [name]");
  });

  it("takes text of scripts in which a name can't be told", () => {
    expect(goalOf("Refund for 王小明, please")).toBe("Refund for [text], please");
  });

  it("is short, however long the request", () => {
    const goal = goalOf("please check the order ".repeat(400)) ?? "";
    expect(goal.length).toBeLessThanOrEqual(282);
    expect(goal).toMatch(/order? …$|the …$|check …$|please …$/);
    const response_options = Array.from({ length: 50 }, () => "refund the order ".repeat(20));
    expect(JSON.stringify(offered({ context: { response_options } })).length).toBeLessThan(2000);
  });

  it("shows which evidence is asked and none of a check's parameters", () => {
    const shown = offered({
      acceptance: {
        required_evidence: ["text"],
        checks: [
          { check: "http_confirmation", params: { url: "https://internal.example/confirm" } },
          { check: "text_length", params: { min: 50 } },
        ],
        reviewers: 2,
      },
    });
    expect(shown.acceptance).toEqual({
      required_evidence: ["text"],
      checks: [{ check: "text_length", params: { min: 50 } }],
      reviewers: 2,
    });
    expect(packetSchema.partial().parse(shown)).toEqual(shown);
  });

  it("takes its time for no text, however it is built", () => {
    const started = performance.now();
    for (const text of [
      "a_".repeat(5000),
      "1 ".repeat(5000),
      "@".repeat(10_000),
      "Aa".repeat(5000),
      "name is ".repeat(1250),
    ]) {
      offered({
        description: text,
        context: { notes: Array.from({ length: 2000 }, (_, index) => `${text.slice(0, 40)}${index}`) },
      });
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(Object.entries(largest))("takes little of the process, though the context is full of %s", (_, body) => {
    const packet = packetOf(body());
    const times = Array.from({ length: 3 }, () => {
      const startedMs = performance.now();
      redactPacket(packet);
      return performance.now() - startedMs;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});

describe("known values", () => {
  const units = [
    "a",
    "b",
    "B",
    "é",
    "e\u0301",
    "ß",
    "İ",
    "i",
    "Σ",
    "ς",
    "σ",
    "1",
    " ",
    " ",
    ".",
    "-",
    ",",
    "😀",
    "\u200b",
  ];
  const text = (maxLength: number) => fc.string({ unit: fc.constantFrom(...units), maxLength });
  const folded = (value: string) => plain(value).replaceAll("İ", "I").toLowerCase().replaceAll("ς", "σ");

  /** As a reader would do it: each value at each place, and again, since what stood beside one may stand free now. */
  function hidden(whole: string, values: readonly string[]): string {
    let rest = plain(whole);
    for (let round = 0; round < 3; round += 1) {
      const read = folded(rest);
      const places: [number, number][] = [];
      for (let from = 0; from < read.length; from += 1) {
        for (const value of values.map((one) => folded(one))) {
          const to = from + value.length;
          const isFree = !/[\p{L}\p{N}]$/u.test(read.slice(0, from)) && !/^[\p{L}\p{N}]/u.test(read.slice(to));
          if (value.length < 3 || !isFree || !read.startsWith(value, from)) continue;
          const last = places.at(-1);
          if (last !== undefined && (from < last[1] || from === last[0])) last[1] = Math.max(last[1], to);
          else places.push([from, to]);
        }
      }
      rest = places.reduceRight((text, [from, to]) => `${text.slice(0, from)}▮${text.slice(to)}`, rest);
    }
    return rest;
  }

  it("are found wherever they stand free, in capitals or small, and nothing else is", () => {
    fc.assert(
      fc.property(
        text(50),
        fc.array(text(9), { maxLength: 12 }),
        fc.integer({ min: 3, max: 12 }),
        (whole, values, longest) => {
          const within = { texts: ["b", whole], longest };
          const show = (known: KnownValues) => known.hide(plain(whole), () => "▮");
          expect(show(new KnownValues().add(values))).toBe(hidden(whole, values));
          expect(show(new KnownValues(within).add(values))).toBe(hidden(whole, values));
          const words = [...values, ...values.flatMap((value) => plain(value).split(/[\s,;|]+/))];
          expect(show(new KnownValues().addWithWords(values))).toBe(hidden(whole, words));
          expect(show(new KnownValues(within).addWithWords(values))).toBe(hidden(whole, words));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("that are everyday words hide these only where they are the whole value", () => {
    const show = (value: string) => new KnownValues().addWithWords([value]).hide("an urgent US order", () => "▮");
    expect(show("order for maria in the US")).toBe("an urgent US order");
    expect(show("order")).toBe("an urgent US ▮");
    expect(show("the us urgently, URGENT|ORDER")).toBe("an urgent US order");
  });
});
