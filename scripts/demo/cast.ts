import { type Client, createClient, createWorkerClient, type WorkerClient } from "@hireforhumans/client";
import { Wallet } from "ethers";
import { devAccounts } from "../chain/dev-accounts.ts";
import type { Stack } from "../stack/stack.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

export interface Worker {
  name: string;
  address: string;
  api: WorkerClient;
}

/** Who plays: an agent with its key and webhook, and workers with nothing but a key to sign with. */
export interface Cast {
  stack: Stack;
  agent: Client;
  webhooks: WebhookReceiver;
  ada: Worker;
  ben: Worker;
}

export const domain = "customer_support_escalation";

export async function assembleCast(stack: Stack): Promise<Cast> {
  const [ada, ben] = await Promise.all([signUp(stack, "Ada", 0), signUp(stack, "Ben", 1)]);
  return {
    stack,
    agent: createClient({
      baseUrl: stack.gateway.url,
      apiKey: stack.apiKey,
      signer: new Wallet(devAccounts.client.privateKey),
      trusted: stack.deployment,
    }),
    webhooks: await startWebhookReceiver(stack.webhookSecret),
    ada,
    ben,
  };
}

/** Over the API, as anyone would: sign in with the wallet, say who one is and what one can do. */
async function signUp(stack: Stack, name: string, index: number): Promise<Worker> {
  const account = devAccounts.workers[index];
  if (account === undefined) throw new Error(`there is no development account for worker ${index}`);
  const signer = new Wallet(account.privateKey);
  const api = createWorkerClient({ baseUrl: stack.gateway.url, signer, trusted: stack.deployment });
  await api.signIn();
  await api.update({ name, country: "DE" });
  await api.createProfile({ domain, skills: ["support_experience", "billing"], languages: ["english", "german"] });
  return { name, address: account.address, api };
}

/** A juror of the local chain, signed in like a worker. */
export async function callJuror({ stack }: Cast, address: string): Promise<WorkerClient> {
  const account = devAccounts.jurors.find((juror) => juror.address === address);
  if (account === undefined) throw new Error(`${address} is no juror of this chain`);
  const signer = new Wallet(account.privateKey);
  const api = createWorkerClient({ baseUrl: stack.gateway.url, signer, trusted: stack.deployment });
  await api.signIn();
  return api;
}

/** A worker's score in the demo's domain, as the gateway shows it. */
export async function reputationOf(worker: Worker): Promise<number> {
  const me = await worker.api.me();
  const profile = me.profiles.find((candidate) => candidate.domain === domain);
  if (profile === undefined) throw new Error(`${worker.name} has no profile in ${domain}`);
  return profile.reputation;
}
