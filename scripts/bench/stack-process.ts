/**
 * The process in which `bench-stack.ts` runs the stack, so that who drives it takes no turns of its event loop: options
 * come as JSON in the first argument, where it listens goes to the parent, and so do, whenever it is asked for anything,
 * the times that only the gateway knows. It ends with the parent's channel.
 */
import { startStack } from "../stack/stack.ts";

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

/** From the verdict to the node's word that it has the transaction that pays by it; of all jobs so far, milliseconds. */
export interface GatewayTimes {
  verdictToBroadcast: number[];
}

const options = JSON.parse(process.argv[2] ?? "{}") as StackProcessOptions;
const stack = await startStack({ ...options, port: 0, chainPort: 0, onProgress: () => undefined });
process.once("disconnect", () => void stack.stop().then(() => process.exit()));
process.on("message", () => void gatewayTimes().then((times) => process.send?.(times)));

async function gatewayTimes(): Promise<GatewayTimes> {
  const rows = await stack.gateway.context.db
    .selectFrom("verdicts")
    .innerJoin("intents", "intents.job_id", "verdicts.job_id")
    .innerJoin("transactions", "transactions.intent_id", "intents.id")
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
