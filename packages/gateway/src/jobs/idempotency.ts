import { createHash } from "node:crypto";
import { ApiError, type JobCreate, canonicalJson, formatUsdc } from "@hireforhumans/protocol";
import type { Database, Trx } from "../context.ts";

/** A request that its caller may send again. */
export interface Repeatable {
  keyId: string;
  idempotencyKey: string;
  /** SHA-256 of what was understood, so that `"15.00"` and `15` are one request. */
  requestHash: string;
}

/** @throws ApiError invalid_request for a key that is empty or too long */
export function repeatableOf(
  keyId: string,
  idempotencyKey: string | undefined,
  request: JobCreate,
): Repeatable | undefined {
  if (idempotencyKey === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new ApiError("invalid_request", "Idempotency-Key has to be 1 to 255 printable characters without blanks.", {
      param: "Idempotency-Key",
    });
  }
  const understood = canonicalJson({ ...request, reward: formatUsdc(request.reward) });
  return { keyId, idempotencyKey, requestHash: createHash("sha256").update(understood).digest("hex") };
}

/**
 * @returns the job that this request made before
 * @throws ApiError idempotency_conflict where the key came with another body
 */
export async function jobMadeBy(db: Database | Trx, repeatable: Repeatable | undefined): Promise<string | undefined> {
  if (repeatable === undefined) return undefined;
  const row = await db
    .selectFrom("idempotency_keys")
    .select(["request_hash", "job_id"])
    .where("key_id", "=", repeatable.keyId)
    .where("idempotency_key", "=", repeatable.idempotencyKey)
    .executeTakeFirst();
  if (row === undefined || row.request_hash === repeatable.requestHash) return row?.job_id;
  throw new ApiError(
    "idempotency_conflict",
    "This Idempotency-Key came before with another body. Use a new one for another job.",
    { param: "Idempotency-Key" },
  );
}
