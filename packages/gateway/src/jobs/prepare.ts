import { ZeroAddress } from "ethers";
import {
  ApiError,
  type ContextPacket,
  type JobCreate,
  MAX_WINDOW_MINUTES,
  FEE_BPS,
  type Terms,
  domainOf,
  feeOf,
  formatUsdc,
  jobIdOf,
  saltOf,
} from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { LEAST_REVIEWERS, costOfReviews } from "../review/wanted.ts";
import { requireStorable } from "../http/amounts.ts";
import { buildPacket } from "../handoff/packet.ts";
import { redactPacket } from "../handoff/redact.ts";
import { type Requirements, requirementsOfRequest } from "./requirements.ts";

/** How long the verifier has: its automatic checks take seconds, people who review need an hour at most. */
const VERIFY_WINDOW_SECONDS = 3_600n;
/** Half the reward, where a dispute is never ruled: nobody gains by letting it lapse. */
const BACKSTOP_SHARE_BPS = 5_000n;

/** Everything about a job that its request, id, deadline, arbiter and salt decide; the same five give the same job on chain. */
export interface PreparedJob {
  id: string;
  chainJobId: string;
  terms: Terms;
  packet: ContextPacket;
  /** What of the packet may be told before acceptance. */
  preview: Partial<ContextPacket>;
  requirements: Requirements;
  /** Base units. */
  reward: bigint;
  fee: bigint;
  total: bigint;
}

/**
 * @param deadlineSeconds chain time
 * @param arbiter `arbiterFor` the reward; the zero address: this job will know no disputes
 * @param salt what makes equal jobs different on chain
 * @throws ApiError amount_too_large
 */
export function prepareJob(
  ctx: Pick<Context, "chain" | "outbox" | "oracle" | "config">,
  clientAddress: string,
  request: JobCreate,
  id: string,
  deadlineSeconds: bigint,
  arbiter: string,
  salt = saltOf(id),
): PreparedJob {
  const { reward } = request;
  const fee = feeOf(reward);
  requireStorable("reward", reward + fee);
  requireReviewable(ctx.config, request, fee);
  const requirements = requirementsOfRequest(request);
  const deadlineAt = new Date(Number(deadlineSeconds) * 1000);
  const { packet, packetHash } = buildPacket({ jobId: id, request, deadlineAt });
  // Here, since whoever writes the job holds its client's row meanwhile.
  const preview = redactPacket(packet);
  const terms: Terms = {
    client: clientAddress,
    worker: ZeroAddress,
    matcher: ctx.outbox.signer,
    verifier: ctx.oracle.address,
    arbiter,
    reward,
    minReputation: requirements.minReputation,
    backstopShareBps: BACKSTOP_SHARE_BPS,
    deadline: deadlineSeconds,
    workWindow: workWindowSecondsOf(request),
    verifyWindow: VERIFY_WINDOW_SECONDS,
    reviewWindow: BigInt((request.review_window_minutes ?? 0) * 60),
    domain: domainOf(requirements.domain),
    specHash: packetHash,
    salt,
  };
  const { chainId, escrow } = ctx.chain.deployment;
  const chainJobId = jobIdOf(chainId, escrow, terms);
  return { id, chainJobId, terms, packet, preview, requirements, reward, fee, total: reward + fee };
}

/** Half of the whole time where the request names none, so that a second worker has as much if the first one lapses. */
function workWindowSecondsOf({ work_window_minutes, deadline_minutes }: JobCreate): bigint {
  const minutes = work_window_minutes ?? Math.min(deadline_minutes / 2, MAX_WINDOW_MINUTES);
  return BigInt(Math.floor(minutes * 60));
}

/** Reviews that nobody would pay for must not be asked for: those that a client wants are paid out of its job's fee. */
function requireReviewable(
  { reviewFund, reviewReward }: Context["config"],
  { acceptance, reward }: JobCreate,
  fee: bigint,
): void {
  const reviewers = acceptance?.reviewers ?? 0;
  if (reviewers === 0) return;
  const refused = (detail: string) => {
    throw new ApiError("invalid_request", `acceptance.reviewers is ${reviewers}; ${detail}`, {
      param: "acceptance.reviewers",
    });
  };
  if (reviewFund === undefined) refused("this gateway has no peer review, so it has to be 0 or left out.");
  const cost = costOfReviews(Math.max(reviewers, LEAST_REVIEWERS), reviewReward);
  if (cost <= fee) return;
  const least = (cost * 10_000n + FEE_BPS - 1n) / FEE_BPS;
  refused(
    `they cost ${formatUsdc(cost)} USDC and are paid out of the job's fee, which is ${formatUsdc(fee)} on a reward of ` +
      `${formatUsdc(reward)}. Ask for fewer, or offer ${formatUsdc(least)} or more.`,
  );
}
