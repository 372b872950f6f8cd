import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, createOperator, type Operator } from "@hireforhumans/client";
import { Wallet } from "ethers";
import { type Stage, startStage } from "../gateway/stage.ts";

const operatorToken = `hfo_${"a1".repeat(20)}`;
const description = "Write a five-star review for our restaurant. Customer c_1042 will thank you.";

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
