/**
 * The process in which `bench-stack.ts` runs the stack, so that who drives it takes no turns of its event loop: options
 * come as JSON in the first argument, where it listens goes to the parent, and so do, whenever it is asked for anything,
 * the times that only the gateway knows. It ends with the parent's channel.
 */
import { ONE_USDC } from "@hireforhumans/protocol";
import { sql } from "kysely";
import { devAccounts } from "../chain/dev-accounts.ts";
import { grantLimit, startStack } from "../stack/stack.ts";
import { cpuMsOf } from "./cpu.ts";
import { countStatements } from "./statements.ts";

export interface StackProcessOptions {
  dataDir: string;
  blockIntervalMs: number;
  env: Record<string, string>;
}

export interface StackReport {
  url: string;
  apiKey: string;
  webhookSecret: string;
  chainUrl: string;
  escrow: string;
}

/** What the processes of the stack have used so far. */
export interface StackUsage {
  /** Milliseconds of a core. The gateway's process holds the oracle too, and the embedded database where that is used. */
  gatewayMs: number;
  chainMs: number;
  /** Of the server's processes for this database; 0 for the embedded one. */
  databaseMs: number;
  statements: number;
  /** By the beginning of their text. */
  statementsBy: Record<string, number>;
  /** Resident bytes of the gateway's process. */
  residentBytes: number;
}

/** From the verdict to the node's word that it has the transaction that pays by it; of all jobs so far, milliseconds. */
export interface GatewayTimes {
  verdictToBroadcast: number[];
}

const counted = countStatements();
const options = JSON.parse(process.argv[2] ?? "{}") as StackProcessOptions;
/** Twice what a block of Polygon holds: what is measured is the gateway, not how many jobs a chain could hold. */
const blockGasLimit = 90_000_000n;
const stack = await startStack({ ...options, blockGasLimit, port: 0, chainPort: 0, onProgress: () => undefined });
// For half an hour of jobs.
await grantLimit(stack.chain, stack.deployment, {
  account: devAccounts.client,
  funds: 10_000_000n * ONE_USDC,
  remaining: 5_000_000n * ONE_USDC,
  perJob: 500n * ONE_USDC,
});
process.once("disconnect", () => void stack.stop().then(() => process.exit()));
const answers = { times: gatewayTimes, usage: usageOf, "raise capacity": raiseCapacity };
process.on("message", (question: keyof typeof answers) => {
  void answers[question]().then((answer) => process.send?.(answer));
});

/** So that few workers can do as much as many would. */
async function raiseCapacity(): Promise<boolean> {
  await stack.gateway.context.db.updateTable("workers").set({ capacity: 50 }).execute();
  return true;
}

async function usageOf(): Promise<StackUsage> {
  const own = process.cpuUsage();
  return {
    gatewayMs: (own.user + own.system) / 1_000,
    chainMs: await cpuMsOf(stack.chain.pid),
    databaseMs: await databaseMs(),
    statements: [...counted.values()].reduce((sum, count) => sum + count, 0),
    statementsBy: Object.fromEntries(counted),
    residentBytes: process.memoryUsage().rss,
  };
}

async function databaseMs(): Promise<number> {
  if (options.env["DATABASE_URL"] === undefined) return 0;
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where datname = current_database()`.execute(stack.gateway.context.db);
  const used = await Promise.all(rows.map(({ pid }) => cpuMsOf(pid)));
  return used.reduce((sum, ms) => sum + ms, 0);
}

async function gatewayTimes(): Promise<GatewayTimes> {
  const rows = await stack.gateway.context.db
    .selectFrom("verdicts")
    .innerJoin("intents", "intents.job_id", "verdicts.job_id")
    .innerJoin("transactions", (on) =>
      on.on("transactions.intent_id", "=", sql<string>`coalesce(intents.carrier_id, intents.id)`),
    )
    .select(["evidence_id", "intent_key", "verdicts.created_at", "broadcast_at"])
    .where("outcome", "=", "pass")
    .where("intents.kind", "in", ["submit", "release"])
    .execute();
  const times = new Map<string, number>();
  for (const { evidence_id, intent_key, created_at, broadcast_at } of rows) {
    if (broadcast_at === null || !["submit", "release"].some((verb) => intent_key === `${verb}:${evidence_id}`))
      continue;
    const ms = broadcast_at.getTime() - created_at.getTime();
    times.set(evidence_id, Math.min(ms, times.get(evidence_id) ?? ms));
  }
  return { verdictToBroadcast: [...times.values()] };
}

process.send?.({
  url: stack.gateway.url,
  apiKey: stack.apiKey,
  webhookSecret: stack.webhookSecret,
  chainUrl: stack.chain.url,
  escrow: stack.deployment.escrow,
} satisfies StackReport);
