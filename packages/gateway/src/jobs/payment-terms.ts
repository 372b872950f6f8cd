import {
  ApiError,
  type ErrorCode,
  type PaymentProblem,
  type PaymentRequirement,
  formatUsdc,
  termsToJson,
} from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { PreparedJob } from "./prepare.ts";

/** How long prepared terms wait for a signature: long enough for a person with a wallet. */
export const PREPARED_FOR_SECONDS = 900;

/** The last instant that RFC 3339 can write, 9999-12-31T23:59:59Z. */
const LAST_INSTANT_SECONDS = 253_402_300_799n;

/** What a client could spend at one moment, less what its jobs on their way take; base units and chain time. */
export interface Figures {
  balance: bigint;
  allowance: bigint;
  limitRemaining: bigint;
  limitPerJob: bigint;
  limitExpiresAtSeconds: bigint;
}

/** How to pay for these very terms by signature; with them the same job can be posted again. */
export async function paymentRequirementOf({ chain }: Context, job: PreparedJob): Promise<PaymentRequirement> {
  const { chainId, escrow, usdc } = chain.deployment;
  const { name, version } = await chain.usdcDomain();
  return {
    scheme: "exact",
    network: `eip155:${chainId}`,
    amount: job.total.toString(),
    asset: usdc,
    payTo: escrow,
    maxTimeoutSeconds: PREPARED_FOR_SECONDS,
    extra: {
      name: name ?? "",
      version: version ?? "",
      primaryType: "ReceiveWithAuthorization",
      nonce: job.chainJobId,
      terms: termsToJson(job.terms),
      job_id: job.id,
    },
  };
}

/** A 402 with every figure and the way to pay by signature. */
export function paymentError(
  code: Extract<ErrorCode, "insufficient_funds" | "insufficient_allowance" | "authorization_refused">,
  detail: string,
  {
    job,
    requirement,
    figures,
    shortfall,
    param,
  }: {
    job: PreparedJob;
    requirement: PaymentRequirement;
    figures: Figures;
    /** Base units. */
    shortfall: bigint;
    param?: string;
  },
): ApiError {
  const expiresAt =
    figures.limitExpiresAtSeconds < LAST_INSTANT_SECONDS ? figures.limitExpiresAtSeconds : LAST_INSTANT_SECONDS;
  const extra: PaymentProblem = {
    shortfall: formatUsdc(shortfall),
    needed: formatUsdc(job.total),
    balance: formatUsdc(figures.balance),
    allowance: formatUsdc(figures.allowance),
    limit_remaining: formatUsdc(figures.limitRemaining),
    limit_per_job: formatUsdc(figures.limitPerJob),
    limit_expires_at: expiresAt === 0n ? null : new Date(Number(expiresAt) * 1000).toISOString(),
    x402Version: 2,
    accepts: [requirement],
  };
  return new ApiError(code, detail, { extra, param });
}
