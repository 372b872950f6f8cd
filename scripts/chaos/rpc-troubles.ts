import { setTimeout as sleep } from "node:timers/promises";
import { toQuantity } from "ethers";
import type { Random } from "../sim/random.ts";
import { Lost } from "./gate.ts";
import type { Making } from "./troubles.ts";
import type { World } from "./world.ts";

interface Call {
  id: number;
  method: string;
  params: unknown[];
}

interface Answer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string };
}

/** Trouble lasts so long; then what is left goes its way. */
const lastsMs = 20_000;

/** Lets `answer` speak for the node until time or jobs are over. */
export async function speakFor(
  { world, over }: Making,
  answer: (call: Call) => Promise<Answer | undefined>,
): Promise<void> {
  world.rpc.instead = async ({ body }) => {
    const message = JSON.parse(body) as Call | Call[];
    const answers = (await Promise.all([message].flat().map(answer))).flatMap((one) => one ?? []);
    if (answers.length === 0) throw new Lost("no call of this message came through");
    return JSON.stringify(Array.isArray(message) ? answers : answers[0]);
  };
  await Promise.race([sleep(lastsMs, undefined, { ref: false }), untilAborted(over)]);
  world.rpc.instead = undefined;
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });

export async function ask({ chain }: World, call: Call): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", ...call });
  return (await (await fetch(chain.url, { method: "POST", headers, body })).json()) as Answer;
}

/** Shares of calls. */
const lostRequests = 0.08;
const lostAnswers = 0.08;
const doubled = 0.1;
const delayed = 0.3;
const longestDelayMs = 600;

/** Of each call one may be lost on its way or on its way back, come twice, or come late and so after later ones. */
export async function lose(making: Making): Promise<void> {
  const { world, random, note } = making;
  await speakFor(making, async (call) => {
    const late = async () => {
      if (!random.chance(delayed)) return;
      note();
      await sleep(random.integer(1, longestDelayMs));
    };
    await late();
    if (random.chance(lostRequests)) {
      note();
      return undefined;
    }
    const answer = await ask(world, call);
    if (random.chance(doubled)) {
      note();
      await ask(world, call);
    }
    await late();
    if (!random.chance(lostAnswers)) return answer;
    note();
    return undefined;
  });
}

const mostBlocksBehind = 6;

/** Behind the gateway's address stand several nodes, most of them behind the best: each call meets another. */
export async function lag(making: Making): Promise<void> {
  const { world, random, note } = making;
  await speakFor(making, async (call) => {
    const behind = random.chance(0.4) ? 0 : random.integer(1, mostBlocksBehind);
    if (behind > 0) note();
    return behind === 0 ? ask(world, call) : askOlder(world, call, behind, random);
  });
}

/** What a node says that has not seen the newest blocks. */
async function askOlder(world: World, call: Call, behind: number, random: Random): Promise<Answer> {
  const newest = Number(await world.chain.rpc("eth_blockNumber"));
  const seen = Math.max(0, newest - behind);
  const atSeen = (tag: unknown) => (tag === "latest" || tag === "pending" ? toQuantity(seen) : tag);
  const { id, method, params } = call;
  switch (method) {
    case "eth_getBlockByNumber": {
      const [tag, full] = params;
      if (typeof tag === "string" && tag.startsWith("0x") && Number(tag) > seen) return { id, result: null };
      return ask(world, { ...call, params: [atSeen(tag), full] });
    }
    case "eth_getTransactionCount":
    case "eth_call":
      if (Number(params[1]) > seen) return { id, error: { code: -32000, message: "header not found" } };
      return ask(world, { ...call, params: [params[0], atSeen(params[1])] });
    case "eth_getTransactionReceipt": {
      const answer = await ask(world, call);
      const receipt = answer.result as { blockNumber: string } | null | undefined;
      return receipt && Number(receipt.blockNumber) > seen ? { id, result: null } : answer;
    }
    case "eth_getLogs": {
      const [{ blockHash, toBlock }] = params as [{ blockHash?: string; toBlock?: string }];
      if (blockHash !== undefined) {
        const block = (await world.chain.rpc("eth_getBlockByHash", [blockHash, false])) as { number: string } | null;
        if (block !== null && Number(block.number) > seen)
          return { id, error: { code: -32000, message: "unknown block" } };
        return ask(world, call);
      }
      // Such a node may also keep what it has not to itself, and give the part that it knows.
      if (toBlock !== undefined && Number(toBlock) > seen && random.chance(0.5))
        return { id, error: { code: -32000, message: "block range extends beyond current head block" } };
      return ask(world, call);
    }
    default:
      return ask(world, call);
  }
}
