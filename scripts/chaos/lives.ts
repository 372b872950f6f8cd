import { RefusedError } from "@hireforhumans/client";
import type { JobCreateInput, JobStatus } from "@hireforhumans/protocol";
import type { LifeName } from "./points.ts";
import { insist } from "./insist.ts";
import type { World } from "./world.ts";

/** What is done with a job, and how that has to end. */
export interface Life {
  /** Workers accept what they are offered. */
  accepts: boolean;
  /** They deliver in this round. */
  delivers: (round: number) => boolean;
  withFile: boolean;
  /** Whether the reward goes to the worker, or everything back to the client. */
  paid: boolean;
  status: JobStatus;
  request: Partial<JobCreateInput>;
  /** The escrow's events of the job, in their order. */
  events: readonly string[];
  /** What somebody has to do beside posting and working, looked at again and again until the job has ended. */
  prod?: (world: World, job: LivingJob) => Promise<void>;
}

export interface LivingJob {
  id: string;
  chainJobId: string;
}

export const domain = "customer_support_escalation";

const workWindowMinutes = 10;
const deadlineMinutes = 120;

const delivered: Omit<Life, "events"> = {
  accepts: true,
  delivers: () => true,
  withFile: false,
  paid: true,
  status: "paid",
  request: {},
};
const untouched: Omit<Life, "events"> = {
  ...delivered,
  accepts: false,
  delivers: () => false,
  paid: false,
  status: "refunded",
};
const payment = ["Funded", "Accepted", "Submitted", "Released"] as const;

const isOver = (status: string): boolean => status === "paid" || status === "refunded";

/**
 * Moves the chain's clock past the end of a window, once nobody is harmed by it: all jobs that are played wait for that, or
 * are over. By the escrow's own word, which is ahead of the gateway's.
 */
async function pass(world: World, { chainJobId }: LivingJob, inStatus: string, until: "window" | "deadline") {
  const states = await Promise.all([...world.playing].map((jobId) => world.escrow.job({ jobId })));
  if (world.toPost > 0 || !states.every(({ status, round }) => isOver(status) || (status === inStatus && round === 0n)))
    return;
  const { status, until: window } = await world.escrow.job({ jobId: chainJobId });
  if (status !== inStatus) return;
  const now = await world.chain.timeSeconds();
  const end = until === "window" ? Number(window) : await deadlineOf(world, chainJobId);
  if (now <= end) await world.chain.increaseTime(end - now + 1);
}

/** The job may have gone on since it was looked at; it is looked at again. */
async function unlessMoved(ask: () => Promise<unknown>): Promise<void> {
  try {
    await insist(ask);
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === "wrong_status")) throw error;
  }
}

/** All jobs of a play are posted at about the same time. */
const deadlineOf = async (world: World, jobId: string): Promise<number> => {
  const [funded] = (await world.chain.rpc("eth_getLogs", [
    { address: world.deployment.escrow, fromBlock: "0x0", topics: [null, jobId] },
  ])) as { blockNumber: string }[];
  const block = await world.provider.getBlock(Number(funded?.blockNumber));
  return (block?.timestamp ?? 0) + deadlineMinutes * 60;
};

export const lives: Record<LifeName, Life> = {
  paid: { ...delivered, events: payment },
  filed: { ...delivered, withFile: true, events: payment },
  rejected: {
    ...delivered,
    paid: false,
    status: "refunded",
    request: { acceptance: { checks: [{ check: "text_length", params: { min: 9_000 } }] } },
    events: ["Funded", "Accepted", "Submitted", "Rejected", "Refunded"],
    prod: (world, job) => pass(world, job, "rejected", "window"),
  },
  lapsed: {
    ...delivered,
    delivers: (round) => round > 0,
    events: ["Funded", "Accepted", "Reopened", "Accepted", "Submitted", "Released"],
    prod: (world, job) => pass(world, job, "accepted", "window"),
  },
  refunded: {
    ...untouched,
    events: ["Funded", "Refunded"],
    prod: (world, job) => pass(world, job, "open", "deadline"),
  },
  cancelled: {
    ...untouched,
    events: ["Funded", "Cancelled"],
    async prod(world, { id, chainJobId }) {
      if ((await world.escrow.job({ jobId: chainJobId })).status !== "open") return;
      await unlessMoved(() => world.agent.jobs.cancel(id));
    },
  },
  // The oracle can't tell, and the client is content.
  released: {
    ...delivered,
    request: { acceptance: { checks: [{ check: "rubric", params: { question: "Is the customer content?" } }] } },
    events: payment,
    async prod(world, { id, chainJobId }) {
      if ((await world.escrow.job({ jobId: chainJobId })).status !== "submitted") return;
      await unlessMoved(() => world.agent.jobs.release(id));
    },
  },
};

export const rewardText = "2.00";

export const requestOf = (name: LifeName, title: string, webhookUrl: string): JobCreateInput => ({
  category: domain,
  description: `Customer ${title} was charged twice and asks for a person (life: ${name}).`,
  requirements: ["english"],
  reward: rewardText,
  deadline_minutes: deadlineMinutes,
  work_window_minutes: workWindowMinutes,
  webhook_url: webhookUrl,
  ...lives[name].request,
});
