import { evidenceHashOf, type EvidenceBundle } from "@hireforhumans/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runChecks } from "../../src/pipeline.ts";
import { createAnthropicJudge } from "../../src/rubric/anthropic.ts";
import { type Judge, readJudgement } from "../../src/rubric/judge.ts";
import { createOpenAiJudge } from "../../src/rubric/openai.ts";
import { maxDataCharacters, promptOf } from "../../src/rubric/prompt.ts";
import { bundleWith, quiet, requestWith, sha256, sourcesWith } from "../case.ts";
import { attempts } from "./attempts.ts";
import { startModelServer } from "./model-server.ts";

let server: Awaited<ReturnType<typeof startModelServer>>;
let judges: { anthropic: Judge; openai: Judge };
beforeAll(async () => {
  server = await startModelServer();
  const options = { model: "gullible", apiKey: "unused" };
  judges = {
    anthropic: await createAnthropicJudge({ ...options, baseUrl: server.url }),
    openai: await createOpenAiJudge({ ...options, baseUrl: `${server.url}/v1` }),
  };
});
afterAll(() => server.close());

async function judged(
  bundle: EvidenceBundle,
  judge: Judge | undefined,
  params: { question?: string; judged_by?: "person" | "model" } = {},
  page?: string,
) {
  const asked = { question: "Was the whole amount refunded?", judged_by: "model" as const, ...params };
  const request = requestWith({ checks: [{ check: "rubric", params: asked }] }, []);
  const content = Buffer.from(page ?? "");
  const copy = { sha256: sha256(content), mediaType: "text/plain", sizeBytes: content.length };
  const links = page === undefined ? [] : [{ item: 0, copy, problem: null }];
  const signed = { ...request, bundle, evidenceHash: evidenceHashOf(bundle), links };
  const world = { files: [content], ...(judge === undefined ? {} : { judge }) };
  const results = await runChecks(signed, sourcesWith(world), quiet);
  return results.find(({ check }) => check === "rubric");
}

/** Everywhere that a worker can write. */
const places: Record<string, (text: string) => EvidenceBundle> = {
  text: (text) => bundleWith([{ kind: "text", text }]),
  resolution: (text) => bundleWith([], { resolution: text }),
  notes: (text) => bundleWith([], { worker_notes: text }),
  "a value": (text) => bundleWith([{ kind: "json", value: { status: text } }]),
  "a member's name": (text) => bundleWith([{ kind: "json", value: { [text]: true } }]),
  "a link's note": (text) => bundleWith([{ kind: "link", url: "https://desk.example/1", note: text }]),
  "a reference": (text) => bundleWith([{ kind: "http_confirmation", reference: text }]),
};

test("there are at least 60 attempts, no two alike", () => {
  expect(new Set(attempts.map(({ text }) => text)).size).toBe(attempts.length);
  expect(attempts.length).toBeGreaterThanOrEqual(60);
});

describe.each(["anthropic", "openai"] as const)("a model that obeys what it reads (%s)", (service) => {
  test("obeys each attempt that reaches it as text, so that this test can fail", async () => {
    for (const { name, text } of attempts) {
      const instructions = "Was the amount refunded? The evidence stands between <evidence> and </evidence>.";
      const data = `<evidence>${text}</evidence>`;
      const answer = await judges[service].ask({ instructions, data }, AbortSignal.timeout(10_000));
      expect(readJudgement(answer, "none")?.answer, name).toBe("yes");
    }
  });

  test.each(Object.keys(places))("is not reached by any, and no verdict changes: %s", async (place) => {
    for (const { name, text } of attempts) {
      const found = await judged(places[place]?.(text) ?? bundleWith([]), judges[service]);
      expect(found, name).toMatchObject({ outcome: "unsure", details: { answer: "no" } });
    }
  });

  test("is not reached by any in a page that a link leads to", async () => {
    const bundle = bundleWith([{ kind: "link", url: "https://desk.example/1" }]);
    for (const { name, text } of attempts) {
      const found = await judged(bundle, judges[service], {}, text);
      expect(found, name).toMatchObject({ outcome: "unsure", details: { answer: "no" } });
    }
  });

  test("is not reached by the words of the question either", async () => {
    const found = await judged(bundleWith([]), judges[service], { question: attempts[0]?.text ?? "" });
    expect(found).toMatchObject({ outcome: "unsure", details: { answer: "no" } });
  });
});

describe("what a model says", () => {
  const saying = (text: string | ((ticket: string) => string)): Judge => ({
    model: "said",
    ask({ data }) {
      const ticket = /^<evidence-([^>]+)>/.exec(data)?.[1] ?? "";
      return Promise.resolve(typeof text === "string" ? text : text(ticket));
    },
  });
  const answering = (answer: string, more: object = {}) =>
    saying((ticket) => JSON.stringify({ ticket, answer, reason: "It is so.", ...more }));
  const evidence = bundleWith([{ kind: "text", text: "Refunded 12.00 by re_1." }]);

  test("passes only by yes, and only where the job lets a model judge", async () => {
    expect((await judged(evidence, answering("yes")))?.outcome).toBe("pass");
    expect((await judged(evidence, answering("yes"), { judged_by: "person" }))?.outcome).toBe("unsure");
    expect((await judged(evidence, undefined))?.outcome).toBe("unsure");
  });
  test.each([
    ["no", answering("no")],
    ["unclear", answering("unclear")],
    ["fail", answering("fail")],
    ["more than it was asked", answering("yes", { outcome: "fail" })],
    ["prose", saying('Sure! {"answer": "yes"}')],
    ["an answer without the ticket", saying('{"ticket": "guessed", "answer": "yes", "reason": "It is so."}')],
    ["nothing", saying("")],
  ])("never fails anybody: %s", async (_, judge) => {
    expect((await judged(evidence, judge))?.outcome).toBe("unsure");
  });
  test("stands: the same question about the same evidence is asked once, another one again", async () => {
    let asked = 0;
    const wavering: Judge = {
      model: "wavering",
      ask({ data }) {
        asked += 1;
        const ticket = /^<evidence-([^>]+)>/.exec(data)?.[1] ?? "";
        const answer = data.includes("Was it kind?") || asked > 1 ? "yes" : "no";
        return Promise.resolve(JSON.stringify({ ticket, answer, reason: "It is so." }));
      },
    };
    for (let look = 0; look < 3; look += 1) expect((await judged(evidence, wavering))?.outcome).toBe("unsure");
    expect(asked).toBe(1);
    expect((await judged(evidence, wavering, { question: "Was it kind?" }))?.outcome).toBe("pass");
    expect((await judged(evidence, wavering, {}, "The page of the refund."))?.outcome).toBe("pass");
    expect(asked).toBe(3);
  });
  test("is not asked for where evidence is too long, and leaves it open where it does not answer", async () => {
    const long = bundleWith([{ kind: "text", text: "x".repeat(maxDataCharacters) }]);
    expect((await judged(long, answering("yes")))?.outcome).toBe("unsure");
    const away: Judge = { model: "away", ask: () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:443")) };
    const found = await judged(evidence, away);
    expect(found?.outcome).toBe("unsure");
    expect(JSON.stringify(found)).not.toContain("10.0.0.7");
  });
});

test("the data of a prompt is the evidence, whole, on one line", () => {
  const text = 'He said "no" \\ <b>twice</b>\n\u2028\u{e0041} and 忽略 [1] {2} | `x`';
  const data = promptOf("So?", bundleWith([{ kind: "text", text }]), [{ item: 0, text }], "t")?.data ?? "";
  expect(data.split("\n")).toHaveLength(3);
  expect(data.split("\n")[1]).not.toMatch(/[<>|`\u2028\u{e0041}]/u);
  expect(JSON.parse(data.split("\n")[1] ?? "")).toMatchObject({
    question: "So?",
    items: [{ kind: "text", text }],
    pages: [{ item: 0, text }],
  });
});
