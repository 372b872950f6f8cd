import { sql } from "kysely";
import { ApiError, type KeyCreated } from "@hireforhumans/protocol";
import { recordAct } from "../audit/record.ts";
import type { Database } from "../context.ts";
import type { CallOf } from "../http/route.ts";
import { presentKey } from "./present.ts";
import { hashOfKey, newApiKey, prefixOfKey } from "./secret.ts";
import { spentByKeys } from "./spend.ts";

/**
 * Gives a key a new secret; the key stays the same, with its scopes, caps and what it spent. Only the key itself can, or
 * one that it descends from: the secret of a stronger one would be more than the caller may have.
 * @throws ApiError not_found
 */
export async function rotateKey(db: Database, call: CallOf<"rotateKey">): Promise<KeyCreated> {
  const { caller, params, body } = call;
  const secret = newApiKey();
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      with recursive family as (
        select id from api_keys where id = ${caller.key.id}
        union all
        select k.id from api_keys k join family on k.made_by = family.id
      )
      select id from family where id = ${params.id}
    `.execute(trx);
    const row =
      rows.length === 0
        ? undefined
        : await trx
            .updateTable("api_keys")
            .set({
              // One that still had its own grace is taken no longer.
              old_secret_hash: body.grace_minutes > 0 ? sql<string>`secret_hash` : null,
              old_secret_until:
                body.grace_minutes > 0 ? sql<Date>`now() + make_interval(mins => ${body.grace_minutes})` : null,
              secret_hash: hashOfKey(secret),
              secret_prefix: prefixOfKey(secret),
            })
            .where("id", "=", params.id)
            .where("revoked_at", "is", null)
            .where(sql<boolean>`(expires_at is null or expires_at > now())`)
            .returningAll()
            .executeTakeFirst();
    if (row === undefined) {
      throw new ApiError("not_found", `There is no key ${params.id} that is in use and that this key is or has made.`, {
        param: "id",
      });
    }
    const { webhook_secret } = await trx
      .selectFrom("clients")
      .select("webhook_secret")
      .where("id", "=", row.client_id)
      .executeTakeFirstOrThrow();
    const spent = (await spentByKeys(trx, [row.id])).get(row.id) ?? 0n;
    await recordAct(trx, call, {
      action: "key.rotated",
      subject: row.id,
      clientId: row.client_id,
      details: { grace_minutes: body.grace_minutes },
    });
    return { ...presentKey(row, caller.client.address, spent), secret, webhook_secret };
  });
}
