import { domainOf } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { inGroups } from "../groups.ts";
import { storeReputations } from "./reputation.ts";

/** Reads anew what the chain holds of everyone who worked on a job, after the job moved their reputation. Idempotent. */
export type RefreshReputations = (jobId: string) => Promise<void>;

/** A block ends many jobs of the same people, each of whom is read once for all, and all are written together. */
export function createReputationRefresh(ctx: Context): RefreshReputations {
  return inGroups(async (jobIds: string[]) => {
    const workers = await workersOn(ctx, jobIds);
    const read = await Promise.all(
      workers.map(async ({ address, domain }) => ({
        address,
        domain,
        ...(await ctx.chain.reputationOf(address, domainOf(domain))),
      })),
    );
    await ctx.db.transaction().execute((trx) => storeReputations(trx, read));
    return jobIds.map(() => undefined);
  });
}

function workersOn({ db }: Context, jobIds: readonly string[]) {
  return db
    .selectFrom("offers")
    .innerJoin("workers", "workers.id", "offers.worker_id")
    .innerJoin("jobs", "jobs.id", "offers.job_id")
    .select(["workers.address", "jobs.domain"])
    .distinct()
    .where("offers.job_id", "in", jobIds)
    .where("offers.status", "=", "accepted")
    .execute();
}
