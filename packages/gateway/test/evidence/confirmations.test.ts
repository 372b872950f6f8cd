import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/stack/until.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { gatewayDatabase } from "../support/database.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ database: gatewayDatabase("embedded") });
});
afterAll(() => stage.stop());

const asks = { checks: [{ check: "customer_confirmation" as const, params: {} }] };
const pathOf = (url: string) => new URL(url).pathname;
const answer = (path: string, said: unknown) => stage.call("POST", path, { body: { answer: said } });

/** A job with evidence that waits for the customer's word. */
async function waiting(statement: string) {
  const { job, offer } = await stage.accepted({ acceptance: asks });
  const { url, token_hash } = await stage.ada.api.evidence.askCustomer(job.job_id, statement);
  const items = [
    { kind: "customer_confirmation" as const, token_hash },
    { kind: "text" as const, text: `Asked the customer of ${job.job_id}.` },
  ];
  await stage.ada.api.evidence.submit(offer, { resolution: "Settled with the customer.", items });
  await until("the oracle is unsure", async () => {
    const verdict = await stage.agent.jobs.verdict(job.job_id).catch(() => undefined);
    return verdict?.outcome === "unsure" ? verdict : undefined;
  });
  await until("the evidence is on chain alone", async () => {
    const { db } = stage.stack.gateway.context;
    const row = await db.selectFrom("jobs").select("chain_status").where("id", "=", job.job_id).executeTakeFirst();
    return row?.chain_status === "submitted" ? true : undefined;
  });
  return { job, path: pathOf(url) };
}

describe("POST /v1/jobs/:id/confirmations", () => {
  it("refuses a stranger, a client, and a worker who does not have the job", async () => {
    const { job, offer } = await stage.accepted();
    const path = `/v1/jobs/${job.job_id}/confirmations`;
    const body = { statement: "It was refunded." };
    expect((await stage.call("POST", path, { body })).status).toBe(401);
    expect((await stage.call("POST", path, { body, token: stage.stack.apiKey })).status).toBe(403);
    expect((await stage.call("POST", path, { body, token: stage.ben.token })).status).toBe(404);
    expect((await stage.call("POST", path, { body: { statement: " " }, token: stage.ada.token })).status).toBe(422);
    await stage.ada.api.evidence.submit(offer, { resolution: "Done.", items: [{ kind: "text", text: "Done." }] });
    expect(await stage.call("POST", path, { body, token: stage.ada.token })).toMatchObject({
      status: 409,
      body: { code: "wrong_status" },
    });
  });
});

describe("the customer's link", () => {
  it("is nobody's without the token", async () => {
    const made = "/v1/confirmations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    expect(await stage.call("GET", made)).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await answer(made, "confirmed")).toMatchObject({ status: 404, body: { code: "not_found" } });
    const { job } = await stage.accepted();
    const { token_hash } = await stage.ada.api.evidence.askCustomer(job.job_id, "It was refunded.");
    expect((await answer(`/v1/confirmations/${token_hash}`, "confirmed")).status).toBe(404);
  });

  it("shows the statement alone, and in a page that a stranger's words can't break", async () => {
    const statement = `It's "done" </blockquote><script>alert(1)</script> & <img src=x onerror=alert(1)>`;
    const { job } = await stage.accepted();
    const { url } = await stage.ada.api.evidence.askCustomer(job.job_id, statement);
    const json = await stage.call("GET", pathOf(url));
    expect(json.body).toEqual({ statement, answer: null, expires_at: expect.any(String) as string });

    const page = await stage.call("GET", pathOf(url), { accept: "text/html" });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'.*script-src 'sha256-/);
    expect(page.text).toContain(
      "It&#39;s &quot;done&quot; &lt;/blockquote&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img",
    );
    expect(page.text.match(/<script>/g)).toHaveLength(1);
    expect(page.text.trimEnd().endsWith("</html>")).toBe(true);
  });

  it("pays the worker once the customer confirms, and takes one answer only", async () => {
    const { job, path } = await waiting("The second charge was refunded.");
    expect(await answer(path, "perhaps")).toMatchObject({ status: 422 });
    expect((await stage.agent.jobs.get(job.job_id)).status).toBe("submitted");
    expect(await answer(path, "confirmed")).toMatchObject({ status: 200, body: { answer: "confirmed" } });
    expect(await answer(path, "confirmed")).toMatchObject({ status: 200, body: { answer: "confirmed" } });
    expect(await answer(path, "denied")).toMatchObject({ status: 409, body: { code: "already_confirmed" } });
    await stage.reached(job.job_id, "paid");
    expect((await stage.agent.jobs.verdict(job.job_id)).outcome).toBe("pass");
  });

  it("rejects the work once the customer denies, and says so to the worker", async () => {
    const { job, path } = await waiting("The customer is content.");
    expect(await answer(path, "denied")).toMatchObject({ status: 200, body: { answer: "denied" } });
    await stage.reached(job.job_id, "rejected");
    const { outcome, reasons } = await stage.ada.api.jobs.verdict(job.job_id);
    expect(outcome).toBe("fail");
    expect(reasons.checks.map(({ reason }) => reason)).toContain('The customer denied: "The customer is content.".');
  });

  it("ends by its date", async () => {
    const { path } = await waiting("It was long ago.");
    const { db } = stage.stack.gateway.context;
    await db
      .updateTable("confirmations")
      .set({ expires_at: new Date(0) })
      .where("answer", "is", null)
      .execute();
    expect(await answer(path, "confirmed")).toMatchObject({ status: 409, body: { code: "too_late" } });
  });
});
