import type { Trx } from "../context.ts";
import { type ChainState, type StoredChainEvent, chainStateOf } from "./chain-state.ts";
import { appendJobEvent } from "./events.ts";

/** What the rest of the gateway does when the chain moves a job; each runs in the transaction of the move. */
export interface ProjectionListeners {
  onFunded(trx: Trx, jobId: string): Promise<void>;
  onReopened(trx: Trx, jobId: string, workerId: string | null): Promise<void>;
  onEnded(trx: Trx, jobId: string): Promise<void>;
  /** The worker's part is done, though the job goes on (a review, an appeal). */
  onDelivered(trx: Trx, workerId: string): Promise<void>;
  /** The escrow recorded something of a worker, or took it back with a block. */
  onRecorded(trx: Trx, jobId: string): Promise<void>;
}

/** How far a status is along a round; a job's public status never falls behind what is signed and stored. */
const progress: Record<string, number> = {
  funding: 0,
  open: 1,
  accepted: 2,
  submitted: 3,
  approved: 4,
  rejected: 4,
  disputed: 5,
  paid: 6,
  refunded: 6,
  split: 6,
};

const isFinal = (status: string | null): boolean => status === "paid" || status === "refunded" || status === "split";

/**
 * Writes onto our rows what the followed branch now says of these jobs. It folds each job's stored events anew, so the
 * same call serves new blocks, rolled back blocks and a rebuild, and calling it twice changes nothing.
 * Events of jobs that are not ours are passed over, and so are those of other contracts than the escrow.
 */
export async function projectJobs(
  trx: Trx,
  escrow: string,
  chainJobIds: readonly string[],
  listeners: ProjectionListeners,
): Promise<void> {
  for (const chainJobId of [...new Set(chainJobIds)].sort()) await projectJob(trx, escrow, chainJobId, listeners);
}

async function projectJob(trx: Trx, escrow: string, chainJobId: string, listeners: ProjectionListeners): Promise<void> {
  const job = await trx
    .selectFrom("jobs")
    .select(["id", "status", "round", "worker_id", "terms", "ended_at", "funded_at"])
    .where("chain_job_id", "=", chainJobId)
    .forUpdate()
    .executeTakeFirst();
  if (job === undefined) return;

  const state = chainStateOf(await eventsOf(trx, escrow, chainJobId), BigInt(job.terms.review_window));
  const ahead = await storedStatus(trx, job.id, state.round);
  const status = state.status === null || rank(ahead.status) > rank(state.status) ? ahead.status : state.status;
  const final = isFinal(state.status);
  const failed = job.status === "failed" && state.status === null;
  const reopened = state.round > job.round;

  await trx
    .updateTable("jobs")
    .set({
      status: failed ? "failed" : status,
      chain_status: state.status,
      chain_until_seconds: state.untilSeconds,
      round: state.round,
      worker_id: await workerOf(trx, state, ahead.workerId),
      escrow_transaction_hash: (eb) => eb.fn.coalesce(eb.val(state.escrowTransactionHash), "escrow_transaction_hash"),
      release_transaction_hash: state.releaseTransactionHash,
      refund_transaction_hash: state.refundTransactionHash,
      // Where a stored word is ahead of the chain, its own estimate stands.
      ...(rank(state.status) >= rank(ahead.status) ? { until_seconds: state.untilSeconds } : {}),
      ...(job.funded_at === null && state.status !== null ? { funded_at: new Date() } : {}),
      ended_at: final || failed ? (job.ended_at ?? new Date()) : null,
    })
    .where("id", "=", job.id)
    .execute();

  for (const happening of state.happenings) await appendJobEvent(trx, { jobId: job.id, ...happening });
  if (job.funded_at === null && state.status === "open") await listeners.onFunded(trx, job.id);
  if (reopened && state.status === "open") await listeners.onReopened(trx, job.id, job.worker_id);
  if (job.worker_id !== null && inHand(job.status) && !inHand(status)) await listeners.onDelivered(trx, job.worker_id);
  if (reopened || final !== (job.ended_at !== null)) await listeners.onRecorded(trx, job.id);
  if (final && job.ended_at === null) await listeners.onEnded(trx, job.id);
}

const inHand = (status: string): boolean => status === "accepted" || status === "submitted";

const rank = (status: string | null): number => (status === null ? -1 : (progress[status] ?? -1));

async function eventsOf(trx: Trx, escrow: string, chainJobId: string): Promise<StoredChainEvent[]> {
  const rows = await trx
    .selectFrom("chain_events")
    .innerJoin("blocks", "blocks.hash", "chain_events.block_hash")
    .select(["name", "transaction_hash", "args", "blocks.timestamp_seconds"])
    .where("chain_job_id", "=", chainJobId)
    .where("address", "=", escrow)
    .orderBy("block_number")
    .orderBy("log_index")
    .execute();
  return rows.map((row) => ({
    name: row.name,
    transactionHash: row.transaction_hash,
    timestampSeconds: row.timestamp_seconds,
    args: row.args,
  }));
}

/** What signed words we hold for this round say, whether the chain has them yet or not. */
async function storedStatus(trx: Trx, jobId: string, round: number) {
  const accepted = await trx
    .selectFrom("offers")
    .select("worker_id")
    .where("job_id", "=", jobId)
    .where("round", "=", round)
    .where("status", "=", "accepted")
    .executeTakeFirst();
  if (accepted === undefined) return { status: "funding", workerId: null };
  const evidence = await trx
    .selectFrom("evidence")
    .select("id")
    .where("job_id", "=", jobId)
    .where("round", "=", round)
    .where("worker_id", "=", accepted.worker_id)
    .executeTakeFirst();
  return { status: evidence === undefined ? "accepted" : "submitted", workerId: accepted.worker_id };
}

async function workerOf(trx: Trx, state: ChainState, storedWorkerId: string | null): Promise<string | null> {
  if (state.worker === null) return storedWorkerId;
  const worker = await trx.selectFrom("workers").select("id").where("address", "=", state.worker).executeTakeFirst();
  return worker?.id ?? null;
}
