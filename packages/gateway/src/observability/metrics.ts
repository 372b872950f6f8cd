import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** Steps from a hit in memory to a call that nearly timed out. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** From a moment to a working day. */
const waitBuckets = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Every number that /metrics shows. A label's values are few and known: no ids, no addresses. What is read from the
 * database (figures.ts) is the same on every gateway of it; sums over gateways would count it often. Each gateway has its own registry, so several live side by side in one process. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,

    rpcErrors: new Counter({
      name: "hfh_rpc_errors_total",
      help: "Calls to the chain's node that failed, by the part that called.",
      labelNames: ["part"] as const,
      registers,
    }),

    followerHead: new Gauge({ name: "hfh_follower_head_block", help: "The followed branch's head.", registers }),
    followerFinal: new Gauge({ name: "hfh_follower_final_block", help: "The last final block seen.", registers }),
    followerLag: new Gauge({
      name: "hfh_follower_lag_blocks",
      help: "Blocks between the node's head and the followed one.",
      registers,
    }),
    followerEvents: new Counter({
      name: "hfh_follower_events_total",
      help: "Contract events stored, by their name.",
      labelNames: ["event"] as const,
      registers,
    }),
    followerRollbacks: new Counter({
      name: "hfh_follower_blocks_rolled_back_total",
      help: "Blocks taken back because the chain went another way.",
      registers,
    }),

    outboxIntents: new Gauge({
      name: "hfh_outbox_intents",
      help: "Intents that no final block holds yet, by status (queued, signed, mined).",
      labelNames: ["status"] as const,
      registers,
    }),
    outboxSettled: new Counter({
      name: "hfh_outbox_settled_total",
      help: "Intents that a block took up, by kind and outcome (mined, failed).",
      labelNames: ["kind", "outcome"] as const,
      registers,
    }),
    outboxBumps: new Counter({
      name: "hfh_outbox_fee_bumps_total",
      help: "Transactions signed again at a higher fee.",
      registers,
    }),
    outboxFeeCapped: new Gauge({
      name: "hfh_outbox_fee_capped",
      help: "1 while a stuck transaction can't be bumped because MAX_FEE_GWEI is reached.",
      registers,
    }),
    relayerBalanceShort: new Gauge({
      name: "hfh_relayer_balance_short",
      help: "1 while the node refuses our transactions because the relayer can't pay their gas.",
      registers,
    }),
    relayerBalance: new Gauge({
      name: "hfh_relayer_balance",
      help: "The chain's own coin that the relayer has for gas, in whole coins.",
      registers,
    }),
    relayerTransactionsLeft: new Gauge({
      name: "hfh_relayer_transactions_left",
      help: "Transactions of 250,000 gas that the relayer can still pay for at what it would offer now.",
      registers,
    }),
    relayerBalanceLow: new Gauge({
      name: "hfh_relayer_balance_low",
      help: "1 while these are fewer than RELAYER_LOW_TRANSACTIONS.",
      registers,
    }),
    outboxMinedSeconds: new Histogram({
      name: "hfh_outbox_mined_seconds",
      help: "From an intent's making to the sight of its receipt.",
      buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),

    oracleNodeFailures: new Counter({
      name: "hfh_oracle_node_failures_total",
      help: "Calls of a node of the oracle that it did not answer, refused, or answered with a bad signature.",
      labelNames: ["verifier"] as const,
      registers,
    }),

    queueJobSeconds: new Histogram({
      name: "hfh_queue_job_seconds",
      help: "Run time of queued work, by queue and outcome (done, failed).",
      labelNames: ["queue", "outcome"] as const,
      buckets: secondsBuckets,
      registers,
    }),
    sweepRows: new Counter({
      name: "hfh_sweep_rows_total",
      help: "Due rows that a sweep handled, by sweep.",
      labelNames: ["sweep"] as const,
      registers,
    }),
    sweepFailures: new Counter({
      name: "hfh_sweep_failures_total",
      help: "Sweeps that threw, by sweep.",
      labelNames: ["sweep"] as const,
      registers,
    }),

    webhookDeliveries: new Counter({
      name: "hfh_webhook_tries_total",
      help: "Tries to deliver a webhook, by outcome (delivered, failed).",
      labelNames: ["outcome"] as const,
      registers,
    }),

    // Read from the database, see figures.ts.
    databaseUp: new Gauge({
      name: "hfh_database_up",
      help: "1 where the database gave the figures that stand here; 0: they are old.",
      registers,
    }),
    jobsOpen: new Gauge({
      name: "hfh_jobs_open",
      help: "Jobs that have not ended, by status.",
      labelNames: ["status"] as const,
      registers,
    }),
    jobsOverdue: new Gauge({
      name: "hfh_jobs_overdue",
      help: "Jobs whose window on chain is over by more than ten minutes of chain time and that nothing has ended.",
      registers,
    }),
    jobEvents: new Counter({
      name: "hfh_job_events_total",
      help: "Events of jobs since this process started, by type.",
      labelNames: ["type"] as const,
      registers,
    }),
    jobWaitSeconds: new Histogram({
      name: "hfh_job_wait_seconds",
      help: "How long jobs waited: from funding to acceptance (match), from evidence to payment (payment).",
      labelNames: ["for"] as const,
      buckets: waitBuckets,
      registers,
    }),
    verdicts: new Counter({
      name: "hfh_verdicts_total",
      help: "Verifications since this process started, by outcome (pass, fail, unsure).",
      labelNames: ["outcome"] as const,
      registers,
    }),
    offers: new Counter({
      name: "hfh_offers_total",
      help: "Offers since this process started, by what they were three minutes after they were made.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    workersPresent: new Gauge({
      name: "hfh_workers_present",
      help: "Workers who are on line.",
      registers,
    }),
    escrowedUsdc: new Gauge({
      name: "hfh_escrowed_usdc",
      help: "USDC of jobs that have not ended, fees included.",
      registers,
    }),
    paidUsdc: new Gauge({ name: "hfh_paid_usdc", help: "USDC that workers of ended jobs were paid.", registers }),
    refundedUsdc: new Gauge({
      name: "hfh_refunded_usdc",
      help: "USDC that clients of ended jobs got back, fees included.",
      registers,
    }),
    outboxOldestSeconds: new Gauge({
      name: "hfh_outbox_oldest_seconds",
      help: "Age of the oldest intent that no block holds yet.",
      registers,
    }),
    queueReady: new Gauge({
      name: "hfh_queue_ready_jobs",
      help: "Queued work that could be done now, by queue.",
      labelNames: ["queue"] as const,
      registers,
    }),
    queueOldestSeconds: new Gauge({
      name: "hfh_queue_oldest_seconds",
      help: "How long the oldest of it has been ready, by queue.",
      labelNames: ["queue"] as const,
      registers,
    }),
    webhooksPending: new Gauge({
      name: "hfh_webhook_pending_deliveries",
      help: "Webhooks that are not delivered yet.",
      registers,
    }),
    webhooksOldestSeconds: new Gauge({
      name: "hfh_webhook_oldest_seconds",
      help: "Age of the oldest of them.",
      registers,
    }),
    databaseConnections: new Gauge({
      name: "hfh_database_connections",
      help: "Connections of this process's pool, by state (idle, busy). None: the embedded database.",
      labelNames: ["state"] as const,
      registers,
    }),
    databaseWaiting: new Gauge({
      name: "hfh_database_waiting_requests",
      help: "What waits in this process for a connection.",
      registers,
    }),

    httpSeconds: new Histogram({
      name: "hfh_http_request_seconds",
      help: "Time to answer, by route and status class.",
      labelNames: ["method", "route", "status"] as const,
      buckets: secondsBuckets,
      registers,
    }),
  };
}
