import {
  ApiError,
  type FundingAuthorization,
  type JobCreate,
  publicJobIdOf,
  termsToJson,
  wordTypes,
} from "@hireforhumans/protocol";
import { ZeroAddress } from "ethers";
import type { Context } from "../context.ts";
import { PREPARED_FOR_SECONDS } from "./payment-terms.ts";
import { type PreparedJob, prepareJob } from "./prepare.ts";

/** A signature has to hold this much longer, so that a transaction can still be mined in its time. */
const MARGIN_SECONDS = 15n;

const refused = (param: string, detail: string): ApiError =>
  new ApiError("authorization_refused", `${detail} Post the job without authorization for new terms to sign.`, {
    param: `authorization.${param}`,
  });

/**
 * The job that a signed authorization pays for, made anew from the request and the two things that only its terms know:
 * id and deadline. Nothing was stored when the terms were handed out, so whatever differs shows as other terms.
 * @throws ApiError authorization_refused
 */
export function prepareAuthorizedJob(
  ctx: Context,
  clientAddress: string,
  request: JobCreate,
  { terms, nonce }: FundingAuthorization,
): PreparedJob {
  const id = publicJobIdOf(terms.salt);
  if (id === undefined) throw refused("terms.salt", "The terms' salt holds no job id.");
  // Jurors come and go, so that a job of today may have an arbiter or none; any other was not ours to name.
  const arbiter = terms.arbiter === ctx.chain.pool?.address ? terms.arbiter : ZeroAddress;
  const job = prepareJob(ctx, clientAddress, request, id, BigInt(terms.deadline), arbiter);
  for (const [member, expected] of Object.entries(termsToJson(job.terms))) {
    const actual = terms[member as keyof typeof terms];
    if (actual === expected) continue;
    throw refused(`terms.${member}`, `The terms' ${member} is ${actual}; this request makes it ${expected}.`);
  }
  if (nonce !== job.chainJobId) {
    throw refused("nonce", `The nonce is ${nonce}; the job of these terms is ${job.chainJobId} on chain.`);
  }
  return job;
}

/**
 * Whether the authorization pays for the job, now and for long enough to be mined.
 * @throws ApiError authorization_refused
 */
export async function requireAuthorization(
  ctx: Context,
  job: PreparedJob,
  request: JobCreate,
  authorization: FundingAuthorization,
): Promise<void> {
  requireFresh(ctx, job, request, authorization);
  const { escrow } = ctx.chain.deployment;
  const expected = { from: job.terms.client, to: escrow, value: job.total.toString() };
  for (const [member, value] of Object.entries(expected)) {
    const actual = authorization[member as keyof typeof expected];
    if (actual !== value) throw refused(member, `${member} is ${actual}; it has to be ${value}.`);
  }
  const word = {
    from: job.terms.client,
    to: escrow,
    value: job.total,
    validAfter: BigInt(authorization.valid_after),
    validBefore: BigInt(authorization.valid_before),
    nonce: job.chainJobId,
  };
  const types = { ReceiveWithAuthorization: wordTypes.ReceiveWithAuthorization };
  const domain = await ctx.chain.usdcDomain();
  if (await ctx.chain.verifyTypedData(word.from, domain, types, word, authorization.signature)) return;
  throw refused("signature", `The signature is not ${word.from}'s over this EIP-712 ReceiveWithAuthorization of USDC.`);
}

/** An id comes back in the terms that it was handed out with; nobody may give it to a second job. */
export function refuseUsedId(jobId: string): never {
  throw refused("terms.salt", `The id ${jobId} in the terms' salt is another job's.`);
}

function requireFresh(
  ctx: Context,
  { terms }: PreparedJob,
  { deadline_minutes }: JobCreate,
  { valid_after, valid_before }: FundingAuthorization,
): void {
  const now = ctx.chain.head().timestampSeconds;
  const preparedAt = terms.deadline - BigInt(deadline_minutes) * 60n;
  if (preparedAt > now || preparedAt + BigInt(PREPARED_FOR_SECONDS) < now || terms.deadline <= now) {
    throw refused(
      "terms.deadline",
      `The terms were made for ${preparedAt}; they hold ${PREPARED_FOR_SECONDS} s and it is ${now}.`,
    );
  }
  if (BigInt(valid_after) >= now)
    throw refused("valid_after", `valid_after is ${valid_after}; the chain's time is ${now}.`);
  if (BigInt(valid_before) <= now + MARGIN_SECONDS) {
    throw refused(
      "valid_before",
      `valid_before is ${valid_before}; the chain's time is ${now} and mining takes a moment.`,
    );
  }
}
