import { domainOf } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { storeReputation } from "./reputation.ts";

/** Reads anew what the chain holds of everyone who worked on a job, after the job moved their reputation. Idempotent. */
export async function refreshReputations(ctx: Context, jobId: string): Promise<void> {
  const workers = await ctx.db
    .selectFrom("offers")
    .innerJoin("workers", "workers.id", "offers.worker_id")
    .innerJoin("jobs", "jobs.id", "offers.job_id")
    .select(["workers.address", "jobs.domain"])
    .where("offers.job_id", "=", jobId)
    .where("offers.status", "=", "accepted")
    .execute();
  for (const { address, domain } of workers) {
    const record = await ctx.chain.reputationOf(address, domainOf(domain));
    await ctx.db.transaction().execute((trx) => storeReputation(trx, { address, domain, ...record }));
  }
}
