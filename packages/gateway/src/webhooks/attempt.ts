import { Webhook } from "standardwebhooks";
import type { Context } from "../context.ts";
import { eventBody } from "../jobs/event-body.ts";
import { jobColumns } from "../jobs/find.ts";
import { presentOneJob } from "../jobs/present.ts";
import type { ClaimedDelivery } from "./claim.ts";
import { secretsOf } from "./secrets.ts";

/** What became of a try, in words for the client. */
export interface AttemptResult {
  delivered: boolean;
  /** Of the receiver's answer; null where none came. */
  status: number | null;
  error: string | null;
}

/** Sends an event to its endpoint once. `webhook-id` is the event's, so that a receiver knows what it had before. */
export async function attemptDelivery(ctx: Context, delivery: ClaimedDelivery): Promise<AttemptResult> {
  const { endpoint, event, job } = await contentOf(ctx, delivery);
  const body = JSON.stringify(eventBody(event, await presentOneJob(ctx, job)));
  const now = new Date();
  const headers = {
    ...lowercase(endpoint.headers),
    "content-type": "application/json",
    "user-agent": "HireForHumans",
    "webhook-id": event.id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": signaturesOf(secretsOf(endpoint, now), event.id, now, body),
  };
  try {
    const { status } = await ctx.network.request(new URL(endpoint.url), { method: "POST", headers, body });
    const delivered = status >= 200 && status < 300;
    return { delivered, status, error: delivered ? null : `the receiver answered with status ${status}` };
  } catch (error) {
    ctx.log.debug({ err: error, delivery_id: delivery.id }, "a webhook got no answer");
    return { delivered: false, status: null, error: reasonOf(error) };
  }
}

/** As Standard Webhooks has it while a secret is rotated: one signature beside the other; a receiver takes the one it knows. */
const signaturesOf = (secrets: readonly string[], id: string, at: Date, body: string): string =>
  secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" ");

/** A name in other letters is the same header; ours must be the only one of its name. */
const lowercase = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

async function contentOf({ db }: Context, delivery: ClaimedDelivery) {
  const endpoint = await db
    .selectFrom("webhook_endpoints")
    .innerJoin("clients", "clients.id", "webhook_endpoints.client_id")
    .select(["url", "headers", "job_id", "secret", "old_secret", "old_secret_until"])
    .select(["webhook_secret", "old_webhook_secret", "old_webhook_secret_until"])
    .where("webhook_endpoints.id", "=", delivery.endpoint_id)
    .executeTakeFirstOrThrow();
  const event = await db
    .selectFrom("job_events")
    .selectAll()
    .where("id", "=", delivery.event_id)
    .executeTakeFirstOrThrow();
  const job = await db.selectFrom("jobs").select(jobColumns).where("id", "=", event.job_id).executeTakeFirstOrThrow();
  return { endpoint, event, job };
}

/** What kind of failure it was, without addresses. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_IP_BLOCKED") return "the receiver's address is not a public one";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the receiver's name does not resolve";
  if (code === "ECONNREFUSED") return "the receiver refused the connection";
  const late = error instanceof Error && (error.name === "TimeoutError" || code.includes("TIMEOUT"));
  return late ? "the receiver did not answer in time" : "the connection to the receiver failed";
}
