import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
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

/** @returns the caller of a session token; undefined where it is unknown, ended or past its time */
export async function authenticateSession(db: Database, token: string): Promise<WorkerCaller | undefined> {
  const worker = await db
    .selectFrom("sessions")
    .innerJoin("workers", "workers.id", "sessions.worker_id")
    .select(["workers.id", "workers.address"])
    .where("token_hash", "=", hashOfToken(token))
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  return worker === undefined ? undefined : { worker };
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
