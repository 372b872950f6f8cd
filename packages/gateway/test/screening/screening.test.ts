import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, createOperator, type Operator } from "@hireforhumans/client";
import type { JobCreateInput } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { type Stage, startStage } from "../gateway/stage.ts";

const operatorToken = `hfo_${"a1".repeat(20)}`;
const description = "Write a five-star review for our restaurant. Customer c_1042 will thank you.";

const screeningIn = (error: unknown) =>
  (error as { problem: { screening: { id: string; rule: string } } }).problem.screening;
const rubric = (question: string) => ({ acceptance: { checks: [{ check: "rubric" as const, params: { question } }] } });
const http = (url: string) => ({ acceptance: { checks: [{ check: "http_confirmation" as const, params: { url } }] } });

describe("a job that nobody may be hired for", () => {
  let stage: Stage;
  let operator: Operator;
  beforeAll(async () => {
    stage = await startStage({ env: { OPERATOR_TOKEN: operatorToken } });
    operator = createOperator({ baseUrl: stage.stack.gateway.url, token: operatorToken });
  });
  afterAll(() => stage.stop());

  async function refusal() {
    const error: unknown = await stage.post({ description }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ status: 422, code: "job_refused", problem: { param: "description" } });
    return (error as { problem: { screening: { id: string; rule: string } } }).problem.screening;
  }

  it("is refused with rule and sentence before any money moves, the same each time, and passes once allowed on appeal", async () => {
    const screening = await refusal();
    expect(screening).toMatchObject({
      rule: "fake_engagement",
      sentence: "Write a five-star review for our restaurant.",
    });
    expect((await refusal()).id).toBe(screening.id);
    expect((await stage.agent.jobs.list({})).data).toEqual([]);

    await stage.agent.screenings.appeal(screening.id, "We test a review form; nothing is published.");
    const open = await operator.screenings.list({ status: "appealed" });
    expect(open.data).toMatchObject([{ id: screening.id, appeal: "We test a review form; nothing is published." }]);
    await operator.screenings.decide(screening.id, { allow: true, note: "A form under test." });
    expect((await stage.post({ description })).status).toBe("funding");
    await expect(stage.agent.screenings.appeal(screening.id, "again")).rejects.toMatchObject({ code: "wrong_status" });
  });

  it("stays refused where the operator upholds it, and for every other text", async () => {
    const other = { description: "Solve 50 captchas and return the tokens." };
    await expect(stage.post(other)).rejects.toMatchObject({ code: "job_refused" });
    const [screening] = (await stage.agent.screenings.list({ status: "refused" })).data;
    await operator.screenings.decide(screening?.id ?? "", { allow: false, note: "No." });
    await expect(stage.post(other)).rejects.toThrow(/captchas/);
    expect((await stage.agent.screenings.list({ status: "upheld" })).data).toMatchObject([{ note: "No." }]);
  });

  it("is not read into what a customer said", async () => {
    const conversation_history = [
      { role: "customer", content: "Write a five-star review or I sue! Send me your password." },
    ];
    const job = await stage.post({ description: "Calm the customer down.", context: { conversation_history } });
    expect(job.job_id).toMatch(/^job_/);
  });

  const ask = "Write a five-star review for our restaurant.";
  const places: [string, Partial<JobCreateInput>][] = [
    ["requirements.0", { requirements: [ask] }],
    ["category", { category: "write_five_star_reviews", domain: "x" }],
    ["domain", { domain: "write five-star reviews" }],
    ["certifications.0", { certifications: ["write_positive_reviews"] }],
    ["acceptance.checks.0.params.question", rubric(ask)],
    ["acceptance.response_schema.description", { acceptance: { response_schema: { description: ask } } }],
    ["acceptance.checks.0.params.url", http("https://1.1.1.1/write-a-five-star-review")],
    ["context.summary", { context: { summary: ask } }],
    ["context.question", { context: { question: ask } }],
    ["context.constraints.0", { context: { constraints: [ask] } }],
    ["context.response_options.0", { context: { response_options: [ask] } }],
    ["context.user_confirmed.0", { context: { user_confirmed: [ask] } }],
    ["context.attachments.0.name", { context: { attachments: [{ uri: "x", name: "Write_a_5-star_review.pdf" }] } }],
    [
      "context.attachments.0.uri",
      { context: { attachments: [{ uri: "https://files.example/write-a-five-star-review.pdf" }] } },
    ],
    ["context.instructions.steps.1", { context: { instructions: { steps: ["Read.", ask] } } }],
    ["context", { context: { "Write a five-star review for our restaurant on Google Maps": true } }],
    [
      "context.conversation_history.1.content",
      {
        context: {
          conversation_history: [
            { role: "customer", content: "Hello." },
            { role: "assistant", content: `To the worker: ${ask}` },
          ],
        },
      },
    ],
    ["context.conversation_history", { context: { conversation_history: `Your task: ${ask}` } }],
    ["context.attempts.0.result", { context: { attempts: [{ tool: "post", result: `This job: ${ask}` }] } }],
    ["state.note", { state: { note: `Whoever takes it: this task is simple. ${ask}` } }],
  ];

  it.each(places)("is found wherever its worker would read it: %s", async (param, request) => {
    await expect(stage.post(request)).rejects.toMatchObject({ code: "job_refused", problem: { param } });
  });

  it("is not read into what bots and tools said to customers, nor into what only the client sees", async () => {
    const conversation_history = [
      { role: "assistant", content: "Please enter the verification code that we sent. Leave us a 5-star review!" },
      { role: "customer", content: "Please send me my password." },
    ];
    const context = { conversation_history, attempts: [{ tool: "sms", result: "Enter the verification code." }] };
    const job = await stage.post({ context, metadata: { campaign: ask }, state: { last: "Send the 2FA code." } });
    expect(job.job_id).toMatch(/^job_/);
  });

  it("is allowed by its text: what stands beside it may change, and is read for itself", async () => {
    const text = "Leave a positive comment under this post.";
    const screening = await stage.post({ context: { summary: text } }).catch(screeningIn);
    await operator.screenings.decide((screening as { id: string }).id, { allow: true, note: "Their own page." });
    expect((await stage.post({ context: { summary: text, customer_id: "c_1" } })).status).toBe("funding");
    await expect(stage.post({ description: ask, context: { summary: text } })).rejects.toMatchObject({
      code: "job_refused",
      problem: { param: "description" },
    });
  });

  it("can't be asked for in a message instead; workers may write what they want", async () => {
    const { job } = await stage.accepted();
    const refused = await stage.agent.jobs
      .sendMessage(job.job_id, { body: "Also, send me your Netflix password." })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(refused).toMatchObject({ status: 422, code: "message_refused", problem: { param: "body" } });
    expect(screeningIn(refused)).toMatchObject({ rule: "credentials_sharing" });
    expect((await stage.agent.jobs.messages(job.job_id)).data).toEqual([]);
    await stage.agent.jobs.sendMessage(job.job_id, { body: "Take your time." });
    await stage.ada.api.jobs.sendMessage(job.job_id, { body: "He said: send me your password." });
    expect((await stage.agent.jobs.messages(job.job_id)).data).toHaveLength(2);
  });

  it("is nobody's but its client's and the operator's", async () => {
    const key = await operator.createClient({ address: Wallet.createRandom().address, cap_per_job: "20.00" });
    expect(key).toMatchObject({ cap_per_job: "20.00", secret: expect.stringMatching(/^hfh_/) as string });
    const stranger = createClient({ baseUrl: stage.stack.gateway.url, apiKey: key.secret });
    expect((await stranger.screenings.list()).data).toEqual([]);
    const [own] = (await stage.agent.screenings.list()).data;
    await expect(stranger.screenings.appeal(own?.id ?? "", "mine")).rejects.toMatchObject({ status: 404 });
    await expect(stage.agent.screenings.decide(own?.id ?? "", { allow: true, note: "ok" })).rejects.toMatchObject({
      status: 403,
    });
    for (const token of [`${operatorToken}x`, "hfo_", stage.ada.token, stage.stack.apiKey]) {
      const answer = await stage.call("POST", "/v1/clients", { token, body: { address: stage.ada.address } });
      expect([401, 403]).toContain(answer.status);
    }
  });
});
