import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobStatus } from "@hireforhumans/protocol";
import { audit, booksOf, type Findings, nothingFound } from "./audit.ts";
import { lives, requestOf } from "./lives.ts";
import { insist } from "./insist.ts";
import type { LifeName } from "./points.ts";
import type { Random } from "../sim/random.ts";
import type { Trouble } from "./troubles.ts";
import type { World } from "./world.ts";

/** What came of a row of faults. */
export interface Outcome extends Findings {
  faults: number;
  jobs: number;
  /** The longest time from the first fault to a job's end, milliseconds. */
  longestMs: number;
}

export interface PlayedJob {
  id: string;
  chainJobId: string;
  life: LifeName;
  /** By `performance.now()`: when the agent had been told of the end. */
  endedAt: number;
}

/** How long a job may take with all its faults. */
export const endsWithinMs = 300_000;
const lookMs = 200;

/** A job did not end as it should. */
export class Stuck extends Error {
  override readonly name = "Stuck";
}

/** Posts jobs and sees them through, as `play` says of each. */
export async function playJobs(world: World, life: LifeName, title: string, count: number) {
  world.playing.clear();
  world.toPost = count;
  return Promise.allSettled(Array.from({ length: count }, (_, index) => playJob(world, life, `${title} ${index}`)));
}

/** Posts a job and sees it through to its end, however often it has to ask. @throws Stuck */
async function playJob(world: World, life: LifeName, title: string): Promise<PlayedJob> {
  const idempotencyKey = randomUUID();
  const request = requestOf(life, title, world.receiver.url);
  const { job_id: id, chain_job_id: chainJobId } = await insist(() =>
    world.agent.jobs.create(request, { idempotencyKey }),
  );
  world.playing.add(chainJobId);
  world.toPost -= 1;
  return seeThrough(world, { id, chainJobId, life });
}

/** Waits until a job is where it should end, by the word of gateway and chain, and the agent was told. @throws Stuck */
async function seeThrough(world: World, { id, chainJobId, life }: Omit<PlayedJob, "endedAt">): Promise<PlayedJob> {
  const endsAt = performance.now() + endsWithinMs;
  const { status: wanted, prod } = lives[life];
  for (;;) {
    const late = performance.now() > endsAt;
    // Who is told need not ask; many that ask again and again would take the time of those who die.
    if (late || isTold(world, id)) {
      const { status } = await insist(() => world.agent.jobs.get(id));
      const { status: onChain } = await world.escrow.job({ jobId: chainJobId });
      if (status === wanted && onChain === wanted && isTold(world, id)) break;
      if (late) throw new Stuck(await plightOf(world, id, status, life));
    }
    await prod?.(world, { id, chainJobId });
    await sleep(lookMs);
  }
  return { id, chainJobId, life, endedAt: performance.now() };
}

const lastTypes = ["job.completed", "job.refunded"];

const isTold = ({ receiver }: World, jobId: string): boolean =>
  receiver.arrivals.some(({ event, taken }) => taken && event.job_id === jobId && lastTypes.includes(event.type));

/** Plays jobs while trouble is made. */
export async function playTrouble(world: World, trouble: Trouble, jobs: number, random: Random): Promise<Outcome> {
  const before = await booksOf(world);
  const over = new AbortController();
  let faults = 0;
  let sinceMs = Infinity;
  const note = () => {
    faults += 1;
    sinceMs = Math.min(sinceMs, performance.now());
  };
  const making = trouble.make({ world, random, over: over.signal, note });
  const first = await playJobs(world, trouble.life, trouble.title, jobs);
  over.abort();
  await making;
  await Promise.all([world.gateway.ready(), world.oracle.ready()]);
  // A reorg may have taken back the end of a job.
  const played = await Promise.allSettled(
    first.map((result) =>
      result.status === "fulfilled" ? seeThrough(world, result.value) : Promise.reject(result.reason as Error),
    ),
  );
  return outcomeOf(world, played, before, { faults, sinceMs });
}

export async function outcomeOf(
  world: World,
  played: readonly PromiseSettledResult<PlayedJob>[],
  before: Awaited<ReturnType<typeof booksOf>>,
  { faults, sinceMs }: { faults: number; sinceMs: number },
): Promise<Outcome> {
  const ended = played.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const found = ended.length === played.length ? await audit(world, ended, before) : nothingFound();
  for (const result of played) {
    if (result.status === "fulfilled") continue;
    (result.reason instanceof Stuck ? found.stuck : found.lost).push(String(result.reason));
  }
  found.stuck.push(...world.faults.splice(0));
  const longestMs = Math.max(0, ...ended.map(({ endedAt }) => endedAt - sinceMs).filter(Number.isFinite));
  return { ...found, faults, jobs: played.length, longestMs };
}

async function plightOf(world: World, id: string, status: JobStatus, life: LifeName): Promise<string> {
  const { status: onChain, round } = await world.escrow.job({ jobId: (await world.agent.jobs.get(id)).chain_job_id });
  return (
    `${id} (${life}) is ${status}, and on chain ${onChain} in round ${round}, after ${endsWithinMs / 1_000} s; ` +
    `expected ${lives[life].status}, told: ${isTold(world, id)}. The gateway said: ${world.gateway.lastWords().slice(-1_500)}`
  );
}
