import { type Expression, type SqlBool, sql } from "kysely";
import type { Context, Trx } from "../context.ts";
import { jobOnChain } from "./job-on-chain.ts";
import { deadlineIntent } from "./intents.ts";

/** `Escrow.SILENCE_GRACE`: how long a silent verifier's job waits before anyone may pay the worker. */
const silenceGraceSeconds = 24n * 3600n;

/** 10, 20, 40 … 320 s. */
const FIRST_RETRY_SECONDS = 10;
const RETRY_DOUBLINGS = 5;
const batchSize = 100;

/**
 * Ends what ran out of time: reopens lapsed work, refunds what nobody delivered, pays what nobody contested. Chain times
 * are compared with the followed head's timestamp only. A job with an intent under way is left to it first.
 * @returns how many jobs it moved.
 */
export async function sweepDeadlines(ctx: Context): Promise<number> {
  const now = ctx.chain.head().timestampSeconds;
  return ctx.db.transaction().execute(async (trx) => {
    const due = await trx
      .selectFrom("jobs")
      .select(["id", "chain_status"])
      .where("ended_at", "is", null)
      .where((where) =>
        where.or([
          where.and([where("chain_status", "=", "open"), where("deadline_seconds", "<", now)]),
          where.and([
            where("chain_status", "in", ["accepted", "approved", "rejected", "disputed"]),
            where("chain_until_seconds", "<", now),
          ]),
          where.and([
            where("chain_status", "=", "submitted"),
            where("chain_until_seconds", "<", now - silenceGraceSeconds),
          ]),
        ]),
      )
      .where(noIntentUnderWay())
      .orderBy("id")
      .limit(batchSize)
      .forUpdate()
      .skipLocked()
      .execute();
    for (const job of due) await enqueueEnd(ctx, trx, job.id, job.chain_status ?? "");
    return due.length;
  });
}

const endOf: Record<string, "reopen" | "refund" | "settle"> = {
  open: "refund",
  accepted: "reopen",
  submitted: "settle",
  approved: "settle",
  rejected: "refund",
  disputed: "settle",
};

async function enqueueEnd(ctx: Context, trx: Trx, jobId: string, chainStatus: string): Promise<void> {
  const verb = endOf[chainStatus];
  if (verb === undefined) throw new Error(`job ${jobId} can't run out of time in status ${chainStatus}`);
  const job = await jobOnChain(trx, jobId);
  const failed = await trx
    .selectFrom("intents")
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .where("job_id", "=", jobId)
    .where("kind", "=", verb)
    .where("status", "=", "failed")
    .executeTakeFirstOrThrow();
  await ctx.outbox.enqueue(trx, deadlineIntent(ctx.chain.deployment.escrow, job, verb, Number(failed.count)));
}

/**
 * What is queued or signed may still move the job, and so may an end of this round that is mined but not followed or not
 * final yet. One that failed is tried again: soon, since a reorg may only have moved the time from which it is possible,
 * and then ever later, since what made it fail may last. The last part of its key counts the tries.
 */
const noIntentUnderWay = (): Expression<SqlBool> => sql<SqlBool>`not exists (
  select 1 from intents where intents.job_id = jobs.id and (
    intents.status in ('queued', 'signed') or (intents.status = 'carried' and intents.settled_at is null)
    or (
      intents.kind in ('reopen', 'refund', 'settle')
      and (
        (intents.status in ('mined', 'carried') and split_part(intents.intent_key, ':', 3) = jobs.round::text)
        or (intents.status = 'failed' and intents.settled_at > now() - make_interval(
          secs => ${sql.lit(FIRST_RETRY_SECONDS)} * 2 ^ least(split_part(intents.intent_key, ':', 4)::int4, ${sql.lit(RETRY_DOUBLINGS)})
        ))
      )
    )
  )
)`;
