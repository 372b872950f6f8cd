import { sql } from "kysely";
import type { Trx } from "../context.ts";
import { type ChainState, type StoredChainEvent, chainStateOf } from "./chain-state.ts";
import { appendJobEvents } from "./events.ts";

/** What the rest of the gateway does when the chain moves jobs; each runs in the transaction of the move. */
export interface ProjectionListeners {
  /**
   * These jobs look for a worker: they were funded or reopened, or their end was taken back.
   * @param opened With the worker that had the job, if any.
   */
  onOpened(trx: Trx, opened: readonly { jobId: string; workerId: string | null }[]): Promise<void>;
  /** The chain knows of a worker who took these jobs, and we of none: nobody else may have them. */
  onTaken(trx: Trx, jobIds: readonly string[]): Promise<void>;
  /**
   * The fundings or acceptances that the chain held of these jobs were taken back. One that it refused meanwhile had no
   * consequence while they stood, and has it now.
   */
  onTakenBack(trx: Trx, jobIds: readonly string[]): Promise<void>;
  onEnded(trx: Trx, jobIds: readonly string[]): Promise<void>;
  /** These workers' part is done, though the job may go on (a review, an appeal). */
  onDelivered(trx: Trx, workerIds: readonly string[]): Promise<void>;
  /** The escrow recorded something of the jobs' workers, or took it back with a block. */
  onRecorded(trx: Trx, jobIds: readonly string[]): Promise<void>;
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
 * same call serves new blocks, rolled back blocks and a rebuild, and calling it twice changes nothing. However many jobs a
 * block moves, it takes the same few statements.
 * Events of jobs that are not ours are passed over, and so are those of other contracts than the escrow.
 */
export async function projectJobs(
  trx: Trx,
  escrow: string,
  chainJobIds: readonly string[],
  listeners: ProjectionListeners,
): Promise<void> {
  const jobs = await lockJobs(trx, chainJobIds);
  if (jobs.length === 0) return;
  const events = await eventsOf(trx, escrow, jobs);
  const states = jobs.map((job) => ({
    job,
    state: chainStateOf(events.get(job.chain_job_id) ?? [], BigInt(job.terms.review_window)),
  }));
  const stored = await storedWords(trx, jobs);
  const workers = await workersAt(
    trx,
    states.flatMap(({ state }) => state.worker ?? []),
  );
  const moves = states.map(({ job, state }) => {
    const ahead = storedStatus(stored, job.id, state.round);
    return moveOf(job, state, {
      status: ahead.status,
      workerId: state.worker === null ? ahead.workerId : (workers.get(state.worker) ?? null),
    });
  });
  await writeMoves(trx, moves);
  await appendJobEvents(
    trx,
    states.flatMap(({ job, state }) => state.happenings.map((happening) => ({ jobId: job.id, ...happening }))),
  );
  await tell(trx, listeners, moves);
}

type LockedJob = Awaited<ReturnType<typeof lockJobs>>[number];

/** In one order, so that no two projections wait for each other. */
async function lockJobs(trx: Trx, chainJobIds: readonly string[]) {
  if (chainJobIds.length === 0) return [];
  return trx
    .selectFrom("jobs")
    .select(["id", "chain_job_id", "status", "chain_status", "round", "worker_id", "terms", "ended_at", "funded_at"])
    .select(["next_wave_at", "cancel_requested_at"])
    .where("chain_job_id", "in", [...new Set(chainJobIds)])
    .orderBy("id")
    .forUpdate()
    .execute();
}

/** What a job becomes. */
interface Move {
  job: LockedJob;
  state: ChainState;
  status: string;
  workerId: string | null;
  /** A stored word is ahead of the chain: its own estimate of the window stands. */
  ahead: boolean;
  endedAt: Date | null;
  reopened: boolean;
}

function moveOf(job: LockedJob, state: ChainState, stored: { status: string; workerId: string | null }): Move {
  const status = state.status === null || rank(stored.status) > rank(state.status) ? stored.status : state.status;
  const failed = job.status === "failed" && state.status === null;
  return {
    job,
    state,
    status: failed ? "failed" : status,
    workerId: stored.workerId,
    ahead: rank(state.status) < rank(stored.status),
    endedAt: isFinal(state.status) || failed ? (job.ended_at ?? new Date()) : null,
    reopened: state.round > job.round,
  };
}

async function writeMoves(trx: Trx, moves: readonly Move[]): Promise<void> {
  const now = new Date();
  const rows = moves.map(({ job, state, status, workerId, ahead, endedAt }) => ({
    id: job.id,
    status,
    chain_status: state.status,
    until: state.untilSeconds?.toString() ?? null,
    ahead,
    round: state.round,
    worker: workerId,
    escrow_hash: state.escrowTransactionHash,
    release_hash: state.releaseTransactionHash,
    refund_hash: state.refundTransactionHash,
    funded_at: job.funded_at ?? (state.status === null ? null : now),
    ended_at: endedAt,
  }));
  await sql`
    update jobs set
      status = move.status, chain_status = move.chain_status, round = move.round, worker_id = move.worker,
      chain_until_seconds = move.until,
      until_seconds = case when move.ahead then jobs.until_seconds else move.until end,
      escrow_transaction_hash = coalesce(move.escrow_hash, jobs.escrow_transaction_hash),
      release_transaction_hash = move.release_hash, refund_transaction_hash = move.refund_hash,
      funded_at = move.funded_at, ended_at = move.ended_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as move (
      id text, status text, chain_status text, until int8, ahead boolean, round int4, worker text, escrow_hash text,
      release_hash text, refund_hash text, funded_at timestamptz, ended_at timestamptz
    )
    where jobs.id = move.id`.execute(trx);
}

async function tell(trx: Trx, listeners: ProjectionListeners, moves: readonly Move[]): Promise<void> {
  const ids = (some: readonly Move[]) => some.map(({ job }) => job.id);
  const opened = moves.filter((move) => isOpen(move) && (move.reopened || !isLooking(move.job)));
  if (opened.length > 0) {
    await listeners.onOpened(
      trx,
      opened.map(({ job }) => ({ jobId: job.id, workerId: job.worker_id })),
    );
  }
  const taken = moves.filter(({ job, status }) => job.status === "open" && inHand(status));
  if (taken.length > 0) await listeners.onTaken(trx, ids(taken));
  const takenBack = moves.filter(({ job, state }) => {
    return rank(state.status) < rank(job.chain_status) && rank(state.status) < rank("accepted");
  });
  if (takenBack.length > 0) await listeners.onTakenBack(trx, ids(takenBack));
  const delivered = moves.flatMap(({ job, status }) =>
    job.worker_id !== null && inHand(job.status) && !inHand(status) ? [job.worker_id] : [],
  );
  if (delivered.length > 0) await listeners.onDelivered(trx, [...new Set(delivered)]);
  const recorded = moves.filter((move) => move.reopened || isFinal(move.state.status) !== (move.job.ended_at !== null));
  if (recorded.length > 0) await listeners.onRecorded(trx, ids(recorded));
  const ended = moves.filter(({ job, state }) => isFinal(state.status) && job.ended_at === null);
  if (ended.length > 0) await listeners.onEnded(trx, ids(ended));
}

const isOpen = ({ status, state }: Move): boolean => status === "open" && state.status === "open";

/** Whether matching goes on with it, or its client takes it back. */
const isLooking = ({ next_wave_at, cancel_requested_at }: LockedJob): boolean =>
  next_wave_at !== null || cancel_requested_at !== null;

const inHand = (status: string): boolean => status === "accepted" || status === "submitted";

const rank = (status: string | null): number => (status === null ? -1 : (progress[status] ?? -1));

/** Oldest first, by the job's id on chain. */
async function eventsOf(
  trx: Trx,
  escrow: string,
  jobs: readonly LockedJob[],
): Promise<Map<string, StoredChainEvent[]>> {
  const rows = await trx
    .selectFrom("chain_events")
    .innerJoin("blocks", "blocks.hash", "chain_events.block_hash")
    .select(["chain_job_id", "name", "transaction_hash", "args", "blocks.timestamp_seconds"])
    .where(
      "chain_job_id",
      "in",
      jobs.map((job) => job.chain_job_id),
    )
    .where("address", "=", escrow)
    .orderBy("block_number")
    .orderBy("log_index")
    .execute();
  const events = rows.map((row) => ({
    chainJobId: row.chain_job_id ?? "",
    name: row.name,
    transactionHash: row.transaction_hash,
    timestampSeconds: row.timestamp_seconds,
    args: row.args,
  }));
  return Map.groupBy(events, ({ chainJobId }) => chainJobId);
}

/** Signed words that we hold, whether the chain has them yet or not: by job and round, who accepted and who handed in. */
interface StoredWords {
  accepted: Map<string, string>;
  submitted: Set<string>;
}

async function storedWords(trx: Trx, jobs: readonly LockedJob[]): Promise<StoredWords> {
  const ids = jobs.map(({ id }) => id);
  const accepted = await trx
    .selectFrom("offers")
    .select(["job_id", "round", "worker_id"])
    .where("job_id", "in", ids)
    .where("status", "=", "accepted")
    .execute();
  const evidence =
    accepted.length === 0
      ? []
      : await trx.selectFrom("evidence").select(["job_id", "round", "worker_id"]).where("job_id", "in", ids).execute();
  return {
    accepted: new Map(accepted.map((row) => [`${row.job_id} ${row.round}`, row.worker_id])),
    submitted: new Set(evidence.map((row) => `${row.job_id} ${row.round} ${row.worker_id}`)),
  };
}

function storedStatus({ accepted, submitted }: StoredWords, jobId: string, round: number) {
  const workerId = accepted.get(`${jobId} ${round}`);
  if (workerId === undefined) return { status: "funding", workerId: null };
  return { status: submitted.has(`${jobId} ${round} ${workerId}`) ? "submitted" : "accepted", workerId };
}

async function workersAt(trx: Trx, addresses: readonly string[]): Promise<Map<string, string>> {
  if (addresses.length === 0) return new Map();
  const rows = await trx
    .selectFrom("workers")
    .select(["id", "address"])
    .where("address", "in", [...new Set(addresses)])
    .execute();
  return new Map(rows.map(({ id, address }) => [address, id]));
}
