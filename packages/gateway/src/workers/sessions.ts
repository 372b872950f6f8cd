import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import { inGroups } from "../groups.ts";
import { SESSION_PREFIX, type WorkerCaller } from "../http/caller.ts";

/** A week: a worker signs in anew on Monday, and a stolen token is worth little for long. */
const SESSION_DAYS = 7;

/** The token itself is never stored. */
const hashOfToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** @returns the token, which is told once */
export async function createSession(trx: Trx, workerId: string): Promise<{ token: string; expiresAt: Date }> {
  const token = SESSION_PREFIX + randomBytes(32).toString("base64url");
  const { expires_at } = await trx
    .insertInto("sessions")
    .values({
      token_hash: hashOfToken(token),
      worker_id: workerId,
      expires_at: sql<Date>`now() + make_interval(days => ${SESSION_DAYS})`,
    })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return { token, expiresAt: expires_at };
}

/** Tells whose a session token is; undefined where it is unknown, ended or past its time. */
export type AuthenticateSession = (token: string) => Promise<WorkerCaller | undefined>;

/** Each call sees what was ended before it; those of one moment look together. */
export function createSessionAuthenticator(db: Database): AuthenticateSession {
  const find = inGroups((hashes: string[]) => callersOf(db, hashes));
  return (token) => find(hashOfToken(token));
}

async function callersOf(db: Database, hashes: readonly string[]): Promise<(WorkerCaller | undefined)[]> {
  const rows = await db
    .selectFrom("sessions")
    .innerJoin("workers", "workers.id", "sessions.worker_id")
    .select(["token_hash", "workers.id", "workers.address"])
    .where("token_hash", "in", [...new Set(hashes)])
    .where("expires_at", ">", sql<Date>`now()`)
    .execute();
  const callers = new Map(rows.map(({ token_hash, id, address }) => [token_hash, { worker: { id, address } }]));
  return hashes.map((hash) => callers.get(hash));
}

export async function endSession(db: Database, token: string): Promise<void> {
  await db.deleteFrom("sessions").where("token_hash", "=", hashOfToken(token)).execute();
}

/** @returns how many sessions were forgotten */
export async function sweepSessions(db: Database): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("sessions")
    .where("expires_at", "<=", sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
