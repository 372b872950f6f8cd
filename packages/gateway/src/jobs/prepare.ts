import { ZeroAddress } from "ethers";
import {
  ApiError,
  type ContextPacket,
  type JobCreate,
  MAX_WINDOW_MINUTES,
  type Terms,
  domainOf,
  feeOf,
  jobIdOf,
  saltOf,
} from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { requireStorable } from "../http/amounts.ts";
import { buildPacket } from "../handoff/packet.ts";
import { type Requirements, requirementsOfRequest } from "./requirements.ts";

/** How long the verifier has: its automatic checks take seconds, people who review need an hour at most. */
const VERIFY_WINDOW_SECONDS = 3_600n;
/** Half the reward, where a dispute is never ruled: nobody gains by letting it lapse. */
const BACKSTOP_SHARE_BPS = 5_000n;

/** Everything about a job that its request, id, deadline and arbiter decide; the same four give the same job on chain. */
export interface PreparedJob {
  id: string;
  chainJobId: string;
  terms: Terms;
  packet: ContextPacket;
  requirements: Requirements;
  /** Base units. */
  reward: bigint;
  fee: bigint;
  total: bigint;
}

/**
 * @param deadlineSeconds chain time
 * @param arbiter `arbiterFor` the reward; the zero address: this job will know no disputes
 * @throws ApiError amount_too_large
 */
export function prepareJob(
  ctx: Pick<Context, "chain" | "outbox" | "oracle">,
  clientAddress: string,
  request: JobCreate,
  id: string,
  deadlineSeconds: bigint,
  arbiter: string,
): PreparedJob {
  const { reward } = request;
  const fee = feeOf(reward);
  requireStorable("reward", reward + fee);
  requireDecidable(request);
  const requirements = requirementsOfRequest(request);
  const deadlineAt = new Date(Number(deadlineSeconds) * 1000);
  const { packet, packetHash } = buildPacket({ jobId: id, request, deadlineAt });
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
    salt: saltOf(id),
  };
  const { chainId, escrow } = ctx.chain.deployment;
  const chainJobId = jobIdOf(chainId, escrow, terms);
  return { id, chainJobId, terms, packet, requirements, reward, fee, total: reward + fee };
}

/** Half of the whole time where the request names none, so that a second worker has as much if the first one lapses. */
function workWindowSecondsOf({ work_window_minutes, deadline_minutes }: JobCreate): bigint {
  const minutes = work_window_minutes ?? Math.min(deadline_minutes / 2, MAX_WINDOW_MINUTES);
  return BigInt(Math.floor(minutes * 60));
}

/** Evidence that nobody would ever judge must not be asked for. */
function requireDecidable({ acceptance }: JobCreate): void {
  const reviewers = acceptance?.reviewers ?? 0;
  if (reviewers === 0) return;
  throw new ApiError(
    "invalid_request",
    `acceptance.reviewers is ${reviewers}; this gateway has no peer review, so it has to be 0 or left out.`,
    { param: "acceptance.reviewers" },
  );
}
