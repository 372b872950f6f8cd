import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient, createWorkerClient, type WorkerClient } from "@hireforhumans/client";
import type { Offer } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import { hashInWasm } from "../../packages/gateway/src/chain/keccak.ts";
import type { BenchStack } from "./bench-stack.ts";
import { type Figure, percentile } from "./figures.ts";
import { jobRequest } from "./request.ts";
import { usageFigures } from "./usage.ts";
import { type Receiver, startReceiver } from "./webhooks.ts";

export interface LivesOptions {
  seconds: number;
  /** For names and lines: "embedded" or "PostgreSQL". */
  engine: string;
}

const WORKERS = 24;
const LOOK_EVERY_MS = 250;
/** Jobs between their post and their payment at any time; a life takes at least three blocks. */
const AT_ONCE = 600;
const WARM_UP_SECONDS = 10;
const livesAim = 100;

/**
 * Plays whole jobs as fast as they end: posted, funded, offered, accepted, handed in, judged, paid and told. What is counted
 * is what the agent's receiver hears while it lasts.
 */
export async function measureLives(stack: BenchStack, { seconds, engine }: LivesOptions): Promise<Figure[]> {
  // What the callers compute takes time of the same two cores.
  await hashInWasm();
  const stop = new AbortController();
  const receiver = await startReceiver(stack.webhookSecret);
  const agent = createClient({ baseUrl: stack.url, apiKey: stack.apiKey });
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => signUp(stack)));
  await stack.raiseCapacity();
  const refused: string[] = [];
  const troubled = (error: unknown) => void refused.push(error instanceof Error ? error.message : String(error));
  const working = Promise.all(workers.map((worker) => workShift(worker, stop.signal, troubled)));
  const posting = postJobs(agent, receiver, stop.signal, troubled);
  try {
    await sleep(WARM_UP_SECONDS * 1_000);
    const before = { usage: await stack.usage(), ...countsOf(receiver) };
    await sleep(seconds * 1_000);
    const after = { usage: await stack.usage(), ...countsOf(receiver) };
    const lives = after.completed - before.completed;
    const name = `lives.${engine}`;
    if (refused.length > 0)
      console.log(`${refused.length} calls of agent and workers failed, the first: ${refused[0]}`);
    const waits = receiver.spansOf("job.created", "job.completed");
    return [
      {
        name: `${name}.per_second`,
        what: `whole lives, ${engine}`,
        value: lives / seconds,
        unit: "per second",
        aim: engine === "PostgreSQL" ? livesAim : undefined,
      },
      {
        name: `${name}.offers_per_second`,
        what: `offers told, ${engine}`,
        value: (after.offered - before.offered) / seconds,
        unit: "per second",
      },
      ...(waits.length === 0
        ? []
        : [
            {
              name: `${name}.p50`,
              what: `a life, told to told, ${engine}, p50`,
              value: percentile(waits, 0.5),
              unit: "ms" as const,
            },
            {
              name: `${name}.p99`,
              what: `a life, told to told, ${engine}, p99`,
              value: percentile(waits, 0.99),
              unit: "ms" as const,
            },
          ]),
      ...usageFigures(name, `a life, ${engine}`, lives, before.usage, after.usage),
    ];
  } finally {
    stop.abort();
    await Promise.all([working, posting]);
    receiver.stop();
  }
}

const countsOf = (receiver: Receiver) => ({
  completed: receiver.count("job.completed"),
  offered: receiver.count("job.offered"),
});

async function postJobs(
  agent: Client,
  receiver: Receiver,
  stopping: AbortSignal,
  troubled: (error: unknown) => void,
): Promise<void> {
  let posted = 0;
  const poster = async () => {
    while (!stopping.aborted) {
      if (posted - receiver.count("job.completed") >= AT_ONCE) {
        await sleep(10);
        continue;
      }
      posted += 1;
      await agent.jobs.create(jobRequest(receiver.url)).catch(troubled);
    }
  };
  await Promise.all(Array.from({ length: 16 }, poster));
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

/** Takes what is offered and does it at once, many jobs at a time. */
async function workShift(worker: WorkerClient, stopping: AbortSignal, troubled: (error: unknown) => void) {
  const inHand = new Set<Promise<void>>();
  const known = new Set<string>();
  while (!stopping.aborted) {
    for (const offer of await offersOf(worker, troubled)) {
      if (known.has(offer.id)) continue;
      known.add(offer.id);
      const done = doJob(worker, offer)
        .catch(troubled)
        .finally(() => inHand.delete(done));
      inHand.add(done);
    }
    await sleep(LOOK_EVERY_MS);
  }
  await Promise.all(inHand);
}

async function offersOf(worker: WorkerClient, troubled: (error: unknown) => void): Promise<Offer[]> {
  try {
    return (await worker.offers.list({ status: "pending" })).data;
  } catch (error) {
    troubled(error);
    return [];
  }
}

async function doJob(worker: WorkerClient, offer: Offer): Promise<void> {
  await worker.offers.accept(offer);
  await worker.evidence.submit(offer, {
    resolution: `The second charge was given back; the customer is content (${offer.job_id}).`,
    worker_notes: "The payment provider had retried a charge that had timed out.",
    items: [{ kind: "text", text: report() }],
  });
}

const words =
  "account again agreed amount answered asked balance bank billed called card caller changed charge checked closed " +
  "confirmed contract credited customer date delivery email entered explained found fee invoice later letter line mistake " +
  "month name number offered old order paid parcel phone plan price promised proved received refund sent shown " +
  "statement stopped support thanked tax ticket told twice until waited warehouse week wrote wrong year yesterday";
const vocabulary = words.split(" ");

/** What people write of different cases is not alike: each report is compared, and few are near to another. */
const report = () =>
  Array.from({ length: 60 }, () => vocabulary[Math.floor(Math.random() * vocabulary.length)]).join(" ");
