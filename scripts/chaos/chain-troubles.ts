import { setTimeout as sleep } from "node:timers/promises";
import { escrowInterface } from "@hireforhumans/protocol";
import { keccak256, toQuantity, Wallet } from "ethers";
import { devAccounts } from "../chain/dev-accounts.ts";
import type { LifeName } from "./points.ts";
import { ask, speakFor } from "./rpc-troubles.ts";
import type { Making } from "./troubles.ts";
import type { World } from "./world.ts";

/** An event of the escrow, and a life in which it comes. */
export interface ReorgStep {
  event: string;
  life: LifeName;
}

/** Every step that moves a job on chain. */
export const reorgSteps: readonly ReorgStep[] = [
  { event: "Funded", life: "paid" },
  { event: "Accepted", life: "paid" },
  { event: "Released", life: "paid" },
  { event: "Submitted", life: "released" },
  { event: "Rejected", life: "rejected" },
  { event: "Refunded", life: "refunded" },
  { event: "Reopened", life: "lapsed" },
  { event: "Cancelled", life: "cancelled" },
];

/**
 * Mines until a block has the event, then on until as many blocks as the reorg is deep are there, takes them back, and
 * lets the chain go another way. The node forgets what was in those blocks: it has to be told again.
 */
export async function reorg({ world, over, note }: Making, event: string, depth: number): Promise<void> {
  const { chain } = world;
  await world.chain.rpc("evm_setIntervalMining", [0]);
  try {
    /** By the number of the newest block at the time. */
    const snapshots = new Map<number, string>();
    let seenAt: number | undefined;
    // Jobs may be over before the reorg is as deep as it is to be.
    while (seenAt !== undefined || !over.aborted) {
      const head = Number(await chain.rpc("eth_blockNumber"));
      snapshots.set(head, (await chain.rpc("evm_snapshot")) as string);
      await chain.mine();
      if (seenAt === undefined && (await hasEvent(world, head + 1, event))) seenAt = head + 1;
      if (seenAt !== undefined && head + 1 - seenAt + 1 >= depth) break;
      await sleep(world.blockIntervalMs);
    }
    const snapshot = seenAt === undefined ? undefined : snapshots.get(seenAt - 1);
    if (snapshot === undefined) return;
    note();
    await chain.rpc("evm_revert", [snapshot]);
  } finally {
    await chain.rpc("evm_setIntervalMining", [world.blockIntervalMs]);
  }
}

async function hasEvent({ chain, deployment }: World, number: number, event: string): Promise<boolean> {
  const block = toQuantity(number);
  const topic = escrowInterface.getEvent(event as "Funded").topicHash;
  const filter = { address: deployment.escrow, fromBlock: block, toBlock: block, topics: [topic] };
  return ((await chain.rpc("eth_getLogs", [filter])) as unknown[]).length > 0;
}

const gwei = 10n ** 9n;
const relayer = devAccounts.relayer;

/** Keeps the base fee above what is offered now, until replacements offer more. */
export async function spike({ world, over, note }: Making): Promise<void> {
  const { chain } = world;
  const endsAt = performance.now() + 6_000;
  let fee = 300n * gwei;
  while (!over.aborted && performance.now() < endsAt) {
    note();
    await chain.rpc("hardhat_setNextBlockBaseFeePerGas", [toQuantity(fee)]);
    fee += 10n * gwei;
    await sleep(world.blockIntervalMs);
  }
}

/** The node says that it has a transaction, and forgets it. */
export async function dropFromPool({ world, over, note }: Making): Promise<void> {
  let left = 3;
  world.rpc.instead = ({ body }) => {
    const message = JSON.parse(body) as { id: number; method: string; params: string[] };
    if (Array.isArray(message) || message.method !== "eth_sendRawTransaction" || left === 0) return undefined;
    left -= 1;
    note();
    const result = keccak256(message.params[0] ?? "0x");
    return Promise.resolve(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
  };
  await untilAborted(over);
  world.rpc.instead = undefined;
}

/** Somebody sends by the relayer's key, just when the gateway is about to. */
export async function spendNonce({ world, over, note }: Making): Promise<void> {
  let left = 2;
  world.rpc.before = async ({ body }) => {
    if (left === 0 || !body.includes("eth_sendRawTransaction")) return;
    left -= 1;
    note();
    await sendForeign(world, 1_000n * gwei);
  };
  await untilAborted(over);
  world.rpc.before = undefined;
}

/**
 * As above, but so cheap that no block takes it; and the gateway is a new process that finds it there. The node counts it
 * among the relayer's transactions, as geth and Bor do.
 */
export async function squatNonce(making: Making): Promise<void> {
  const { world, over, note } = making;
  const holdFee = () => world.chain.rpc("hardhat_setNextBlockBaseFeePerGas", [toQuantity(5n * gwei)]);
  note();
  await holdFee();
  await world.chain.mine();
  const nonce = await sendForeign(world, gwei);
  await world.gateway.kill();
  const spoken = speakFor(making, async (call) => {
    const answer = await ask(world, call);
    const isCount = call.method === "eth_getTransactionCount" && call.params[1] === "pending";
    return isCount && Number(answer.result) === nonce ? { ...answer, result: toQuantity(nonce + 1) } : answer;
  });
  while (!over.aborted) {
    await holdFee();
    await sleep(world.blockIntervalMs);
  }
  await spoken;
}

async function sendForeign({ chain, deployment }: World, maxFeePerGas: bigint): Promise<number> {
  const nonce = Number(await chain.rpc("eth_getTransactionCount", [relayer.address, "latest"]));
  const raw = await new Wallet(relayer.privateKey).signTransaction({
    type: 2,
    chainId: deployment.chainId,
    nonce,
    to: devAccounts.stranger.address,
    value: 1n,
    gasLimit: 21_000n,
    maxFeePerGas,
    maxPriorityFeePerGas: gwei / 10n,
  });
  // Where the gateway was quicker, its transaction has the nonce; that is what the foreign one was to prevent.
  await chain.rpc("eth_sendRawTransaction", [raw]).catch(() => undefined);
  return nonce;
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
