import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { BenchStack } from "./bench-stack.ts";
import { type Figure, percentile } from "./figures.ts";
import { jobRequest } from "./request.ts";
import { usageFigures } from "./usage.ts";
import { type Receiver, startReceiver } from "./webhooks.ts";

export interface CreationOptions {
  seconds: number;
  /** For names and lines: "embedded" or "PostgreSQL". */
  engine: string;
}

/** So many callers wait for their answers at once. */
const CALLERS = 48;
const WARM_UP_SECONDS = 3;
/** The second load: a part of what it could take, at an even rate. */
const STEADY_SHARE = 0.5;
/** What is still to be mined when the load ends has so long. */
const DRAIN_SECONDS = 120;

export interface Load {
  created: number;
  latenciesMs: number[];
  refused: string[];
}

/**
 * Posts jobs that are funded on chain and told by webhook, nobody being there to take them: first as fast as answers
 * come, then at an even rate of half of that.
 * @throws when a job is refused, or is not funded in the end
 */
export async function measureCreation(stack: BenchStack, { seconds, engine }: CreationOptions): Promise<Figure[]> {
  const receiver = await startReceiver(stack.webhookSecret);
  const pool = new Pool(stack.url, { connections: CALLERS * 2, pipelining: 1 });
  const post = () => postJob(pool, stack.apiKey, receiver.url);
  try {
    const began = performance.now();
    const warm = await saturate(post, WARM_UP_SECONDS);
    const before = await stack.usage();
    const full = await saturate(post, seconds);
    const after = await stack.usage();
    const sent = warm.created + full.created;
    await allFunded(receiver, sent);
    const fundedPerSecond = sent / ((performance.now() - began) / 1000);
    const perSecond = full.created / seconds;
    const steady = await keepRate(post, perSecond * STEADY_SHARE, seconds);
    await allFunded(receiver, sent + steady.created);
    requireNoRefusals([warm, full, steady]);
    return [
      ...figuresOf(engine, { perSecond, fundedPerSecond, full, steady }),
      ...usageFigures(`creation.${engine}`, `a job posted, ${engine}`, full.created, before, after),
    ];
  } finally {
    await pool.close();
    receiver.stop();
  }
}

function figuresOf(
  engine: string,
  {
    perSecond,
    fundedPerSecond,
    full,
    steady,
  }: { perSecond: number; fundedPerSecond: number; full: Load; steady: Load },
): Figure[] {
  const name = `creation.${engine}`;
  const what = `POST /v1/jobs, ${engine}`;
  const ms = (load: Load, share: number) => percentile(load.latenciesMs, share);
  const half = `${what}, at half that rate`;
  const aims = engine === "PostgreSQL" ? { perSecond: 300, p99: 250 } : { perSecond: undefined, p99: undefined };
  return [
    {
      name: `${name}.per_second`,
      what: `${what}, ${CALLERS} callers`,
      value: perSecond,
      unit: "per second",
      aim: aims.perSecond,
    },
    { name: `${name}.p50`, what: `${what}, ${CALLERS} callers, p50`, value: ms(full, 0.5), unit: "ms" },
    { name: `${name}.p99`, what: `${what}, ${CALLERS} callers, p99`, value: ms(full, 0.99), unit: "ms", aim: aims.p99 },
    {
      name: `${name}.funded_per_second`,
      what: `the same jobs until all are mined and told by webhook, ${engine}`,
      value: fundedPerSecond,
      unit: "per second",
    },
    { name: `${name}.steady.p50`, what: `${half}, p50`, value: ms(steady, 0.5), unit: "ms" },
    { name: `${name}.steady.p99`, what: `${half}, p99`, value: ms(steady, 0.99), unit: "ms" },
  ];
}

export async function postJob(pool: Pool, apiKey: string, webhookUrl: string): Promise<string | undefined> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/v1/jobs",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(jobRequest(webhookUrl)),
  });
  const answer = await body.text();
  return statusCode === 201 ? undefined : `${statusCode}: ${answer.slice(0, 300)}`;
}

type Post = () => Promise<string | undefined>;

/** Each caller posts again as soon as it has its answer. */
async function saturate(post: Post, seconds: number): Promise<Load> {
  const load: Load = { created: 0, latenciesMs: [], refused: [] };
  const endsAt = performance.now() + seconds * 1000;
  const caller = async () => {
    while (performance.now() < endsAt) await timed(post, load);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return load;
}

/** Posts at fixed times whether answers have come or not, so that a pause of the server counts for all it held up. */
export async function keepRate(post: Post, perSecond: number, seconds: number): Promise<Load> {
  const load: Load = { created: 0, latenciesMs: [], refused: [] };
  const began = performance.now();
  const count = Math.round(perSecond * seconds);
  const calls = Array.from({ length: count }, async (_, index) => {
    const dueAt = began + (index * 1000) / perSecond;
    await sleep(Math.max(0, dueAt - performance.now()));
    await timed(post, load, dueAt);
  });
  await Promise.all(calls);
  return load;
}

async function timed(post: Post, load: Load, from = performance.now()): Promise<void> {
  const refusal = await post();
  load.latenciesMs.push(performance.now() - from);
  if (refusal === undefined) load.created += 1;
  else load.refused.push(refusal);
}

function requireNoRefusals(loads: readonly Load[]): void {
  const refused = loads.flatMap((load) => load.refused);
  if (refused.length > 0) throw new Error(`${refused.length} jobs were refused, the first with ${refused[0]}`);
}

async function allFunded(receiver: Receiver, jobs: number): Promise<void> {
  const endsAt = performance.now() + DRAIN_SECONDS * 1000;
  while (receiver.count("job.funded") < jobs) {
    if (performance.now() > endsAt)
      throw new Error(`${receiver.count("job.funded")} of ${jobs} jobs were funded within ${DRAIN_SECONDS} s`);
    await sleep(50);
  }
}
