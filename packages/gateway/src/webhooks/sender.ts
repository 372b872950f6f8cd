import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import type { Context, Trx } from "../context.ts";
import { eventBody } from "../jobs/event-body.ts";
import { jobColumns } from "../jobs/find.ts";
import { presentOneJob } from "../jobs/present.ts";
import { circuitFailures, circuitPauseMs, pauseAfterMs } from "./retry.ts";

/** Sent at once by one process; each waits ten seconds at most. */
const batchSize = 20;

/** Longer than a try may take; whoever crashed in one is followed after it. */
const claimMs = 30_000;

interface Claimed {
  id: string;
  endpoint_id: string;
  event_id: string;
  attempts: number;
}

/**
 * Sends what is due: for each endpoint and job one at a time, in the order of the events.
 * @returns how many it tried
 */
export async function sendDueDeliveries(ctx: Context): Promise<number> {
  const claimed = await ctx.db.transaction().execute((trx) => claimDue(trx));
  await Promise.all(claimed.map((delivery) => send(ctx, delivery)));
  return claimed.length;
}

async function claimDue(trx: Trx): Promise<Claimed[]> {
  const due = await trx
    .selectFrom("webhook_deliveries as due")
    .innerJoin("webhook_endpoints as endpoint", "endpoint.id", "due.endpoint_id")
    .select("due.id")
    .where("due.status", "=", "pending")
    .where("due.next_attempt_at", "<=", new Date())
    .where("endpoint.deleted_at", "is", null)
    .where((where) =>
      where.or([where("endpoint.open_until", "is", null), where("endpoint.open_until", "<=", new Date())]),
    )
    .where(
      sql<boolean>`not exists (
        select 1 from webhook_deliveries earlier
        where earlier.endpoint_id = due.endpoint_id and earlier.job_id = due.job_id
          and earlier.sequence < due.sequence and earlier.status = 'pending'
      )`,
    )
    .orderBy("due.next_attempt_at")
    .limit(batchSize)
    .forUpdate("due")
    .skipLocked()
    .execute();
  if (due.length === 0) return [];
  return trx
    .updateTable("webhook_deliveries")
    .set((eb) => ({ attempts: eb("attempts", "+", 1), next_attempt_at: new Date(Date.now() + claimMs) }))
    .where(
      "id",
      "in",
      due.map(({ id }) => id),
    )
    .returning(["id", "endpoint_id", "event_id", "attempts"])
    .execute();
}

async function send(ctx: Context, delivery: Claimed): Promise<void> {
  const result = await attempt(ctx, delivery);
  await ctx.db.transaction().execute((trx) => record(trx, delivery, result));
  if (result.delivered) ctx.metrics.webhookDeliveries.inc({ outcome: "delivered" });
  else {
    ctx.metrics.webhookDeliveries.inc({ outcome: "failed" });
    ctx.log.info(
      { delivery_id: delivery.id, endpoint_id: delivery.endpoint_id, error: result.error },
      "a webhook failed",
    );
  }
}

type Result = { delivered: boolean; status: number | null; error: string | null };

async function attempt(ctx: Context, delivery: Claimed): Promise<Result> {
  const { endpoint, event } = await contentOf(ctx, delivery);
  const row = await ctx.db
    .selectFrom("jobs")
    .select(jobColumns)
    .where("id", "=", event.job_id)
    .executeTakeFirstOrThrow();
  const body = JSON.stringify(eventBody(event, await presentOneJob(ctx, row)));
  const now = new Date();
  const headers = {
    ...endpoint.headers,
    "content-type": "application/json",
    "user-agent": "HireForHumans",
    "webhook-id": event.id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(endpoint.secret).sign(event.id, now, body),
  };
  try {
    const { status } = await ctx.network.request(new URL(endpoint.url), { method: "POST", headers, body });
    const delivered = status >= 200 && status < 300;
    return { delivered, status, error: delivered ? null : `the receiver answered with status ${status}` };
  } catch (error) {
    return { delivered: false, status: null, error: reasonOf(error) };
  }
}

/** For the client, who may read it: what kind of failure it was, without addresses. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_IP_BLOCKED") return "the receiver's address is not a public one";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the receiver's name does not resolve";
  if (code === "ECONNREFUSED") return "the receiver refused the connection";
  if (error instanceof Error && (error.name === "TimeoutError" || code.includes("TIMEOUT")))
    return "the receiver did not answer in time";
  return "the connection to the receiver failed";
}

async function contentOf(ctx: Context, delivery: Claimed) {
  const [endpoint, event] = await Promise.all([
    ctx.db.selectFrom("webhook_endpoints").selectAll().where("id", "=", delivery.endpoint_id).executeTakeFirstOrThrow(),
    ctx.db.selectFrom("job_events").selectAll().where("id", "=", delivery.event_id).executeTakeFirstOrThrow(),
  ]);
  return { endpoint, event };
}

async function record(trx: Trx, delivery: Claimed, result: Result): Promise<void> {
  const pauseMs = pauseAfterMs(delivery.attempts);
  const told = { response_status: result.status, error: result.error };
  await trx
    .updateTable("webhook_deliveries")
    .set(
      result.delivered
        ? { ...told, status: "delivered", delivered_at: new Date() }
        : pauseMs === undefined
          ? { ...told, status: "dead" }
          : { ...told, next_attempt_at: new Date(Date.now() + pauseMs) },
    )
    .where("id", "=", delivery.id)
    .where("status", "=", "pending")
    .execute();
  await trx
    .updateTable("webhook_endpoints")
    .set((eb) =>
      result.delivered
        ? { failures: 0, open_until: null }
        : {
            failures: eb("failures", "+", 1),
            open_until: sql<Date | null>`case when failures + 1 >= ${circuitFailures} then ${new Date(Date.now() + circuitPauseMs)}::timestamptz end`,
          },
    )
    .where("id", "=", delivery.endpoint_id)
    .execute();
}
