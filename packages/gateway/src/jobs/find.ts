import type { Selectable } from "kysely";
import { ApiError } from "@hireforhumans/protocol";
import type { Database, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { type Caller, isWorker } from "../http/caller.ts";

/** What showing a job and deciding on it takes; not its packet, which can be a megabyte. */
export const jobColumns = [
  "id",
  "client_id",
  "chain_job_id",
  "terms",
  "request",
  "status",
  "chain_status",
  "round",
  "until_seconds",
  "deadline_seconds",
  "reward",
  "fee",
  "category",
  "domain",
  "skills",
  "languages",
  "min_reputation",
  "pool_id",
  "tier",
  "worker_id",
  "awaiting_answer",
  "resolution",
  "worker_notes",
  "failure",
  "estimated_match_seconds",
  "workers_available",
  "cancel_requested_at",
  "escrow_transaction_hash",
  "release_transaction_hash",
  "refund_transaction_hash",
  "sequence",
  "funded_at",
  "accepted_at",
  "submitted_at",
  "ended_at",
  "created_at",
] as const satisfies readonly (keyof Schema["jobs"])[];

export type JobRow = Pick<Selectable<Schema["jobs"]>, (typeof jobColumns)[number]>;

export const jobNotFound = (jobId: string): ApiError =>
  new ApiError("not_found", `There is no job ${jobId}.`, { param: "id" });

/**
 * A job of this caller: its client's, or that of the worker who is at it. Anybody else's does not exist for the caller.
 * @throws ApiError not_found
 */
export async function jobOf(db: Database | Trx, caller: Caller, jobId: string): Promise<JobRow> {
  const row = await db
    .selectFrom("jobs")
    .select(jobColumns)
    .where("id", "=", jobId)
    .where(...ownedBy(caller))
    .executeTakeFirst();
  if (row === undefined) throw jobNotFound(jobId);
  return row;
}

/** The same, locked for a change of its state. */
export async function lockJobOf(trx: Trx, caller: Caller, jobId: string): Promise<JobRow> {
  const row = await trx
    .selectFrom("jobs")
    .select(jobColumns)
    .where("id", "=", jobId)
    .where(...ownedBy(caller))
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw jobNotFound(jobId);
  return row;
}

function ownedBy(caller: Caller): ["client_id" | "worker_id", "=", string] {
  return isWorker(caller) ? ["worker_id", "=", caller.worker.id] : ["client_id", "=", caller.client.id];
}
