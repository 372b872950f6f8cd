import { afterAll, beforeAll, expect, it } from "vitest";
import { gatewayDatabase } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type Stage, startStage } from "../gateway/stage.ts";

const { log, lines } = recordingLog();
let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ database: gatewayDatabase("embedded"), log });
}, 300_000);
afterAll(() => stage.stop());

const jobIdsIn = (line: Record<string, unknown>): string[] => [
  ...new Set(JSON.stringify(line).match(/job_[0-7][0-9a-hjkmnp-tv-z]{25}/g)),
];

it("names the job in each line about one, and the request in each line of one", { timeout: 60_000 }, async () => {
  const { agent, ada, stack } = stage;
  const { job } = await stage.delivered({ webhook_url: "http://127.0.0.1:9/nobody" });
  await stage.reached(job.job_id, "paid");
  const requestId = "asked-by-the-test";
  const answer = await fetch(`${stack.gateway.url}/v1/jobs/${job.job_id}`, {
    headers: { authorization: `Bearer ${stack.apiKey}`, "x-request-id": requestId },
  });
  expect(answer.status).toBe(200);
  const { status } = await stage.call("GET", "/v1/jobs/job_00000000000000000000000000", { token: stack.apiKey });
  expect(status).toBe(404);
  expect(await agent.jobs.get(job.job_id)).toMatchObject({ job_id: job.job_id });
  expect(await ada.api.jobs.get(job.job_id)).toMatchObject({ job_id: job.job_id });

  const about = lines.filter((line) => jobIdsIn(line).length > 0);
  for (const line of about) expect(jobIdsIn(line), JSON.stringify(line)).toEqual([line["job_id"]]);
  const said = new Set(about.filter((line) => line["job_id"] === job.job_id).map(({ msg }) => msg));
  expect([...said]).toEqual(expect.arrayContaining(["a transaction was mined", "request"]));
  const requests = lines.filter(({ msg }) => msg === "request");
  expect(requests.every(({ request_id }) => typeof request_id === "string")).toBe(true);
  expect(requests.find(({ request_id }) => request_id === requestId)).toMatchObject({
    route: "/v1/jobs/:id",
    status: 200,
    job_id: job.job_id,
  });
  // What a caller posts is told by the answer: its path names no job yet.
  expect(requests.find(({ method, route }) => method === "POST" && route === "/v1/jobs")).toMatchObject({
    job_id: job.job_id,
  });
});
