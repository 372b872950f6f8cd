import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startJudgeServer } from "../../../oracle/test/injections/judge-server.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { recordingLog } from "../support/log.ts";

const apiKey = "sk-a-key-that-nobody-may-see";
const rubric = { check: "rubric" as const, params: { question: "Was it refunded?", judged_by: "model" as const } };
const asking = { acceptance: { checks: [rubric] } };

describe("a gateway with a model", () => {
  const { log, lines } = recordingLog();
  let stage: Stage;
  let model: Awaited<ReturnType<typeof startJudgeServer>>;
  beforeAll(async () => {
    model = await startJudgeServer(({ text, headers }) =>
      text.includes("broken")
        ? { status: 500, body: { error: { message: headers } } }
        : text.includes("by re_1")
          ? "yes"
          : "no",
    );
    const env = {
      JUDGE_PROVIDER: "anthropic",
      JUDGE_MODEL: "judge-1",
      JUDGE_API_KEY: apiKey,
      JUDGE_BASE_URL: model.url,
    };
    stage = await startStage({ env, log });
  });
  afterAll(async () => {
    await stage.stop();
    await model.close();
  });

  const rubricOf = async (text: string) => {
    const { job } = await stage.delivered(asking, [{ kind: "text", text }]);
    const { outcome, reasons } = await until("there is a verdict", () =>
      stage.agent.jobs.verdict(job.job_id).catch(() => undefined),
    );
    return { job, outcome, found: reasons.checks.find(({ check }) => check === "rubric") };
  };

  it("pays by its yes, and leaves all else to a person", async () => {
    const { job, found } = await rubricOf("Refunded by re_1.");
    expect(found).toMatchObject({ outcome: "pass", details: { model: "judge-1", answer: "yes" } });
    await stage.reached(job.job_id, "paid");
    expect(await rubricOf("I told the customer to wait.")).toMatchObject({
      outcome: "unsure",
      found: { outcome: "unsure", details: { answer: "no" } },
    });
  });

  it("fails nobody where the service fails, and tells nobody the key", async () => {
    expect(await rubricOf("The service is broken.")).toMatchObject({ outcome: "unsure" });
    const told = JSON.stringify(lines);
    expect(told).toContain("The model judge-1 of anthropic gave status 500.");
    expect(told).not.toContain(apiKey);
    expect(model.asked.at(-1)?.headers.authorization).toBe(`Bearer ${apiKey}`);
  });
});
