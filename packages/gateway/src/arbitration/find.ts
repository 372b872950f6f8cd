import { ApiError } from "@hireforhumans/protocol";
import type { Selectable } from "kysely";
import type { Database, Trx } from "../context.ts";
import type { Schema } from "../database/schema.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import { type JobRow, jobColumns } from "../jobs/find.ts";

export interface FoundCase {
  job: JobRow;
  row: Selectable<Schema["cases"]>;
  you: "client" | "worker" | "juror";
  /** The caller's account. */
  address: string;
}

export const addressOf = (caller: Caller): string => (isWorker(caller) ? caller.worker.address : caller.client.address);

/**
 * A case that this caller may see: as a party of its job, or as a juror who was drawn for one of its panels. For anybody
 * else there is none.
 * @throws ApiError not_found
 */
export async function caseOf(db: Database | Trx, caller: Caller, jobId: string): Promise<FoundCase> {
  const row = await db.selectFrom("cases").selectAll().where("job_id", "=", jobId).executeTakeFirst();
  const job =
    row === undefined
      ? undefined
      : await db.selectFrom("jobs").select(jobColumns).where("id", "=", jobId).executeTakeFirst();
  const you = job === undefined ? undefined : await partIn(db, caller, job);
  if (row === undefined || job === undefined || you === undefined) throw noCase(jobId);
  return { job, row, you, address: addressOf(caller) };
}

const noCase = (jobId: string): ApiError =>
  new ApiError("not_found", `There is no case about a job ${jobId} that you are a party or a juror of.`, {
    param: "id",
  });

async function partIn(db: Database | Trx, caller: Caller, job: JobRow): Promise<FoundCase["you"] | undefined> {
  if (!isWorker(caller)) return job.client_id === caller.client.id ? "client" : undefined;
  if (job.worker_id === caller.worker.id) return "worker";
  const seat = await db
    .selectFrom("case_seats")
    .select("seat")
    .where("job_id", "=", job.id)
    .where("juror", "=", caller.worker.address)
    .executeTakeFirst();
  return seat === undefined ? undefined : "juror";
}
