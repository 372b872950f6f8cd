import type { Selectable } from "kysely";
import { type Key, formatUsdc } from "@hireforhumans/protocol";
import type { Schema } from "../database/schema.ts";

export type KeyRow = Selectable<Schema["api_keys"]>;

/** @param spent base units */
export function presentKey(row: KeyRow, clientAddress: string, spent: bigint) {
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
    old_secret_until: oldSecretUntil(row)?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

const oldSecretUntil = ({ old_secret_until }: KeyRow): Date | null =>
  old_secret_until !== null && old_secret_until > new Date() ? old_secret_until : null;
