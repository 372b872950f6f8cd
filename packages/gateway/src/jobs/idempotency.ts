import { createHash } from "node:crypto";
import { ApiError, type JobCreate, canonicalJson, formatUsdc } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import { inGroups } from "../groups.ts";

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
 * Finds the job that a request made before, for all requests of one moment together.
 * @throws ApiError idempotency_conflict where the key came with another body
 */
export function createRepeatFinder(db: Database): (repeatable: Repeatable) => Promise<string | undefined> {
  const find = inGroups(async (repeatables: Repeatable[]) => {
    const before = await requestsBefore(db, repeatables);
    return repeatables.map(() => before);
  });
  return async (repeatable) => repeatedJob(repeatable, await find(repeatable));
}

/** What came before with these keys, by `nameOf` key. */
export type RequestsBefore = Map<string, { requestHash: string; jobId: string }>;

export async function requestsBefore(db: Database | Trx, repeatables: readonly Repeatable[]): Promise<RequestsBefore> {
  if (repeatables.length === 0) return new Map();
  const rows = await db
    .selectFrom("idempotency_keys")
    .select(["key_id", "idempotency_key", "request_hash", "job_id"])
    .where(
      sql<boolean>`(key_id, idempotency_key) in (
        select * from unnest(
          ${repeatables.map(({ keyId }) => keyId)}::text[],
          ${repeatables.map(({ idempotencyKey }) => idempotencyKey)}::text[]
        )
      )`,
    )
    .execute();
  return new Map(
    rows.map((row) => [
      nameOf({ keyId: row.key_id, idempotencyKey: row.idempotency_key }),
      { requestHash: row.request_hash, jobId: row.job_id },
    ]),
  );
}

/** Neither part holds a blank. */
export const nameOf = ({ keyId, idempotencyKey }: Pick<Repeatable, "keyId" | "idempotencyKey">): string =>
  `${keyId} ${idempotencyKey}`;

/** @throws ApiError idempotency_conflict where the key came with another body */
export function repeatedJob(repeatable: Repeatable, before: RequestsBefore): string | undefined {
  const earlier = before.get(nameOf(repeatable));
  if (earlier === undefined || earlier.requestHash === repeatable.requestHash) return earlier?.jobId;
  throw new ApiError(
    "idempotency_conflict",
    "This Idempotency-Key came before with another body. Use a new one for another job.",
    { param: "Idempotency-Key" },
  );
}
