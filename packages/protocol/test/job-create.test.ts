import { describe, expect, it } from "vitest";
import { jobCreateSchema, type JobCreateInput } from "@hireforhumans/protocol";

/** What integrations in the field post. */
const inTheField = {
  category: "customer_support_escalation",
  description: "Angry customer, double charge.",
  context: { conversation_history: "Customer: I was charged twice!", customer_id: "cus_42" },
  requirements: ["english", "support_experience"],
  reward: "15.00",
  currency: "USDC",
  deadline_minutes: 30,
  webhook_url: "https://agent.example/hooks/humans",
};

const success = (body: unknown): boolean => jobCreateSchema.safeParse(body).success;

describe("POST /v1/jobs", () => {
  it("takes what integrations in the field post, unchanged", () => {
    expect(jobCreateSchema.parse(inTheField)).toMatchObject({ reward: 15_000_000n, deadline_minutes: 30 });
    expect(success({ ...inTheField, reward: "12.0" })).toBe(true);
    expect(success({ ...inTheField, reward: 12 })).toBe(true);
  });

  it("needs category, description, reward and deadline only", () => {
    const { category, description, reward, deadline_minutes } = inTheField;
    const least = { category, description, reward, deadline_minutes };
    expect(success(least)).toBe(true);
    for (const name of Object.keys(least)) expect(success({ ...least, [name]: undefined })).toBe(false);
  });

  it("takes a conversation as text or as turns, with whatever else an agent keeps in them", () => {
    const turns = [
      { role: "customer", content: "Charged twice!", timestamp: 1 },
      { role: "assistant", content: [{ type: "text", text: "Sorry." }], tool_calls: [{ id: "x" }] },
    ];
    const context = { conversation_history: turns, order: { id: 7 }, customer_id: "c" };
    expect(jobCreateSchema.parse({ ...inTheField, context }).context).toEqual(context);
  });

  it("takes all extensions", () => {
    const job: JobCreateInput = {
      ...(inTheField as JobCreateInput),
      min_reputation: 0.6,
      languages: ["German", "en-US"],
      countries: { allow: ["de", "AT"] },
      certifications: ["GDPR Officer"],
      pool_id: "pol_01jd3v8q6ze5fr8wq1m4t7x2yk",
      tier: "compliance",
      domain: "billing",
      review_window_minutes: 0,
      work_window_minutes: 20,
      acceptance: {
        required_evidence: ["text", "file"],
        checks: [{ check: "customer_confirmation" }, { check: "text_length", params: { min: 20 } }],
        reviewers: 2,
        response_schema: { type: "object", required: ["refunded"] },
      },
      fallback: "callback",
      metadata: { team: "billing" },
      state: { thread: [1, 2] },
      webhook_headers: { Authorization: "Bearer receiver-token" },
    };
    expect(jobCreateSchema.parse(job)).toMatchObject({
      languages: ["de", "en"],
      countries: { allow: ["DE", "AT"] },
      certifications: ["gdpr_officer"],
      acceptance: { checks: [{ check: "customer_confirmation", params: {} }, { params: { min: 20 } }] },
    });
  });

  it.each([
    ["an unknown field", { webhookUrl: "https://x.example" }],
    ["another currency", { currency: "EUR" }],
    ["a deadline of a part of a minute", { deadline_minutes: 0.5 }],
    ["a deadline above the escrow's", { deadline_minutes: 365 * 24 * 60 + 1 }],
    ["a deadline as text", { deadline_minutes: "30" }],
    ["a webhook that is not http", { webhook_url: "javascript:alert(1)" }],
    ["a header of our own", { webhook_headers: { "Webhook-Signature": "v1,forged" } }],
    ["a header that ends its line", { webhook_headers: { "X-A": "a\r\nHost: evil" } }],
    ["a header name that ends its line", { webhook_headers: { "X-A\r\nHost": "evil" } }],
    ["a reputation above one", { min_reputation: 1.1 }],
    ["a country that is a name", { countries: { allow: ["Germany"] } }],
    ["a check that does not exist", { acceptance: { checks: [{ check: "vibes" }] } }],
    ["parameters a check does not have", { acceptance: { checks: [{ check: "text_length", params: { max: 3 } }] } }],
    ["state that is too large", { state: "x".repeat(70_000) }],
    ["metadata that is too large", { metadata: { blob: "x".repeat(20_000) } }],
    ["an id of another kind", { pool_id: "job_01jd3v8q6ze5fr8wq1m4t7x2yk" }],
    ["an empty description", { description: "   " }],
  ])("refuses %s", (_, change) => {
    expect(success({ ...inTheField, ...change })).toBe(false);
  });
});
