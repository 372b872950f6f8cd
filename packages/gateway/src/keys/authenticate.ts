import { timingSafeEqual } from "node:crypto";
import { sql } from "kysely";
import type { Scope } from "@hireforhumans/protocol";
import type { Database } from "../context.ts";
import type { Secret } from "../config.ts";
import { inGroups } from "../groups.ts";
import type { KeyCaller, OperatorCaller } from "../http/caller.ts";
import { hashOfKey } from "./secret.ts";

/** Tells whose an API key is; undefined where it is unknown, revoked or past its time. */
export type AuthenticateKey = (apiKey: string) => Promise<KeyCaller | undefined>;

/** Each call sees what was revoked before it; those of one moment look together. */
export function createKeyAuthenticator(db: Database): AuthenticateKey {
  const find = inGroups((hashes: string[]) => callersOf(db, hashes));
  return (apiKey) => find(hashOfKey(apiKey));
}

async function callersOf(db: Database, hashes: readonly string[]): Promise<(KeyCaller | undefined)[]> {
  const asked = [...new Set(hashes)];
  const rows = await db
    .selectFrom("api_keys")
    .innerJoin("clients", "clients.id", "api_keys.client_id")
    .select([
      "api_keys.id",
      "secret_hash",
      "old_secret_hash",
      "client_id",
      "address",
      "scopes",
      "cap_per_job",
      "cap_total",
      "expires_at",
    ])
    .select(sql<boolean>`last_used_at is null or last_used_at < now() - interval '1 minute'`.as("unmarked"))
    .select(sql<boolean | null>`old_secret_until > now()`.as("in_grace"))
    .where((where) =>
      where.or([
        where("secret_hash", "in", asked),
        where.and([where("old_secret_hash", "in", asked), where("old_secret_until", ">", sql<Date>`now()`)]),
      ]),
    )
    .where("revoked_at", "is", null)
    .where(sql<boolean>`(expires_at is null or expires_at > now())`)
    .execute();
  const unmarked = rows.filter((row) => row.unmarked).map(({ id }) => id);
  if (unmarked.length > 0) {
    await sql`
      update api_keys set last_used_at = now()
      where id in (select id from api_keys where id = any (${unmarked}::text[]) order by id for no key update skip locked)
    `.execute(db);
  }
  const callers = new Map(
    rows.flatMap((row) => {
      const caller = callerOf(row);
      const present: [string, KeyCaller][] = [[row.secret_hash, caller]];
      return row.old_secret_hash !== null && row.in_grace === true
        ? [...present, [row.old_secret_hash, caller]]
        : present;
    }),
  );
  return hashes.map((hash) => callers.get(hash));
}

function callerOf(row: {
  id: string;
  client_id: string;
  address: string;
  scopes: string[];
  cap_per_job: bigint | null;
  cap_total: bigint | null;
  expires_at: Date | null;
}): KeyCaller {
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
