import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/stack/until.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { engines, gatewayDatabase } from "../support/database.ts";

describe.each(engines)("evidence that was there before (%s)", (engine) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ database: gatewayDatabase(engine) });
  });
  afterAll(() => stage.stop());

  const account = (order: string) => ({
    kind: "text" as const,
    text:
      `Spoke with the customer on the phone about order ${order}. The second charge came from a payment page that was ` +
      "loaded twice. It was refunded to the card by which it was paid, which takes three to five working days. The " +
      "customer has the refund's number by mail and agreed to the case being closed. Nothing else is open.",
  });
  const verdictOf = (jobId: string) =>
    until(`there is a verdict on ${jobId}`, () => stage.agent.jobs.verdict(jobId).catch(() => undefined));

  it("a reworded copy is left to a person, with what it is like", async () => {
    const first = await stage.delivered({}, [account("7781")]);
    await stage.reached(first.job.job_id, "paid");
    const second = await stage.delivered({}, [account("9034")]);
    const { outcome, reasons } = await verdictOf(second.job.job_id);
    expect(outcome).toBe("unsure");
    expect(reasons.checks.find(({ check }) => check === "duplicate")).toMatchObject({
      outcome: "unsure",
      details: { near_duplicates: [{ item: 0, percent: expect.any(Number) as number }] },
    });
  });

  it("a copy fails, and what it was copied from does not, when it is looked at once more after it", async () => {
    const original = { kind: "text" as const, text: "Called the bank, which gave back the fee. ".repeat(8) };
    const checks = [{ check: "customer_confirmation" as const, params: {} }];
    const { job, offer } = await stage.accepted({ acceptance: { checks } });
    const { token_hash, url } = await stage.ada.api.evidence.askCustomer(job.job_id, "It is settled.");
    const items = [original, { kind: "customer_confirmation" as const, token_hash }];
    await stage.ada.api.evidence.submit(offer, { resolution: "Done.", items });
    expect((await verdictOf(job.job_id)).outcome).toBe("unsure");

    const copy = await stage.delivered({}, [original]);
    expect((await verdictOf(copy.job.job_id)).outcome).toBe("fail");

    const token = url.split("/").at(-1) ?? "";
    await stage.call("POST", `/v1/confirmations/${token}`, {
      body: { answer: "confirmed" },
      accept: "application/json",
    });
    await stage.reached(job.job_id, "paid");
  });
});
