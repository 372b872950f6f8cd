import {
  ApiError,
  type ContractRefusal,
  type Deposit,
  type Dispute,
  type Job,
  parseTerms,
  statementHashOf,
} from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import { type JobRow, jobOf } from "../jobs/find.ts";
import { forWorker, presentOneJob } from "../jobs/present.ts";
import { carry, depositOf, requirePool, wordOf } from "./carry.ts";
import { storeDocument } from "./documents.ts";
import { addressOf } from "./find.ts";
import { depositCall, disputeCall } from "./intents.ts";

/**
 * Brings a job before the pool by a party's word; the statement is kept for the other side and the jurors. The bond comes
 * out of the party's balance in the pool, to which a deposit may go first.
 * @throws ApiError not_found, arbiter_missing, and by the contracts' refusals
 */
export async function disputeJob(ctx: Context, caller: Caller, jobId: string, body: Dispute): Promise<Job> {
  const job = await jobOf(ctx.db, caller, jobId);
  requireArbiter(ctx, job);
  const by = addressOf(caller);
  const { escrow } = ctx.chain.deployment;
  const statementHash = statementHashOf(body.statement);
  if (body.deposit !== undefined) {
    const { deposit } = body;
    await carry(ctx, { call: depositCall(requirePool(ctx).address, by, depositOf(deposit)) });
  }
  await carry(ctx, {
    call: disputeCall(escrow, parseTerms(job.terms), { by, statementHash, word: wordOf(body) }),
    jobId,
    passes: (refusal) => isCovered(refusal, body.deposit),
    store: (trx) =>
      storeDocument(ctx, trx, {
        jobId,
        document: { kind: "statement", body: body.statement },
        hash: statementHash,
        by,
        files: [],
      }),
  });
  const shown = await presentOneJob(ctx, await jobOf(ctx.db, caller, jobId));
  return isWorker(caller) ? forWorker(shown) : shown;
}

function requireArbiter(ctx: Context, { id, terms }: JobRow): void {
  const pool = requirePool(ctx);
  if (terms.arbiter === pool.address) return;
  throw new ApiError(
    "arbiter_missing",
    `The arbiter of job ${id} is ${terms.arbiter}; this gateway carries disputes to the pool ${pool.address}.`,
  );
}

/** The deposit is on its way, so the newest block's balance may lack what it brings. */
function isCovered({ name, args }: ContractRefusal, deposit: Deposit | undefined): boolean {
  if (name !== "BalanceTooLow" || deposit === undefined) return false;
  return (args["actual"] as bigint) + deposit.amount >= (args["needed"] as bigint);
}
