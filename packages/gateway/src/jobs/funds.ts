import { sql } from "kysely";
import { type PaymentRequirement, formatUsdc } from "@hireforhumans/protocol";
import type { Funding } from "../chain/reader.ts";
import type { Context, Trx } from "../context.ts";
import { type Figures, paymentError } from "./payment-terms.ts";
import type { PreparedJob } from "./prepare.ts";

/** A spending limit has to hold this much longer, so that a transaction can still be mined in its time. */
const MARGIN_SECONDS = 15n;

/** What a client can spend, read before a transaction; `readAt` tells which jobs it may not know of yet. */
export interface FundsRead extends Funding {
  nowSeconds: bigint;
  readAt: Date;
}

export async function readFunds({ chain, outbox }: Context, clientAddress: string): Promise<FundsRead> {
  const nowSeconds = chain.head().timestampSeconds;
  return { ...(await chain.fundingOf(clientAddress, outbox.signer)), nowSeconds };
}

/**
 * Refuses a job that the client can't pay as the figures stand, less what its jobs on their way take.
 * @param taken `takenBy` the client as of the read, base units
 * @param byAuthorization paid by signature: the balance alone counts
 * @throws ApiError insufficient_funds, insufficient_allowance
 */
export function requireFunds(
  job: PreparedJob,
  {
    read,
    taken,
    requirement,
    byAuthorization,
  }: { read: FundsRead; taken: bigint; requirement: PaymentRequirement; byAuthorization: boolean },
): void {
  const figures = figuresOf(read, taken);
  const ofBalance = lacking(job.total, figures.balance);
  const ofAllowance = byAuthorization
    ? 0n
    : largest(
        [figures.allowance, figures.limitRemaining, figures.limitPerJob].map((figure) => lacking(job.total, figure)),
      );
  const shortfall = largest([ofBalance, ofAllowance]);
  if (shortfall === 0n) return;
  const needed = `Reward and fee are ${formatUsdc(job.total)} USDC`;
  const rest = { job, requirement, figures, shortfall };
  if (ofBalance > 0n) {
    throw paymentError("insufficient_funds", `${needed}; ${formatUsdc(ofBalance)} are missing in the wallet.`, rest);
  }
  throw paymentError("insufficient_allowance", `${needed}; ${bindingLimit(read, figures, job.total)}.`, rest);
}

/** The first of the client's limits that stands in the way, in words. */
function bindingLimit(read: FundsRead, figures: Figures, total: bigint): string {
  if (read.limit.expiresAtSeconds > 0n && !holds(read)) return "the spending limit for this gateway has ended";
  const limits = [
    ["allowance to the escrow", figures.allowance],
    ["spending limit that is left for this gateway", figures.limitRemaining],
    ["spending limit for one job", figures.limitPerJob],
  ] as const;
  const [name, figure] = limits.find(([, held]) => held < total) ?? limits[0];
  return `the ${name} is ${formatUsdc(figure)} USDC, ${formatUsdc(lacking(total, figure))} too little`;
}

const lacking = (needed: bigint, figure: bigint): bigint => (needed > figure ? needed - figure : 0n);
const largest = (figures: bigint[]): bigint => figures.reduce((a, b) => (a > b ? a : b), 0n);

const holds = ({ limit, nowSeconds }: FundsRead): boolean => limit.expiresAtSeconds > nowSeconds + MARGIN_SECONDS;

export function figuresOf(read: FundsRead, taken: bigint): Figures {
  const live = holds(read);
  return {
    balance: lacking(read.balance, taken),
    allowance: lacking(read.allowance, taken),
    limitRemaining: live ? lacking(read.limit.remaining, taken) : 0n,
    limitPerJob: live ? read.limit.perJob : 0n,
    limitExpiresAtSeconds: read.limit.expiresAtSeconds,
  };
}

/** Reward and fee of a client's jobs whose funding a read did not see yet. The client's row must be locked. */
export async function takenBy(trx: Trx, clientId: string, readAt: Date): Promise<bigint> {
  const { rows } = await sql<{ taken: string }>`
    select coalesce(sum(reward + fee), 0) as taken from (
      select reward, fee from jobs where client_id = ${clientId} and status = 'funding'
      union all
      select reward, fee from jobs where client_id = ${clientId} and funded_at >= ${readAt} and status <> 'funding'
    ) unseen
  `.execute(trx);
  return BigInt(rows[0]?.taken ?? 0);
}
