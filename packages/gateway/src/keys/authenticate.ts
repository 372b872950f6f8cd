import { timingSafeEqual } from "node:crypto";
import { sql } from "kysely";
import type { Scope } from "@hireforhumans/protocol";
import type { Database } from "../context.ts";
import type { Secret } from "../config.ts";
import type { KeyCaller, OperatorCaller } from "../http/caller.ts";
import { hashOfKey } from "./secret.ts";

/** @returns the caller of an API key; undefined where it is unknown, revoked or past its time */
export async function authenticateKey(db: Database, apiKey: string): Promise<KeyCaller | undefined> {
  const hash = hashOfKey(apiKey);
  const row = await db
    .selectFrom("api_keys")
    .innerJoin("clients", "clients.id", "api_keys.client_id")
    .select(["api_keys.id", "client_id", "address", "scopes", "cap_per_job", "cap_total", "expires_at"])
    .select(sql<boolean>`last_used_at is null or last_used_at < now() - interval '1 minute'`.as("unmarked"))
    .where(sql<boolean>`(secret_hash = ${hash} or (old_secret_hash = ${hash} and old_secret_until > now()))`)
    .where("revoked_at", "is", null)
    .where(sql<boolean>`(expires_at is null or expires_at > now())`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.unmarked) {
    await db
      .updateTable("api_keys")
      .set({ last_used_at: sql`now()` })
      .where("id", "=", row.id)
      .execute();
  }
  return {
    client: { id: row.client_id, address: row.address },
    key: {
      id: row.id,
      // Only scopes of the table were ever stored.
      scopes: row.scopes as Scope[],
      capPerJob: row.cap_per_job,
      capTotal: row.cap_total,
      expiresAt: row.expires_at,
    },
  };
}

/** @returns the operator where the token is OPERATOR_TOKEN */
export function authenticateOperator(expected: Secret | undefined, token: string): OperatorCaller | undefined {
  if (expected === undefined) return undefined;
  const [known, given] = [expected.reveal(), token].map((text) => Buffer.from(hashOfKey(text)));
  return known !== undefined && given !== undefined && timingSafeEqual(known, given) ? { operator: true } : undefined;
}
