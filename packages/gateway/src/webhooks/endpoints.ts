import { ApiError, type Endpoint, type EndpointCreated, type EventType } from "@hireforhumans/protocol";
import { type Selectable, sql } from "kysely";
import { recordAct } from "../audit/record.ts";
import type { Context, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import type { CallOf } from "../http/route.ts";
import { newId } from "../ids.ts";
import { newWebhookSecret } from "../keys/secret.ts";

export type EndpointRow = Selectable<Schema["webhook_endpoints"]>;

/**
 * Refuses what a webhook must not be sent to. Called before anything is written; each connection is checked again.
 * @throws ApiError webhook_url_not_allowed
 */
export async function requireAllowedUrl(ctx: Pick<Context, "network">, url: string, param: string): Promise<void> {
  const refusal = await ctx.network.refusalOf(url);
  if (refusal === undefined) return;
  throw new ApiError("webhook_url_not_allowed", `The webhook URL is not allowed: ${refusal}.`, { param });
}

/** @throws ApiError webhook_url_not_allowed */
export async function createEndpoint(ctx: Context, call: CallOf<"createEndpoint">): Promise<EndpointCreated> {
  const { caller, body } = call;
  await requireAllowedUrl(ctx, body.url, "url");
  const secret = newWebhookSecret();
  return ctx.db.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto("webhook_endpoints")
      .values({
        id: newId("whk"),
        client_id: caller.client.id,
        url: body.url,
        secret,
        event_types: body.event_types,
        headers: JSON.stringify(body.headers),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordAct(trx, call, {
      action: "endpoint.created",
      subject: row.id,
      clientId: row.client_id,
      // The rest of the URL may hold a token.
      details: { host: new URL(row.url).host },
    });
    return { ...presentEndpoint(row), secret };
  });
}

/** An endpoint that comes with a job and hears of that job only; signed with the client's own secret. */
export interface JobEndpoint {
  client: { id: string; webhook_secret: string };
  jobId: string;
  url: string;
  headers: Record<string, string>;
}

export async function insertJobEndpoints(trx: Trx, endpoints: readonly JobEndpoint[]): Promise<void> {
  if (endpoints.length === 0) return;
  const rows = endpoints.map(({ client, jobId, url, headers }) => ({
    id: newId("whk"),
    client_id: client.id,
    url,
    secret: client.webhook_secret,
    headers,
    job_id: jobId,
  }));
  await sql`
    insert into webhook_endpoints (id, client_id, url, secret, headers, job_id)
    select id, client_id, url, secret, headers, job_id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as endpoint (id text, client_id text, url text, secret text, headers jsonb, job_id text)`.execute(trx);
}

/** Ends an endpoint with all that waits for it. @throws ApiError not_found */
export async function deleteEndpoint(ctx: Context, call: CallOf<"deleteEndpoint">): Promise<void> {
  const { id: endpointId } = call.params;
  const clientId = call.caller.client.id;
  await ctx.db.transaction().execute(async (trx) => {
    const deleted = await trx
      .updateTable("webhook_endpoints")
      .set({ deleted_at: new Date() })
      .where("id", "=", endpointId)
      .where("client_id", "=", clientId)
      .where("deleted_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (deleted === undefined) throw new ApiError("not_found", `There is no endpoint ${endpointId}.`, { param: "id" });
    await trx
      .updateTable("webhook_deliveries")
      .set({ status: "dead", error: "the endpoint was deleted" })
      .where("endpoint_id", "=", endpointId)
      .where("status", "=", "pending")
      .execute();
    await recordAct(trx, call, { action: "endpoint.deleted", subject: endpointId, clientId });
  });
}

export function presentEndpoint(row: EndpointRow): Endpoint {
  return {
    id: row.id,
    url: row.url,
    event_types: row.event_types as EventType[],
    header_names: Object.keys(row.headers),
    job_id: row.job_id,
    old_secret_until:
      row.old_secret_until !== null && row.old_secret_until > new Date() ? row.old_secret_until.toISOString() : null,
    paused_until: row.open_until !== null && row.open_until > new Date() ? row.open_until.toISOString() : null,
    created_at: row.created_at.toISOString(),
  };
}
