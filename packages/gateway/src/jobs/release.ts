import { ZeroHash } from "ethers";
import { ApiError, type ClientWord, type Job } from "@hireforhumans/protocol";
import type { Context, Database, Trx } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { releaseIntent } from "../settlement/intents.ts";
import { jobOnChain } from "../settlement/job-on-chain.ts";
import { clientWordOf, failedAttempts, requireOperator } from "./client-word.ts";
import { type JobRow, jobOf, lockJobOf } from "./find.ts";
import { presentOneJob } from "./present.ts";

/**
 * Pays the worker on the client's own word, without or before a verdict. Asked again, it sends nothing twice.
 * @throws ApiError not_found, wrong_status, insufficient_allowance, signature_expired, signature_invalid
 */
export async function releaseJob(ctx: Context, caller: KeyCaller, jobId: string, body: ClientWord): Promise<Job> {
  const job = await jobOf(ctx.db, caller, jobId);
  requireReleasable(job);
  const { evidence_hash, worker } = await submittedWork(ctx.db, job);
  const word = await clientWordOf(ctx, job.terms.client, body, "Verdict", {
    jobId: job.chain_job_id,
    worker,
    evidenceHash: evidence_hash,
    pass: true,
    reasonsHash: ZeroHash,
  });
  if (word === undefined) await requireOperator(ctx, job.terms);

  const intentId = await ctx.db.transaction().execute(async (trx) => {
    const locked = await lockJobOf(trx, caller, jobId);
    requireReleasable(locked);
    const attempt = await failedAttempts(trx, jobId, "release");
    const { escrow } = ctx.chain.deployment;
    return ctx.outbox.enqueue(trx, releaseIntent(escrow, await jobOnChain(trx, jobId), evidence_hash, word, attempt));
  });
  await ctx.outbox.broadcast(intentId);
  return presentOneJob(ctx, await jobOf(ctx.db, caller, jobId));
}

function requireReleasable({ status, chain_status }: JobRow): void {
  if (chain_status === "submitted" || chain_status === "approved") return;
  if (status === "submitted") {
    throw new ApiError("wrong_status", "The evidence is being checked and not on chain yet. Try again in seconds.", {
      retryAfterSeconds: 5,
    });
  }
  throw new ApiError("wrong_status", `The job is ${status}; it can be released while it is submitted or approved.`);
}

async function submittedWork(db: Database | Trx, { id, round }: JobRow) {
  return db
    .selectFrom("evidence")
    .innerJoin("workers", "workers.id", "evidence.worker_id")
    .innerJoin("jobs", (join) =>
      join.onRef("jobs.id", "=", "evidence.job_id").onRef("jobs.worker_id", "=", "evidence.worker_id"),
    )
    .select(["evidence_hash", "workers.address as worker"])
    .where("evidence.job_id", "=", id)
    .where("evidence.round", "=", round)
    .executeTakeFirstOrThrow();
}
