import { describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { verifyWebhook, WebhookVerificationError } from "@hireforhumans/client";
import { event, job } from "../support/samples.ts";

const SECRET = `whsec_${Buffer.from("a secret of 24 bytes ...").toString("base64")}`;
const completed = event(
  "job.completed",
  7,
  job({ status: "paid", resolution: "Refunded.", worker_notes: "Was kind." }),
);
const body = JSON.stringify(completed);

function signed(text: string, { at = new Date(), secret = SECRET } = {}): Record<string, string> {
  return {
    "webhook-id": completed.id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(completed.id, at, text),
  };
}

describe("verifyWebhook", () => {
  it("gives the event of a webhook that is from the gateway", () => {
    expect(verifyWebhook(signed(body), body, SECRET)).toEqual(completed);
    expect(verifyWebhook(new Headers(signed(body)), new TextEncoder().encode(body), SECRET)).toEqual(completed);
    const headers = { ...signed(body), "Webhook-Id": undefined, accept: ["a", "b"] };
    expect(verifyWebhook(headers, body, SECRET)).toEqual(completed);
  });

  it.each([
    ["with another body", signed(body), body.replace("Refunded.", "Refunded!"), SECRET],
    ["signed with another secret", signed(body, { secret: `whsec_${btoa("another")}` }), body, SECRET],
    ["that is old", signed(body, { at: new Date(Date.now() - 6 * 60_000) }), body, SECRET],
    ["from the future", signed(body, { at: new Date(Date.now() + 6 * 60_000) }), body, SECRET],
    ["without headers", {}, body, SECRET],
    ["under another id", { ...signed(body), "webhook-id": "evt_other" }, body, SECRET],
  ])("refuses one %s", (_, headers, text, secret) => {
    expect(() => verifyWebhook(headers, text, secret)).toThrow(WebhookVerificationError);
  });
});
