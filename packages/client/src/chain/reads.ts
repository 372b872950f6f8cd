import { type ChainStatus, chainStatusOf, domainOf, reputationOf } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { callErrorOf } from "./errors.ts";

/** A job's one storage slot. */
export interface JobOnChain {
  status: ChainStatus;
  /** The zero address while nobody has accepted. */
  worker: string;
  /** The last second (chain time) of the present state's window; zero where the state has none. */
  until: bigint;
  /** How often it was reopened. */
  round: bigint;
}

/** Where a job stands; `none` when it was never funded. */
export async function job(context: ChainContext, { jobId }: { jobId: string }): Promise<JobOnChain> {
  const { status, worker, until, round } = await reading("job", context.escrow.job(jobId));
  return { status: chainStatusOf(status), worker, until, round };
}

/** What waits in the escrow for an owner (the signer when left out), in base units. */
export async function credit(context: ChainContext, { owner }: { owner?: string } = {}): Promise<bigint> {
  return await reading("credit", context.escrow.credit(owner ?? (await signerOf(context).getAddress())));
}

/** What an operator may still spend of a client's money; amounts in base units, `expiresAt` in chain time. */
export interface SpendingLimit {
  remaining: bigint;
  perJob: bigint;
  expiresAt: bigint;
}

export async function spendingLimit(
  context: ChainContext,
  { client, operator }: { client: string; operator: string },
): Promise<SpendingLimit> {
  const limit = await reading("spendingLimit", context.escrow.spendingLimit(client, operator));
  return { remaining: limit.remaining, perJob: limit.perJob, expiresAt: limit.expiresAt };
}

/** A worker's standing in one domain, by what this escrow settled. */
export interface ReputationOnChain {
  /** From 0 to 1 with four decimals; 0.5 at the start. */
  score: number;
  /** The same, exact: 1e18 is 1.0. */
  scoreWad: bigint;
  successes: bigint;
  failures: bigint;
}

/**
 * @param domain the domain's name
 * @example const { score } = await escrow.reputation({ worker, domain: "customer_support_escalation" });
 */
export async function reputation(
  context: ChainContext,
  { worker, domain }: { worker: string; domain: string },
): Promise<ReputationOnChain> {
  const key = [context.deployment.escrow, worker, domainOf(domain)] as const;
  const [scoreWad, record] = await reading(
    "reputation",
    Promise.all([context.reputation.scoreOf(...key), context.reputation.recordOf(...key)]),
  );
  return { score: reputationOf(scoreWad), scoreWad, successes: record.successes, failures: record.failures };
}

/** What an account (the signer when left out) holds of USDC and lets the escrow take, in base units. */
export async function balance(
  context: ChainContext,
  { owner }: { owner?: string } = {},
): Promise<{ held: bigint; allowed: bigint }> {
  const account = owner ?? (await signerOf(context).getAddress());
  const [held, allowed] = await reading(
    "balance",
    Promise.all([context.usdc.balanceOf(account), context.usdc.allowance(account, context.deployment.escrow)]),
  );
  return { held, allowed };
}

async function reading<T>(verb: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw callErrorOf(verb, error);
  }
}
