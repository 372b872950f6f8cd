import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JobCreate, jobCreateSchema, packetSchema } from "@hireforhumans/protocol";
import { buildPacket } from "../../src/handoff/packet.ts";
import { isPlainWord } from "../../src/handoff/plain-words.ts";
import { redactPacket } from "../../src/handoff/redact.ts";
import { newId } from "../../src/ids.ts";

function offered(body: object) {
  const request: JobCreate = jobCreateSchema.parse({
    category: "support",
    description: "Help.",
    reward: "15.00",
    deadline_minutes: 30,
    ...body,
  });
  return redactPacket(buildPacket({ jobId: newId("job"), request, deadlineAt: new Date() }).packet);
}
const goalOf = (description: string, context?: object) => offered({ description, ...(context && { context }) }).goal;

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((each) => each.join(""));
const alphabet = Array.from("abcdefghijklmnopqrstuvwxyzäöéñçø");
const letters = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const capitalised = letters(3, 10)
  .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  .filter((word) => !isPlainWord(word));

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
});
