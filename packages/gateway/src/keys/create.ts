import { ApiError, type KeyCreate, type KeyCreated, formatUsdc } from "@hireforhumans/protocol";
import { recordAct } from "../audit/record.ts";
import type { Database, Trx } from "../context.ts";
import { requireStorable } from "../http/amounts.ts";
import type { KeyCaller } from "../http/caller.ts";
import type { CallOf } from "../http/route.ts";
import { newId } from "../ids.ts";
import { presentKey } from "./present.ts";
import { hashOfKey, newApiKey, prefixOfKey } from "./secret.ts";

/** Makes a key for the caller's client. @throws ApiError scope_missing, amount_above_cap, invalid_request, unauthenticated */
export async function createKey(db: Database, call: CallOf<"createKey">): Promise<KeyCreated> {
  const { caller, body } = call;
  const grant = grantOf(caller, body);
  const secret = newApiKey();
  return db.transaction().execute(async (trx) => {
    const webhook_secret = await lockClient(trx, caller);
    const row = await trx
      .insertInto("api_keys")
      .values({
        ...grant,
        id: newId("key"),
        client_id: caller.client.id,
        made_by: caller.key.id,
        name: body.name,
        secret_hash: hashOfKey(secret),
        secret_prefix: prefixOfKey(secret),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordAct(trx, call, {
      action: "key.created",
      subject: row.id,
      clientId: row.client_id,
      details: { scopes: row.scopes, expires_at: row.expires_at?.toISOString() ?? null },
    });
    return { ...presentKey(row, caller.client.address, 0n), secret, webhook_secret };
  });
}

/**
 * A key that is being revoked must not make one more meanwhile, which would outlive it; whoever revokes locks the client too.
 * @returns the client's webhook secret
 * @throws ApiError unauthenticated
 */
async function lockClient(trx: Trx, { client, key }: KeyCaller): Promise<string> {
  const { webhook_secret } = await trx
    .selectFrom("clients")
    .select("webhook_secret")
    .where("id", "=", client.id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const maker = await trx.selectFrom("api_keys").select("revoked_at").where("id", "=", key.id).executeTakeFirst();
  if (maker?.revoked_at === null) return webhook_secret;
  throw new ApiError("unauthenticated", "This key was revoked a moment ago.");
}

/**
 * What a new key may do: never more than the key that makes it. What is left out is as much as that one has.
 * @throws ApiError scope_missing, amount_above_cap, invalid_request
 */
function grantOf({ key }: KeyCaller, wanted: KeyCreate) {
  const beyond = wanted.scopes.filter((scope) => !key.scopes.includes(scope));
  if (beyond.length > 0) {
    throw new ApiError("scope_missing", `This key can't grant ${beyond.join(", ")}: it has ${key.scopes.join(", ")}.`, {
      param: "scopes",
    });
  }
  const expiresAt = wanted.expires_at === undefined ? key.expiresAt : new Date(wanted.expires_at);
  if (expiresAt !== null && expiresAt <= new Date()) {
    throw new ApiError("invalid_request", `expires_at is ${expiresAt.toISOString()}, which is past.`, {
      param: "expires_at",
    });
  }
  if (key.expiresAt !== null && expiresAt !== null && expiresAt > key.expiresAt) {
    throw new ApiError(
      "invalid_request",
      `This key ends at ${key.expiresAt.toISOString()}; one it makes can't outlast it.`,
      {
        param: "expires_at",
      },
    );
  }
  return {
    scopes: wanted.scopes,
    cap_per_job: capOf("cap_per_job", wanted.cap_per_job, key.capPerJob),
    cap_total: capOf("cap_total", wanted.cap_total, key.capTotal),
    expires_at: expiresAt,
  };
}

function capOf(param: string, wanted: bigint | undefined, own: bigint | null): bigint | null {
  requireStorable(param, wanted);
  if (wanted === undefined || own === null || wanted <= own) return wanted ?? own;
  throw new ApiError(
    "amount_above_cap",
    `${formatUsdc(wanted)} is above this key's own ${param} of ${formatUsdc(own)}.`,
    {
      param,
    },
  );
}
