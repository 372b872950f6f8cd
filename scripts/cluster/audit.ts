import { setTimeout as sleep } from "node:timers/promises";
import { escrowInterface, parseUsdc, totalOf } from "@hireforhumans/protocol";
import { devAccounts } from "../chain/dev-accounts.ts";
import { rewardText, type Request } from "./load.ts";
import type { People } from "./people.ts";
import type { World } from "./world.ts";

/** What was there before a load, so that only what it added is looked at. */
export interface Before {
  client: bigint;
  workers: bigint;
  relayerTransactions: number;
  minedTransactions: number;
  chainJobs: ReadonlySet<string>;
}

export interface Findings {
  /** Jobs that an agent was told of, or asked for to the end, and that are not there and paid. */
  lost: string[];
  /** A second job for one wish, a second effect of one step, a second id of one event. */
  doubled: string[];
  /** Jobs whose money is in the escrow and of which the database knows nothing, by id on chain. */
  unknown: string[];
  /** Transactions of the relayer that the database knows nothing of. */
  unknownTransactions: number;
  /** From the posting of the slowest job to its payment, seconds. */
  slowestSeconds: number;
}

const settleWithinMs = 180_000;

export async function lookBefore(world: World, people: People): Promise<Before> {
  return {
    client: await world.usdcOf(devAccounts.client.address),
    workers: await sumOf(world, people),
    relayerTransactions: await world.relayerTransactions(),
    minedTransactions: await minedTransactions(world),
    chainJobs: new Set((await escrowEvents(world)).keys()),
  };
}

/** Waits until every job has ended, and compares what the agent was told, the database and the chain. */
export async function audit(
  world: World,
  people: People,
  requests: readonly Request[],
  before: Before,
): Promise<Findings> {
  const findings: Findings = { lost: [], doubled: [], unknown: [], unknownTransactions: 0, slowestSeconds: 0 };
  const ids = new Set(requests.flatMap(({ jobId }) => jobId ?? []));
  await settled(world, ids);
  const rows = await world.query(
    `select jobs.id, chain_job_id, status, idempotency_key,
       extract(epoch from ended_at - jobs.created_at)::float8 as seconds
     from jobs left join idempotency_keys on idempotency_keys.job_id = jobs.id`,
  );
  const jobs = new Map(rows.map((row) => [String(row["id"]), row]));
  for (const { key, jobId, first } of requests) {
    const status = jobId === undefined ? undefined : (jobs.get(jobId)?.["status"] as string | undefined);
    if (status !== "paid") findings.lost.push(`${jobId ?? key}: ${status ?? "not there"}; first told ${first}`);
    const made = rows.filter((row) => row["idempotency_key"] === key);
    if (made.length > 1) findings.doubled.push(`${key}: ${made.length} jobs`);
  }
  const mine = [...ids].map((id) => jobs.get(id)).filter((row) => row !== undefined);
  findings.slowestSeconds = Math.max(0, ...mine.map((row) => Number(row["seconds"])));
  await auditChain(world, people, rows, before, findings);
  await auditEvents(world, ids, findings);
  return findings;
}

async function settled(world: World, ids: ReadonlySet<string>): Promise<void> {
  const endsAt = performance.now() + settleWithinMs;
  while (performance.now() < endsAt) {
    const open = await world.query("select id from jobs where ended_at is null");
    const [queued] = await world.query("select count(*)::int as n from intents where status in ('queued', 'signed')");
    const webhooks = await world.query("select 1 from webhook_deliveries where status = 'pending' limit 1");
    if (!open.some(({ id }) => ids.has(String(id))) && queued?.["n"] === 0 && webhooks.length === 0) return;
    await sleep(250);
  }
}

async function auditChain(
  world: World,
  people: People,
  rows: readonly Record<string, unknown>[],
  before: Before,
  findings: Findings,
): Promise<void> {
  const known = new Set(rows.map((row) => String(row["chain_job_id"])));
  const events = new Map([...(await escrowEvents(world))].filter(([id]) => !before.chainJobs.has(id)));
  for (const [id, names] of events) {
    if (!known.has(id)) findings.unknown.push(id);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) findings.doubled.push(`${id} on chain: ${twice.join(", ")}`);
  }
  const reward = parseUsdc(rewardText);
  const funded = BigInt([...events.values()].filter((names) => names.includes("Funded")).length);
  const paid = BigInt([...events.values()].filter((names) => names.includes("Released")).length);
  const spent = before.client - (await world.usdcOf(devAccounts.client.address));
  const earned = (await sumOf(world, people)) - before.workers;
  if (spent !== funded * totalOf(reward)) findings.doubled.push(`the client paid ${spent} for ${funded} jobs`);
  if (earned !== paid * reward) findings.doubled.push(`the workers earned ${earned} by ${paid} jobs`);
  const sent = (await world.relayerTransactions()) - before.relayerTransactions;
  findings.unknownTransactions = sent - ((await minedTransactions(world)) - before.minedTransactions);
}

async function auditEvents(world: World, ids: ReadonlySet<string>, findings: Findings): Promise<void> {
  for (const { id, job_id, sequence } of await world.query("select id, job_id, sequence from job_events")) {
    if (!ids.has(String(job_id))) continue;
    const came = world.receiver.idsOf(String(job_id), Number(sequence));
    const what = `webhook ${String(sequence)} of ${String(job_id)}`;
    if (came.size === 0) findings.lost.push(`${what} never came`);
    if (came.size > 1 || (came.size === 1 && !came.has(String(id))))
      findings.doubled.push(`${what} came as ${[...came].join(", ")}; it is ${String(id)}`);
  }
}

/** Names of the escrow's events about each job, in order, by the job's id on chain. */
async function escrowEvents({ chain, deployment }: World): Promise<Map<string, string[]>> {
  const logs = (await chain.rpc("eth_getLogs", [{ address: deployment.escrow, fromBlock: "0x0" }])) as {
    topics: string[];
    data: string;
  }[];
  const events = new Map<string, string[]>();
  for (const log of logs) {
    const event = escrowInterface.parseLog(log);
    const id = event?.args.toObject()["jobId"] as string | undefined;
    if (event !== null && id !== undefined) events.set(id, [...(events.get(id) ?? []), event.name]);
  }
  return events;
}

async function minedTransactions(world: World): Promise<number> {
  const [row] = await world.query("select count(distinct mined_hash)::int as n from intents");
  return Number(row?.["n"]);
}

async function sumOf(world: World, people: People): Promise<bigint> {
  const balances = await Promise.all(people.addresses.map((address) => world.usdcOf(address)));
  return balances.reduce((sum, balance) => sum + balance, 0n);
}
