import { dataLength } from "ethers";
import { escrowCalls, escrowInterface } from "@hireforhumans/protocol";
import { GAS_LIMIT } from "./gas-limit.ts";
import type { Intent, IntentKind } from "./intent.ts";
import type { RawLog } from "./node.ts";

/** How a contract takes many calls in one transaction, each for itself. */
export interface BatchCall {
  /** Calls of other contracts travel alone. */
  to: string;
  /** Kinds whose calls depend on nothing but earlier calls for the same job. */
  kinds: ReadonlySet<IntentKind>;
  /** What the contract keeps back for each call, beside what the call may use. */
  gasPerCall: bigint;
  encode(calls: string[]): string;
  /** By the place of a call that was undone, its revert data; from the logs of a batch's receipt. */
  failures(logs: readonly RawLog[]): Map<number, string>;
}

/** The escrow's `tryMulticall`: one failed call is undone alone, and the sender of each is the batch's. */
export function createEscrowBatch(escrow: string): BatchCall {
  const failed = escrowInterface.getEvent("CallFailed");
  return {
    to: escrow,
    kinds: new Set(["fund", "cancel", "accept", "reopen", "submit", "release", "reject", "refund", "settle"]),
    gasPerCall: 20_000n,
    encode: escrowCalls.tryMulticall,
    failures(logs) {
      const own = logs.filter(({ address, topics }) => {
        return address.toLowerCase() === escrow.toLowerCase() && topics[0] === failed.topicHash;
      });
      return new Map(
        own.map(({ data, topics }) => {
          const { index, reason } = escrowInterface.decodeEventLog(failed, data, topics);
          return [Number(index), String(reason)];
        }),
      );
    },
  };
}

/** What any transaction costs, and the most that a byte of its data does. */
const TRANSACTION_GAS = 21_000n;
const GAS_PER_BYTE = 16n;
/** Of the batch's own data: what stands before a call, and before all of them. */
const BYTES_PER_CALL = 96;
const BYTES_OF_BATCH = 100;

/**
 * Which intents travel together, in the order in which the transactions get their nonces. Those of a batch may use the same
 * gas, since the contract gives each call an equal share of it. What is sent for one job stays in its order.
 * @param intents in the order in which they were asked for
 */
export function planBatches(intents: readonly BatchedIntent[], call: BatchCall | undefined): BatchedIntent[][] {
  const plans: Plan[] = [];
  const lastOfJob = new Map<string, number>();
  for (const intent of intents) {
    const fits = call !== undefined && !intent.alone && intent.to === call.to && call.kinds.has(intent.kind);
    const after = intent.jobId === null ? 0 : (lastOfJob.get(intent.jobId) ?? 0);
    const open = fits ? plans.findLastIndex((plan) => plan.takesMore && plan.gasLimit === intent.gasLimit) : -1;
    const plan = open >= after ? plans[open] : undefined;
    if (plan !== undefined && call !== undefined && gasOf([...plan.intents, intent], call) <= GAS_LIMIT.max) {
      plan.intents.push(intent);
      if (intent.jobId !== null) lastOfJob.set(intent.jobId, open);
    } else {
      if (plan !== undefined) plan.takesMore = false;
      plans.push({ intents: [intent], gasLimit: intent.gasLimit, takesMore: fits });
      if (intent.jobId !== null) lastOfJob.set(intent.jobId, plans.length - 1);
    }
  }
  return plans.map((plan) => plan.intents);
}

/** @param alone it was in a batch that was reverted as a whole */
export type BatchedIntent = Intent & { alone: boolean };

interface Plan {
  intents: BatchedIntent[];
  gasLimit: bigint;
  takesMore: boolean;
}

/** What a batch of these has to be given, so that each can use what it may. */
export function gasOf(intents: readonly Intent[], call: BatchCall): bigint {
  const bytes = intents.reduce((sum, { data }) => sum + dataLength(data) + BYTES_PER_CALL, BYTES_OF_BATCH);
  const most = intents.reduce((max, { gasLimit }) => (gasLimit > max ? gasLimit : max), 0n);
  return TRANSACTION_GAS + BigInt(bytes) * GAS_PER_BYTE + BigInt(intents.length) * (most + call.gasPerCall);
}
