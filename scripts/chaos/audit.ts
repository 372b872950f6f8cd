import { type Event, escrowInterface, eventSchema, totalOf, parseUsdc } from "@hireforhumans/protocol";
import { z } from "zod";
import { devAccounts } from "../chain/dev-accounts.ts";
import { lives, rewardText } from "./lives.ts";
import { insist } from "./insist.ts";
import type { PlayedJob } from "./play.ts";
import type { World } from "./world.ts";

/** Money by the chain's own word, base units of USDC. */
export interface Books {
  client: bigint;
  workers: bigint;
  escrow: bigint;
  /** What waits in the escrow for the treasury. */
  fees: bigint;
}

export interface Findings {
  /** What is not there: a job, its money, an event, a webhook. */
  lost: string[];
  /** What is there twice. */
  doubled: string[];
  /** What did not end, or not as it should. */
  stuck: string[];
}

export const nothingFound = (): Findings => ({ lost: [], doubled: [], stuck: [] });

export async function booksOf(world: World): Promise<Books> {
  const { escrow, deployment, workers } = world;
  const balances = await Promise.all(workers.map(({ address }) => world.usdcOf(address)));
  return {
    client: await world.usdcOf(devAccounts.client.address),
    workers: balances.reduce((sum, balance) => sum + balance, 0n),
    escrow: await world.usdcOf(deployment.escrow),
    fees: await escrow.credit({ owner: devAccounts.treasury.address }),
  };
}

/** Looks at jobs that have ended, from outside: at the chain, at what the gateway says, at what the receiver was told. */
export async function audit(world: World, jobs: readonly PlayedJob[], before: Books): Promise<Findings> {
  const found = nothingFound();
  for (const job of jobs) {
    await auditChain(world, job, found);
    await auditEvents(world, job, found);
  }
  auditBooks(jobs, before, await booksOf(world), found);
  if (world.receiver.forged > 0) found.lost.push(`${world.receiver.forged} webhooks had no good signature`);
  return found;
}

async function auditChain({ chain, deployment }: World, job: PlayedJob, found: Findings): Promise<void> {
  const filter = { address: deployment.escrow, fromBlock: "0x0", topics: [null, job.chainJobId] };
  const logs = (await chain.rpc("eth_getLogs", [filter])) as { topics: string[]; data: string }[];
  const names = logs.flatMap((log) => escrowInterface.parseLog(log)?.name ?? []);
  const expected = lives[job.life].events;
  const what = `${job.id} (${job.life}): the escrow tells ${names.join(", ") || "nothing"}; expected ${expected.join(", ")}`;
  const counts = (list: readonly string[]) => Map.groupBy(list, (name) => name);
  const [told, wanted] = [counts(names), counts(expected)];
  for (const name of new Set([...names, ...expected])) {
    const difference = (told.get(name)?.length ?? 0) - (wanted.get(name)?.length ?? 0);
    if (difference > 0) found.doubled.push(what);
    if (difference < 0) found.lost.push(what);
  }
}

async function auditEvents(world: World, job: PlayedJob, found: Findings): Promise<void> {
  const events = await eventsOf(world, job.id);
  const numbers = events.map(({ sequence }) => sequence);
  if (numbers.some((number, index) => number !== index + 1))
    found.lost.push(`${job.id}: its events have the sequence ${numbers.join(", ")}`);
  const arrivals = world.receiver.arrivals.filter(({ event }) => event.job_id === job.id);
  for (const event of events) {
    const own = arrivals.filter((arrival) => arrival.event.sequence === event.sequence);
    if (!own.some(({ taken }) => taken))
      found.lost.push(`${job.id}: webhook ${event.sequence} ${event.type} never came`);
    if (own.some(({ id }) => id !== event.id))
      found.doubled.push(`${job.id}: webhook ${event.sequence} came by another id than its event's, ${event.id}`);
  }
  const firsts = [...new Set(arrivals.map(({ event }) => event.sequence))];
  if (firsts.some((sequence, index) => sequence !== index + 1))
    found.lost.push(`${job.id}: webhooks came in the order ${firsts.join(", ")}`);
}

/** The gateway's list of a job's events. */
export async function eventsOf({ gatewayUrl, apiKey }: World, jobId: string): Promise<Event[]> {
  const headers = { authorization: `Bearer ${apiKey}`, accept: "application/json" };
  const response = await insist(() => fetch(`${gatewayUrl}/v1/jobs/${jobId}/events`, { headers }));
  return z.object({ data: z.array(eventSchema) }).parse(await response.json()).data;
}

function auditBooks(jobs: readonly PlayedJob[], before: Books, after: Books, found: Findings): void {
  const reward = parseUsdc(rewardText);
  const total = totalOf(reward);
  const paid = BigInt(jobs.filter(({ life }) => lives[life].paid).length);
  const expected: Books = {
    client: before.client - paid * total,
    workers: before.workers + paid * reward,
    // The fee waits there for the treasury.
    escrow: before.escrow + paid * (total - reward),
    fees: before.fees + paid * (total - reward),
  };
  for (const account of ["client", "workers", "escrow", "fees"] as const) {
    const difference = after[account] - expected[account];
    if (difference === 0n) continue;
    const what = `${account} have ${after[account]} base units of USDC; expected ${expected[account]}`;
    const tooMuch = account === "client" ? difference < 0n : difference > 0n;
    (tooMuch ? found.doubled : found.lost).push(what);
  }
}
