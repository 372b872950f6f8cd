import { sql } from "kysely";
import { ApiError, type EndpointCreated, type WebhookSecretRotated } from "@hireforhumans/protocol";
import { recordAct } from "../audit/record.ts";
import type { Context } from "../context.ts";
import type { CallOf } from "../http/route.ts";
import { newWebhookSecret } from "../keys/secret.ts";
import { presentEndpoint } from "./endpoints.ts";

export interface SigningSecrets {
  /** Set where the endpoint came with a job; it signs with its client's secrets then. */
  job_id: string | null;
  secret: string;
  old_secret: string | null;
  old_secret_until: Date | null;
  webhook_secret: string;
  old_webhook_secret: string | null;
  old_webhook_secret_until: Date | null;
}

/** @returns what a delivery is signed with now: the present secret, and in its grace the one before */
export function secretsOf(endpoint: SigningSecrets, now: Date): string[] {
  const [secret, old, until] =
    endpoint.job_id === null
      ? [endpoint.secret, endpoint.old_secret, endpoint.old_secret_until]
      : [endpoint.webhook_secret, endpoint.old_webhook_secret, endpoint.old_webhook_secret_until];
  return old !== null && until !== null && until > now ? [secret, old] : [secret];
}

const untilIn = (minutes: number) => (minutes > 0 ? sql<Date>`now() + make_interval(mins => ${minutes})` : null);

/** @throws ApiError not_found, invalid_request */
export async function rotateEndpointSecret(
  ctx: Context,
  call: CallOf<"rotateEndpointSecret">,
): Promise<EndpointCreated> {
  const { caller, params, body } = call;
  const { grace_minutes } = body;
  const secret = newWebhookSecret();
  return ctx.db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable("webhook_endpoints")
      .set({
        secret,
        old_secret: grace_minutes > 0 ? sql<string>`secret` : null,
        old_secret_until: untilIn(grace_minutes),
      })
      .where("id", "=", params.id)
      .where("client_id", "=", caller.client.id)
      .where("deleted_at", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new ApiError("not_found", `There is no endpoint ${params.id}.`, { param: "id" });
    if (row.job_id !== null) {
      throw new ApiError(
        "invalid_request",
        `The endpoint ${row.id} came with a job and signs with your client's secret. Rotate that: POST /v1/webhooks/secret/rotate.`,
        { param: "id" },
      );
    }
    const about = { subject: row.id, clientId: row.client_id, details: { grace_minutes } };
    await recordAct(trx, call, { action: "endpoint.secret_rotated", ...about });
    return { ...presentEndpoint(row), secret };
  });
}

/** The secret of all endpoints that came with a job. */
export async function rotateWebhookSecret(
  ctx: Context,
  call: CallOf<"rotateWebhookSecret">,
): Promise<WebhookSecretRotated> {
  const { caller, body } = call;
  const { grace_minutes } = body;
  const webhook_secret = newWebhookSecret();
  return ctx.db.transaction().execute(async (trx) => {
    const { old_webhook_secret_until } = await trx
      .updateTable("clients")
      .set({
        webhook_secret,
        old_webhook_secret: grace_minutes > 0 ? sql<string>`webhook_secret` : null,
        old_webhook_secret_until: untilIn(grace_minutes),
      })
      .where("id", "=", caller.client.id)
      .returning("old_webhook_secret_until")
      .executeTakeFirstOrThrow();
    const about = { subject: caller.client.id, clientId: caller.client.id, details: { grace_minutes } };
    await recordAct(trx, call, { action: "client.webhook_secret_rotated", ...about });
    return { webhook_secret, old_secret_until: old_webhook_secret_until?.toISOString() ?? null };
  });
}
