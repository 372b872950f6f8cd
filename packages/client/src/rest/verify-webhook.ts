import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { type Event, eventSchema } from "@hireforhumans/protocol";

export { WebhookVerificationError };

/** Request headers as a web framework hands them over. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

/**
 * Checks that a webhook is from the gateway, unchanged and at most 5 minutes old, and gives its event. Deliveries may
 * come twice: an event whose `id` was seen before is already handled.
 * @param body exactly as it arrived, before any parsing
 * @param secret `whsec_…`: the endpoint's, or the key's `webhook_secret` for a job's `webhook_url`
 * @throws WebhookVerificationError when the signature or time is wrong, z.ZodError when the content is no event
 * @example app.post("/hook", express.raw({ type: () => true }), (req) => handle(verifyWebhook(req.headers, req.body, secret)));
 */
export function verifyWebhook(headers: WebhookHeaders, body: string | Uint8Array, secret: string): Event {
  const text = typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body);
  const signed = {
    "webhook-id": headerOf(headers, "webhook-id"),
    "webhook-timestamp": headerOf(headers, "webhook-timestamp"),
    "webhook-signature": headerOf(headers, "webhook-signature"),
  };
  return eventSchema.parse(new Webhook(secret).verify(text, signed));
}

function headerOf(headers: WebhookHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const entry = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return (Array.isArray(entry) ? entry[0] : entry) ?? "";
}
