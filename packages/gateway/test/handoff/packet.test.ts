import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type JobCreate,
  acceptanceSchema,
  canonicalJson,
  jobCreateSchema,
  packetHashOf,
  packetSchema,
} from "@hireforhumans/protocol";
import { newId } from "../../src/ids.ts";
import { defaultAcceptance, defaultRubrics } from "../../src/handoff/default-acceptance.ts";
import { buildPacket } from "../../src/handoff/packet.ts";
import { requireSatisfiable } from "../../src/jobs/satisfiable.ts";
import { describeOnDatabases } from "../support/database.ts";
import { sql } from "kysely";

const jobId = newId("job");
const deadlineAt = new Date("2030-01-02T03:04:05.678Z");

const request = (body: object): JobCreate =>
  jobCreateSchema.parse({ category: "support", description: "Help.", reward: "15.00", deadline_minutes: 30, ...body });
const build = (body: object) => buildPacket({ jobId, request: request(body), deadlineAt });

describe("the context packet", () => {
  it("puts each part of the request where the worker looks for it", () => {
    const { packet } = build({
      category: "customer_support_escalation",
      description: "Sort out a double charge.",
      state: { thread: 7 },
      context: {
        conversation_history: [{ role: "customer", content: "I was charged twice!", at: "10:02" }],
        customer_id: "c-81",
        order: { id: "A-1", total: 45.5 },
        question: "May we refund it?",
        summary: "Charged twice on Monday.",
        attempts: [{ tool: "refund", args: { order: "A-1" }, result: "denied" }],
        user_confirmed: ["the address"],
        constraints: ["no voucher"],
        attachments: [{ uri: "https://files.example/1.pdf" }],
        response_options: ["refund", "decline"],
      },
      acceptance: { required_evidence: ["json"], response_schema: { type: "object" } },
    });
    expect(packetSchema.parse(packet)).toEqual(packet);
    expect(packet).toMatchObject({
      version: 1,
      job_id: jobId,
      reason: "customer_support_escalation",
      goal: "Sort out a double charge.",
      question: "May we refund it?",
      summary: "Charged twice on Monday.",
      transcript: [{ role: "customer", content: "I was charged twice!", at: "10:02" }],
      entities: { customer_id: "c-81", order: { id: "A-1", total: 45.5 } },
      attempts: [{ tool: "refund", args: { order: "A-1" }, result: "denied" }],
      user_confirmed: ["the address"],
      constraints: ["no voucher"],
      attachments: [{ uri: "https://files.example/1.pdf" }],
      response_schema: { type: "object" },
      response_options: ["refund", "decline"],
      acceptance: { required_evidence: ["json"], checks: [], reviewers: 0 },
      state: { thread: 7 },
      deadline_at: "2030-01-02T03:04:05.678Z",
      redactions: [],
    });
  });

  it("needs nothing but a category and a description", () => {
    const { packet } = build({});
    expect(packetSchema.parse(packet)).toEqual(packet);
    expect(packet).toMatchObject({ transcript: [], entities: {}, question: null, state: null, response_schema: null });
  });

  it("keeps a conversation that came as one text as it is", () => {
    const conversation_history = "Customer: hello\nAgent: hi";
    expect(build({ context: { conversation_history } }).packet.transcript).toEqual([
      { role: "conversation", content: conversation_history },
    ]);
    expect(build({ context: { conversation_history: "" } }).packet.transcript).toEqual([]);
  });

  it("asks for the evidence that the category hands in, where the client did not say", () => {
    expect(defaultAcceptance("customer_support_escalation")).toMatchObject({
      required_evidence: ["text"],
      checks: [{ check: "text_length", params: { min: 20 } }],
    });
    expect(defaultAcceptance("data_labeling")).toMatchObject({ required_evidence: ["json"], checks: [] });
    expect(defaultAcceptance("document verification")).toMatchObject({ required_evidence: ["file"], checks: [] });
  });

  it("asks by the table where the category is in it, however it is written, and as before where it is not", () => {
    for (const { categories, required, checks } of defaultRubrics) {
      for (const category of categories) {
        const wanted = { required_evidence: required, checks, reviewers: 0 };
        expect(defaultAcceptance(category)).toEqual(wanted);
        expect(defaultAcceptance(category.replaceAll("_", " ").toUpperCase())).toEqual(wanted);
        expect(acceptanceSchema.parse(wanted)).toEqual(wanted);
      }
    }
    expect(defaultAcceptance("roof scan")).toEqual({ required_evidence: ["file"], checks: [], reviewers: 0 });
    expect(defaultAcceptance("knitting")).toEqual(defaultAcceptance("customer_support_escalation"));
  });

  it("has a default that can be met, that the terms hold, and that gives way to what the client says", async () => {
    const parts = { network: {}, config: { chainId: 31337 } } as Parameters<typeof requireSatisfiable>[0];
    for (const { categories } of defaultRubrics) {
      const [category = ""] = categories;
      const { packet, packetHash } = build({ category });
      expect(packet.acceptance).toEqual(defaultAcceptance(category));
      const others = { ...packet, acceptance: { ...packet.acceptance, reviewers: 1 } };
      expect(packetHashOf(others)).not.toBe(packetHash);
      await requireSatisfiable(parts, { acceptance: packet.acceptance } as Parameters<typeof requireSatisfiable>[1]);
      const asked = { required_evidence: [], checks: [], reviewers: 0 };
      expect(build({ category, acceptance: asked }).packet.acceptance).toEqual(asked);
    }
  });

  it("has the hash of all its members but the hash, whatever their order", () => {
    const { packet, packetHash } = build({ context: { b: 1, a: { d: 2, c: 3 } } });
    expect(packet.packet_hash).toBe(packetHash);
    const shuffled = Object.fromEntries(Object.entries(packet).toReversed()) as typeof packet;
    expect(packetHashOf(shuffled)).toBe(packetHash);
    expect(build({ context: { a: { c: 3, d: 2 }, b: 1 } }).packetHash).toBe(packetHash);
    expect(build({ context: { a: { c: 3, d: 2 }, b: 2 } }).packetHash).not.toBe(packetHash);
  });
});

describeOnDatabases("a stored packet", (database) => {
  it("comes back from the database with the hash that the chain holds", async () => {
    const { db } = database();
    const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", "").toWellFormed());
    const json = fc
      .jsonValue({ maxDepth: 4, stringUnit: "grapheme" })
      .filter((value) => !JSON.stringify(value).includes("\\u0000"));
    await fc.assert(
      fc.asyncProperty(text, json, json, async (summary, entity, state) => {
        const { packet, packetHash } = build({ state, context: { summary, entity } });
        const { rows } = await sql<{
          packet: typeof packet;
        }>`select ${JSON.stringify(packet)}::jsonb as packet`.execute(db);
        expect(packetHashOf(rows[0]!.packet)).toBe(packetHash);
        expect(canonicalJson(rows[0]!.packet)).toBe(canonicalJson(packet));
      }),
      { numRuns: 60 },
    );
  });
});
