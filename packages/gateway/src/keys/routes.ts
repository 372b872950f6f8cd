import { ZeroAddress } from "ethers";
import { sql } from "kysely";
import type { Selectable } from "kysely";
import { ApiError, type Key, type KeyCreate, formatUsdc } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import type { KeyCaller } from "../http/caller.ts";
import { requireStorable } from "../http/amounts.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { newId } from "../ids.ts";
import { bootstrapClient } from "./bootstrap.ts";
import { hashOfKey, newApiKey, prefixOfKey } from "./secret.ts";
import { spentByKeys } from "./spend.ts";

/** Keys and their limits. Secrets leave once, when a key is made. */
export function keyRoutes({ db, config }: Context): ServedRoute[] {
  return [
    serve("createClient", async ({ body }) => {
      const { address, name, cap_per_job, cap_total } = body;
      requirePayer(config, address);
      requireStorable("cap_per_job", cap_per_job);
      requireStorable("cap_total", cap_total);
      const made = await bootstrapClient(db, {
        address,
        name,
        ...(cap_per_job === undefined ? {} : { capPerJob: cap_per_job }),
        ...(cap_total === undefined ? {} : { capTotal: cap_total }),
      });
      const row = await db.selectFrom("api_keys").selectAll().where("id", "=", made.keyId).executeTakeFirstOrThrow();
      return { ...presentKey(row, address, 0n), secret: made.apiKey, webhook_secret: made.webhookSecret };
    }),

    serve("createKey", async ({ caller, body }) => {
      const secret = newApiKey();
      const row = await db
        .insertInto("api_keys")
        .values({
          ...grantOf(caller, body),
          id: newId("key"),
          client_id: caller.client.id,
          made_by: caller.key.id,
          name: body.name,
          secret_hash: hashOfKey(secret),
          secret_prefix: prefixOfKey(secret),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const client = await db
        .selectFrom("clients")
        .select("webhook_secret")
        .where("id", "=", caller.client.id)
        .executeTakeFirstOrThrow();
      return { ...presentKey(row, caller.client.address, 0n), secret, webhook_secret: client.webhook_secret };
    }),

    serve("listKeys", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "key");
      const rows = await db
        .selectFrom("api_keys")
        .selectAll()
        .where("client_id", "=", caller.client.id)
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      const spent = await spentByKeys(
        db,
        rows.map((row) => row.id),
      );
      return pageOf(rows, query.limit, (row) => presentKey(row, caller.client.address, spent.get(row.id) ?? 0n));
    }),

    serve("revokeKey", async ({ caller, params }) => {
      const { rows } = await sql`
        with recursive family as (
          select id from api_keys where id = ${params.id} and client_id = ${caller.client.id}
          union all
          select k.id from api_keys k join family on k.made_by = family.id
        )
        update api_keys set revoked_at = coalesce(revoked_at, now()) where id in (select id from family) returning id
      `.execute(db);
      if (rows.length === 0) throw new ApiError("not_found", `There is no key ${params.id}.`, { param: "id" });
    }),
  ];
}

/** A key of these would post jobs for an account that nobody holds, or for the fund that only the gateway posts for. */
function requirePayer({ escrow, reputation, usdc, reviewFund }: Context["config"], address: string): void {
  if (![ZeroAddress, escrow, reputation, usdc, reviewFund].includes(address)) return;
  throw new ApiError("invalid_request", `address is ${address}, which is no client's wallet.`, { param: "address" });
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

function presentKey(row: Selectable<Schema["api_keys"]>, clientAddress: string, spent: bigint) {
  return {
    id: row.id,
    client_id: row.client_id,
    client_address: clientAddress,
    name: row.name,
    secret_prefix: row.secret_prefix,
    scopes: row.scopes as Key["scopes"],
    cap_per_job: row.cap_per_job === null ? null : formatUsdc(row.cap_per_job),
    cap_total: row.cap_total === null ? null : formatUsdc(row.cap_total),
    spent: formatUsdc(spent),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}
