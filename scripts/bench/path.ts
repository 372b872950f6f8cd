import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient, createWorkerClient, type WorkerClient } from "@hireforhumans/client";
import type { Job, Offer } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { type BenchStack, blockIntervalMs } from "./bench-stack.ts";
import { type Figure, timesOf } from "./figures.ts";
import { type Payments, watchPayments } from "./payments.ts";
import { jobRequest } from "./request.ts";
import type { GatewayTimes } from "./stack-process.ts";
import { type Receiver, startReceiver } from "./webhooks.ts";

export interface PathOptions {
  jobs: number;
  /** For names and lines: "embedded" or "PostgreSQL". */
  engine: string;
}

const WORKERS = 20;
/** A job every so often, a little more or less, so that posts drift over the time between two blocks. */
const POST_EVERY_MS = 350;
/** How often a worker looks for offers. */
const LOOK_EVERY_MS = 1_000;
/** The longest time of "work", so that evidence drifts over the time between two blocks too. */
const WORK_UP_TO_MS = 4_000;
const WITHIN_MS = 60_000;

const offerAimMs = 2_000;
const broadcastAimMs = 200;
const paymentAimMs = blockIntervalMs + 500;

interface Measured {
  stack: BenchStack;
  agent: Client;
  receiver: Receiver;
  payments: Payments;
  /** When a job's evidence was handed in, by `performance.now()`; by job id. */
  evidenceAt: Map<string, number>;
  stopping: AbortSignal;
}

/**
 * Plays whole jobs, some at a time, with free workers enough, and takes times as those outside see them: the agent by
 * its webhooks, the money by the chain.
 * @throws when a job does not end in time
 */
export async function measurePath(stack: BenchStack, { jobs, engine }: PathOptions): Promise<Figure[]> {
  const stop = new AbortController();
  const receiver = await startReceiver(stack.webhookSecret);
  const measured: Measured = {
    stack,
    agent: createClient({ baseUrl: stack.url, apiKey: stack.apiKey }),
    receiver,
    payments: watchPayments(stack.chainUrl, stack.escrow),
    evidenceAt: new Map(),
    stopping: stop.signal,
  };
  const shifts = await Promise.all(Array.from({ length: WORKERS }, () => signUp(stack)));
  const working = Promise.all(shifts.map((worker) => workShift(measured, worker)));
  try {
    const posted: { job: Job; at: number }[] = [];
    for (let index = 0; index < jobs; index++) {
      const at = performance.now();
      posted.push({ job: await measured.agent.jobs.create(jobRequest(receiver.url)), at });
      await sleep(Math.max(0, at + POST_EVERY_MS * (0.5 + Math.random()) - performance.now()));
    }
    const times = await Promise.all(posted.map(({ job, at }) => timesOfJob(measured, job, at)));
    return [...figuresOf(engine, times), ...broadcastFigures(engine, await stack.gatewayTimes())];
  } finally {
    stop.abort();
    await working;
    await measured.payments.stop();
    receiver.stop();
  }
}

async function timesOfJob({ receiver, payments, evidenceAt }: Measured, job: Job, postedAt: number) {
  const told = await by(job, () => receiver.cameAt(job.job_id, "job.completed"));
  const [funded, offered, evidence, paid] = await Promise.all([
    by(job, () => receiver.cameAt(job.job_id, "job.funded")),
    by(job, () => receiver.cameAt(job.job_id, "job.offered")),
    by(job, () => evidenceAt.get(job.job_id)),
    by(job, () => payments.seenAt(job.chain_job_id)),
  ]);
  return {
    postToOffer: offered - postedAt,
    fundedToOffer: offered - funded,
    evidenceToPaid: paid - evidence,
    evidenceToTold: told - evidence,
    paidToTold: told - paid,
  };
}

function figuresOf(engine: string, times: Awaited<ReturnType<typeof timesOfJob>>[]): Figure[] {
  const pick = (key: keyof (typeof times)[number]) => times.map((time) => time[key]);
  const name = (key: string) => `path.${engine}.${key}`;
  return [
    ...timesOf(name("post_to_offer"), `POST to first offer, ${engine}`, pick("postToOffer"), offerAimMs),
    ...timesOf(name("funded_to_offer"), `funding seen to first offer, ${engine}`, pick("fundedToOffer"), offerAimMs),
    ...timesOf(
      name("evidence_to_paid"),
      `evidence in to payment mined, ${engine}`,
      pick("evidenceToPaid"),
      paymentAimMs,
    ),
    ...timesOf(name("evidence_to_told"), `evidence in to webhook out, ${engine}`, pick("evidenceToTold"), paymentAimMs),
    ...timesOf(name("paid_to_told"), `payment mined to webhook out, ${engine}`, pick("paidToTold"), 500),
  ];
}

const broadcastFigures = (engine: string, { verdictToBroadcast }: GatewayTimes): Figure[] =>
  timesOf(
    `path.${engine}.verdict_to_broadcast`,
    `verdict to payment broadcast, ${engine}`,
    verdictToBroadcast,
    broadcastAimMs,
  );

async function by(job: Job, look: () => number | undefined): Promise<number> {
  const endsAt = performance.now() + WITHIN_MS;
  for (;;) {
    const at = look();
    if (at !== undefined) return at;
    if (performance.now() > endsAt) throw new Error(`job ${job.job_id} was not through within ${WITHIN_MS / 1000} s`);
    await sleep(25);
  }
}

async function signUp({ url }: BenchStack): Promise<WorkerClient> {
  const api = createWorkerClient({ baseUrl: url, signer: new Wallet(Wallet.createRandom().privateKey) });
  await api.signIn();
  await api.update({ name: "A worker", country: "DE" });
  await api.createProfile({
    domain: "customer_support_escalation",
    skills: ["support_experience"],
    languages: ["english"],
  });
  await api.setPresence("online");
  return api;
}

/** Takes offers and does jobs, one at a time, until the end. */
async function workShift(measured: Measured, worker: WorkerClient): Promise<void> {
  const { stopping } = measured;
  const rest = (ms: number) => sleep(ms, undefined, { signal: stopping }).catch(() => undefined);
  await rest(LOOK_EVERY_MS * Math.random());
  while (!stopping.aborted) {
    const { data } = await worker.offers.list({ status: "pending" });
    for (const offer of data) await doJob(measured, worker, offer, rest);
    await rest(LOOK_EVERY_MS);
  }
}

async function doJob(measured: Measured, worker: WorkerClient, offer: Offer, rest: (ms: number) => Promise<unknown>) {
  await worker.offers.accept(offer);
  await rest(WORK_UP_TO_MS * Math.random());
  measured.evidenceAt.set(offer.job_id, performance.now());
  await worker.evidence.submit(offer, {
    resolution: `The second charge was given back; the customer is content (${offer.job_id}).`,
    worker_notes: "The payment provider had retried a charge that had timed out.",
    items: [{ kind: "text", text: `Called the customer back about ${offer.job_id} and settled it. `.repeat(4) }],
  });
}
