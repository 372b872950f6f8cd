import { parseTerms } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import type { JobOnChain } from "./intents.ts";

/** A job as its intents need it. Throws where there is no such job. */
export async function jobOnChain(trx: Trx, jobId: string): Promise<JobOnChain> {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "chain_job_id", "round", "terms"])
    .where("id", "=", jobId)
    .executeTakeFirstOrThrow();
  return { id: job.id, chainJobId: job.chain_job_id, round: job.round, terms: parseTerms(job.terms) };
}
