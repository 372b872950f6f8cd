import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, createWorkerClient, type Client, type WorkerClient } from "@hireforhumans/client";
import type { EvidenceItem, Job, JobCreateInput, JobStatus, Offer } from "@hireforhumans/protocol";
import { Wallet } from "ethers";
import type { Logger } from "pino";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type Stack, type StackOptions, startStack } from "../../../../scripts/stack/stack.ts";
import { until } from "../../../../scripts/stack/until.ts";
import type { MakeGatewayDatabase } from "../support/database.ts";

export const domain = "customer_support_escalation";
export const workWindowMinutes = 10;
export const deadlineMinutes = 60;

export interface StagedWorker {
  wallet: Wallet;
  address: string;
  /** A session, for calls that no client would make. */
  token: string;
  api: WorkerClient;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed JSON; undefined where the answer is none. */
  body: Record<string, unknown> | undefined;
}

/** A whole gateway on a real chain, with a client that has money and one worker who is online. */
export interface Stage {
  stack: Stack;
  agent: Client;
  ada: StagedWorker;
  /** Signed up, but offline. */
  ben: StagedWorker;
  /** One HTTP call as it is, with no client in between. A plain object goes as JSON. */
  call(method: string, path: string, options?: { token?: string; body?: unknown; accept?: string }): Promise<Answer>;
  post(overrides?: Partial<JobCreateInput>): Promise<Job>;
  /** A job that Ada has accepted, on chain too. */
  accepted(overrides?: Partial<JobCreateInput>): Promise<{ job: Job; offer: Offer }>;
  /** A job with Ada's evidence. */
  delivered(overrides?: Partial<JobCreateInput>, items?: EvidenceItem[]): Promise<{ job: Job; offer: Offer }>;
  offerFor(worker: StagedWorker, jobId: string): Promise<Offer>;
  reached(jobId: string, status: JobStatus): Promise<Job>;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Default: the gateway makes an embedded one itself. */
  database?: MakeGatewayDatabase;
  /** Of the chain. Default: any free one. */
  chainPort?: number;
  /** Settings of the gateway beside those of a development stack. */
  env?: Record<string, string>;
  /** See `StackOptions`. */
  prepare?: StackOptions["prepare"];
  /** Of the gateway. Default: silent. */
  log?: Logger;
}

export async function startStage({
  database,
  chainPort = 0,
  env = {},
  prepare,
  log,
}: StageOptions = {}): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), "hireforhumans-stage-"));
  const made = await database?.(dataDir);
  const stack = await startStack({
    port: 0,
    chainPort,
    dataDir,
    env: { LOG_LEVEL: "silent", ...made?.env, ...env },
    ...(log === undefined ? {} : { log }),
    ...(prepare === undefined ? {} : { prepare }),
    onProgress: () => undefined,
  });
  const agent = createClient({ baseUrl: stack.gateway.url, apiKey: stack.apiKey });
  const [ada, ben] = [await signUp(stack, 0), await signUp(stack, 1)];
  await ada.api.setPresence("online");

  const stage: Stage = {
    stack,
    agent,
    ada,
    ben,
    call: (method, path, options) => call(`${stack.gateway.url}${path}`, method, options),
    post: (overrides) => agent.jobs.create({ ...request, ...overrides }),
    async accepted(overrides) {
      const job = await stage.post(overrides);
      const offer = await stage.offerFor(ada, job.job_id);
      await ada.api.offers.accept(offer);
      await until(`${job.job_id} is accepted on chain`, async () => {
        const { chain_status } = await jobRow(stack, job.job_id);
        return chain_status === "accepted" ? true : undefined;
      });
      return { job, offer };
    },
    async delivered(overrides, items) {
      const { job, offer } = await stage.accepted(overrides);
      await ada.api.evidence.submit(offer, { resolution: `Settled ${job.job_id}.`, items: items ?? [textOf(job)] });
      return { job, offer };
    },
    offerFor: (worker, jobId) =>
      until(`there is an offer of ${jobId}`, async () => {
        const { data } = await worker.api.offers.list({ status: "pending" });
        return data.find((offer) => offer.job_id === jobId);
      }),
    reached: (jobId, status) =>
      until(`${jobId} is ${status}`, async () => {
        const job = await agent.jobs.get(jobId);
        return job.status === status ? job : undefined;
      }),
    async stop() {
      await stack.stop();
      await made?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return stage;
}

const request: JobCreateInput = {
  category: domain,
  description: "Customer c_1042 was charged twice for order 7781 and asks for a person.",
  requirements: ["english"],
  reward: "12.00",
  deadline_minutes: deadlineMinutes,
  work_window_minutes: workWindowMinutes,
};

/** A text that no other job's evidence has. */
export const textOf = ({ job_id }: Job): EvidenceItem => ({
  kind: "text",
  text: `Called the customer about ${job_id}.`,
});

export async function signUp(stack: Stack, index: number): Promise<StagedWorker> {
  const account = devAccounts.workers[index];
  if (account === undefined) throw new Error(`there is no development account for worker ${index}`);
  const wallet = new Wallet(account.privateKey);
  const api = createWorkerClient({ baseUrl: stack.gateway.url, signer: wallet, trusted: stack.deployment });
  const { token } = await api.signIn();
  await api.update({ name: `Worker ${index}`, country: "DE", capacity: 50 });
  await api.createProfile({ domain, skills: ["billing"], languages: ["english"] });
  return { wallet, address: account.address, token, api };
}

export const jobRow = (stack: Stack, jobId: string) =>
  stack.gateway.context.db.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();

async function call(
  url: string,
  method: string,
  { token, body, accept }: { token?: string; body?: unknown; accept?: string } = {},
): Promise<Answer> {
  const form = body instanceof FormData;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(accept === undefined ? {} : { accept }),
      ...(body === undefined || form ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? (JSON.parse(text) as Record<string, unknown>) : undefined,
  };
}
