import { type ChainStatus, chainStatusOf } from "@hireforhumans/protocol";

/** One event of the followed branch, as the follower stored it. */
export interface StoredChainEvent {
  name: string;
  transactionHash: string;
  /** When its block was made, in chain seconds. */
  timestampSeconds: bigint;
  args: Record<string, string>;
}

/** What the followed branch says of one job, by its events alone. */
export interface ChainState {
  /** Null while no funding is seen. */
  status: ChainStatus | null;
  worker: string | null;
  round: number;
  /** The last chain second of the present state's window. */
  untilSeconds: bigint | null;
  escrowTransactionHash: string | null;
  releaseTransactionHash: string | null;
  refundTransactionHash: string | null;
  /** What happened, in order, in the words of the webhook events; `once` names it within the job. */
  happenings: Happening[];
}

export interface Happening {
  type:
    | "job.funded"
    | "job.accepted"
    | "job.reopened"
    | "job.submitted"
    | "job.rejected"
    | "job.disputed"
    | "job.ruled"
    | "job.completed"
    | "job.refunded";
  once: string;
  data: Record<string, unknown>;
}

const nothingSeen: ChainState = {
  status: null,
  worker: null,
  round: 0,
  untilSeconds: null,
  escrowTransactionHash: null,
  releaseTransactionHash: null,
  refundTransactionHash: null,
  happenings: [],
};

type Step = (
  state: ChainState,
  event: StoredChainEvent,
  reviewWindowSeconds: bigint,
) => Partial<Omit<ChainState, "happenings">> & { told?: Happening[] };

const arg = (event: StoredChainEvent, name: string): string => {
  const value = event.args[name];
  if (value === undefined) throw new Error(`event ${event.name} of ${event.transactionHash} has no argument ${name}`);
  return value;
};

const statusOf = (event: StoredChainEvent): ChainStatus => chainStatusOf(BigInt(arg(event, "status")));

/** The end of a job's money: who got it and what the agent hears. */
function ended(event: StoredChainEvent, status: ChainStatus): ReturnType<Step> {
  const transaction_hash = event.transactionHash;
  return status === "refunded"
    ? {
        status,
        untilSeconds: null,
        refundTransactionHash: transaction_hash,
        told: [{ type: "job.refunded", once: "refunded", data: { transaction_hash } }],
      }
    : {
        status,
        untilSeconds: null,
        releaseTransactionHash: transaction_hash,
        told: [{ type: "job.completed", once: "completed", data: { transaction_hash } }],
      };
}

const steps: Record<string, Step> = {
  Funded: (_, event) => ({
    status: "open",
    escrowTransactionHash: event.transactionHash,
    told: [{ type: "job.funded", once: "funded", data: { transaction_hash: event.transactionHash } }],
  }),
  Accepted: (state, event) => ({
    status: "accepted",
    worker: arg(event, "worker"),
    untilSeconds: BigInt(arg(event, "until")),
    told: [
      {
        type: "job.accepted",
        once: `accepted:${state.round}:${arg(event, "worker")}`,
        data: { worker: arg(event, "worker") },
      },
    ],
  }),
  Reopened: (state, event) => ({
    status: "open",
    worker: null,
    untilSeconds: null,
    round: Number(arg(event, "round")),
    told: [{ type: "job.reopened", once: `reopened:${state.round}`, data: { worker: arg(event, "worker") } }],
  }),
  Submitted: (state, event) => ({
    status: "submitted",
    untilSeconds: BigInt(arg(event, "until")),
    told: [
      { type: "job.submitted", once: `submitted:${state.round}`, data: { evidence_hash: arg(event, "evidenceHash") } },
    ],
  }),
  Released: (_, event, reviewWindowSeconds) => {
    const status = statusOf(event);
    if (status !== "approved") return ended(event, status);
    return { status, untilSeconds: event.timestampSeconds + reviewWindowSeconds };
  },
  // Acceptance, submission and verdict in one call.
  Completed: (_, event, reviewWindowSeconds) => {
    const status = statusOf(event);
    const worker = arg(event, "worker");
    if (status !== "approved") return { ...ended(event, status), worker };
    return { status, worker, untilSeconds: event.timestampSeconds + reviewWindowSeconds };
  },
  Rejected: (state, event) => ({
    status: "rejected",
    untilSeconds: BigInt(arg(event, "until")),
    told: [
      { type: "job.rejected", once: `rejected:${state.round}`, data: { reasons_hash: arg(event, "reasonsHash") } },
    ],
  }),
  Disputed: (_, event) => ({
    status: "disputed",
    untilSeconds: BigInt(arg(event, "until")),
    told: [{ type: "job.disputed", once: "disputed", data: { by: arg(event, "by") } }],
  }),
  Ruled: (_, event) => {
    const end = ended(event, statusOf(event));
    const data = { worker_share_bps: arg(event, "workerShareBps") };
    return { ...end, told: [{ type: "job.ruled", once: "ruled", data }, ...(end.told ?? [])] };
  },
  Settled: (_, event) => ended(event, statusOf(event)),
  Cancelled: (_, event) => ended(event, "refunded"),
  Refunded: (_, event) => ended(event, "refunded"),
};

/**
 * Folds a job's events, oldest first, into where it stands. A pure function of the followed branch, so that a reorg is
 * answered by folding what is left.
 */
export function chainStateOf(events: readonly StoredChainEvent[], reviewWindowSeconds: bigint): ChainState {
  return events.reduce<ChainState>((state, event) => {
    const { told = [], ...change } = steps[event.name]?.(state, event, reviewWindowSeconds) ?? {};
    return { ...state, ...change, happenings: [...state.happenings, ...told] };
  }, nothingSeen);
}
