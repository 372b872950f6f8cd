import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "./world.ts";

/** One job that an agent wants: asked for until it is there, always by the same idempotency key. */
export interface Request {
  key: string;
  /** Of the first try, by `performance.now()`. */
  sentAt: number;
  answeredAt: number;
  /** What came of the first try: a status, or why there was none. */
  first: string;
  /** When some try was answered with the job; undefined: none was. */
  createdAt?: number;
  jobId?: string;
}

export interface Load {
  requests: Request[];
  /** Sends no more; resolves once every job that was asked for is there, or its time is over. */
  stop(): Promise<void>;
}

export const rewardText = "1.00";
const againAfterMs = 500;
const insistForMs = 90_000;
const answerWithinMs = 30_000;

/** Asks for jobs at even times, whether answers have come or not. */
export function startLoad(world: World, perSecond: number): Load {
  const requests: Request[] = [];
  const pending: Promise<void>[] = [];
  let stopped = false;

  async function run(): Promise<void> {
    const began = performance.now();
    for (let index = 0; !stopped; index++) {
      await sleep(Math.max(0, began + (index * 1_000) / perSecond - performance.now()));
      pending.push(ask(world, requests));
    }
  }

  const running = run();
  return {
    requests,
    async stop() {
      stopped = true;
      await running;
      await Promise.all(pending);
    },
  };
}

async function ask(world: World, requests: Request[]): Promise<void> {
  const request: Request = { key: randomUUID(), sentAt: performance.now(), answeredAt: 0, first: "" };
  requests.push(request);
  const endsAt = request.sentAt + insistForMs;
  do {
    const { outcome, jobId } = await post(world, request.key);
    const now = performance.now();
    if (request.first === "") Object.assign(request, { first: outcome, answeredAt: now });
    if (jobId !== undefined) {
      Object.assign(request, { createdAt: now, jobId });
      return;
    }
    await sleep(againAfterMs);
  } while (performance.now() < endsAt);
}

async function post(world: World, key: string): Promise<{ outcome: string; jobId?: string }> {
  try {
    const response = await fetch(`${world.balancer.url}/v1/jobs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${world.apiKey}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({
        category: "customer_support_escalation",
        description: "The customer was charged twice for an order and asks for a person. Find out and settle it.",
        requirements: ["english"],
        reward: rewardText,
        deadline_minutes: 240,
        work_window_minutes: 60,
        webhook_url: world.receiver.url,
      }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const answer = await response.text();
    if (response.status === 201) return { outcome: "201", jobId: (JSON.parse(answer) as { job_id: string }).job_id };
    return { outcome: `${response.status} ${answer.slice(0, 200)}` };
  } catch (error) {
    return { outcome: `no answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}
