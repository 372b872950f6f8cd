import { networkFailureOf } from "@hireforhumans/oracle";
import type { Event, Job } from "@hireforhumans/protocol";
import { Webhook } from "standardwebhooks";
import type { Context } from "../context.ts";
import { eventBody } from "../jobs/event-body.ts";
import { jobColumns } from "../jobs/find.ts";
import { presentJobs } from "../jobs/present.ts";
import type { ClaimedDelivery } from "./claim.ts";
import { type SigningSecrets, secretsOf } from "./secrets.ts";

/** What became of a try, in words for the client. */
export interface AttemptResult {
  delivered: boolean;
  /** Of the receiver's answer; null where none came. */
  status: number | null;
  error: string | null;
}

/** What a delivery sends, and where. */
export interface Sending {
  delivery: ClaimedDelivery;
  endpoint: SigningSecrets & { url: string; headers: Record<string, string> };
  /** As it is now, whatever the job was when it happened. */
  body: Event;
}

/** All that these deliveries send, read together. */
export async function sendingsOf(ctx: Context, deliveries: readonly ClaimedDelivery[]): Promise<Sending[]> {
  if (deliveries.length === 0) return [];
  const rows = await ctx.db
    .selectFrom("webhook_deliveries as delivery")
    .innerJoin("webhook_endpoints as endpoint", "endpoint.id", "delivery.endpoint_id")
    .innerJoin("clients as client", "client.id", "endpoint.client_id")
    .innerJoin("job_events as event", "event.id", "delivery.event_id")
    .select(["delivery.id as deliveryId", "endpoint.url", "endpoint.headers", "endpoint.job_id as ownJob"])
    .select(["endpoint.secret", "endpoint.old_secret", "endpoint.old_secret_until"])
    .select(["client.webhook_secret", "client.old_webhook_secret", "client.old_webhook_secret_until"])
    .select(["event.id", "event.job_id", "event.sequence", "event.type", "event.data", "event.created_at"])
    .where(
      "delivery.id",
      "in",
      deliveries.map(({ id }) => id),
    )
    .execute();
  const jobs = await jobsOf(ctx, [...new Set(rows.map(({ job_id }) => job_id))]);
  const byDelivery = new Map(rows.map((row) => [row.deliveryId, row]));
  return deliveries.map((delivery) => {
    const row = byDelivery.get(delivery.id);
    const job = row && jobs.get(row.job_id);
    if (row === undefined || job === undefined) throw new Error(`the delivery ${delivery.id} has no event`);
    return { delivery, endpoint: { ...row, job_id: row.ownJob }, body: eventBody(row, job) };
  });
}

async function jobsOf(ctx: Context, ids: readonly string[]): Promise<Map<string, Job>> {
  const rows = await ctx.db.selectFrom("jobs").select(jobColumns).where("id", "in", ids).execute();
  return new Map((await presentJobs(ctx, rows)).map((job) => [job.job_id, job]));
}

/** Sends an event to its endpoint once. `webhook-id` is the event's, so that a receiver knows what it had before. */
export async function attemptDelivery(
  ctx: Pick<Context, "network" | "log">,
  { delivery, endpoint, body: event }: Sending,
): Promise<AttemptResult> {
  const body = JSON.stringify(event);
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
    ctx.log.debug({ err: error, delivery_id: delivery.id, job_id: delivery.job_id }, "a webhook got no answer");
    return { delivered: false, status: null, error: failures[networkFailureOf(error)] };
  }
}

/** As Standard Webhooks has it while a secret is rotated: one signature beside the other; a receiver takes the one it knows. */
const signaturesOf = (secrets: readonly string[], id: string, at: Date, body: string): string =>
  secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" ");

/** A name in other letters is the same header; ours must be the only one of its name. */
const lowercase = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** What kind of failure it was, without addresses. */
const failures = {
  not_public: "the receiver's address is not a public one",
  unresolved: "the receiver's name does not resolve",
  refused: "the receiver refused the connection",
  late: "the receiver did not answer in time",
  failed: "the connection to the receiver failed",
} as const;
