import { type CheckResult } from "@hireforhumans/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packetWith } from "../case.ts";
import { startJudgeServer } from "../injections/judge-server.ts";
import { startWorld, type World } from "./world.ts";

const apiKey = "sk-a-key-that-nobody-may-see";
let world: World;
let model: Awaited<ReturnType<typeof startJudgeServer>>;
beforeAll(async () => {
  // A service that repeats what it was sent, key and all.
  model = await startJudgeServer(({ text, headers }) =>
    text.includes("broken") ? { status: 401, body: { error: { message: headers } } } : "yes",
  );
  world = await startWorld();
});
afterAll(async () => {
  await world.stop();
  await model.close();
});

const question = { check: "rubric" as const, params: { question: "Was it refunded?", judged_by: "model" as const } };

async function rubricOf(text: string): Promise<CheckResult | undefined> {
  const packet = packetWith({ acceptance: { required_evidence: [], checks: [question], reviewers: 0 } });
  const { status, body } = await world.verify(await world.honest([{ kind: "text", text }], {}, packet));
  expect(status).toBe(200);
  return (body["checks"] as CheckResult[]).find(({ check }) => check === "rubric");
}

it.each([
  ["anthropic", "", "/v1/messages"],
  ["openai", "/v1", "/v1/chat/completions"],
] as const)("a node asks the model that its configuration names, and keeps the key to itself: %s", async (...row) => {
  const [provider, base, path] = row;
  const judge = { provider, model: "judge-1", apiKey, baseUrl: `${model.url}${base}` };
  await world.restart({ judge });
  expect(await rubricOf("Refunded by re_1.")).toMatchObject({ outcome: "pass", details: { model: "judge-1" } });
  const asked = model.asked.at(-1);
  expect(asked).toMatchObject({ path, model: "judge-1" });
  expect(JSON.stringify(asked?.headers)).toContain(apiKey);
  expect(asked?.text).not.toContain(apiKey);

  expect(await rubricOf("The service is broken.")).toMatchObject({ outcome: "unsure" });
  expect(world.said.join("")).toContain("gave status 401");
  expect(world.said.join("")).not.toContain(apiKey);
});

it("has none unless its configuration names one", async () => {
  await world.restart();
  const asked = model.asked.length;
  expect(await rubricOf("Refunded by re_2.")).toMatchObject({
    outcome: "unsure",
    reason: expect.stringContaining("no model") as string,
  });
  expect(model.asked).toHaveLength(asked);
});
