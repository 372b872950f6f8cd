import {
  type ChainStatus,
  VerifierCommittee__factory,
  evidenceHashOf,
  jobIdOf,
  packetHashOf,
} from "@hireforhumans/protocol";
import { isCallException, isError } from "ethers";
import type { RelayedRequest } from "../messages.ts";
import { requireReviews } from "./reviews.ts";
import { type Ground, type Work, refused, requireSubmit, requireWorker } from "./work.ts";

/**
 * Refuses what is not true by the chain and by signatures, whoever says it: the terms are the job's and name this
 * verifier, the packet and the evidence are those that were hashed, the job waits for a verdict, the evidence is its
 * worker's, and each answer of a reviewer its reviewer's on this evidence.
 * @throws ApiError verification_refused that names what is wrong, with what is and what would have to be
 */
export async function requireProven(request: RelayedRequest, ground: Ground): Promise<void> {
  requireHashes(request, ground);
  const { bundle, evidenceHash, proof } = request;
  const work: Work = { bundle, evidenceHash, words: proof, at: "" };
  const looks = [
    requireOwnJob(request, ground),
    requireWorker(work, awaiting, ground),
    requireSubmit(work, ground),
    requireReviews(request, ground),
  ];
  // All at once, but of several things that are wrong always the same one is told.
  for (const look of await Promise.allSettled(looks)) if (look.status === "rejected") throw look.reason;
}

function requireHashes({ proof, packet, bundle, evidenceHash }: RelayedRequest, { chainId, escrow }: Ground): void {
  const jobId = jobIdOf(chainId, escrow, proof.terms);
  if (jobId !== bundle.chain_job_id) {
    throw refused(
      "terms",
      `These terms are the job ${jobId} of ${escrow}; the evidence is for ${bundle.chain_job_id}.`,
    );
  }
  const packetHash = packetHashOf(packet);
  if (packetHash !== proof.terms.specHash) {
    throw refused("packet", `The packet's hash is ${packetHash}; the terms name ${proof.terms.specHash}.`);
  }
  const hash = evidenceHashOf(bundle);
  if (hash !== evidenceHash) throw refused("bundle", `The evidence's hash is ${hash}, not ${evidenceHash}.`);
}

async function requireOwnJob({ proof }: RelayedRequest, { provider, verifier }: Ground): Promise<void> {
  const named = proof.terms.verifier;
  if (named === verifier) return;
  try {
    if ((await VerifierCommittee__factory.connect(named, provider).members()).includes(verifier)) return;
  } catch (error) {
    // Whatever does not answer like a committee is none; a chain that does not answer is another matter.
    if (!isCallException(error) && !isError(error, "BAD_DATA")) throw error;
  }
  throw refused(
    "terms.verifier",
    `The job's verifier is ${named}; it is not ${verifier}, nor a committee that has it.`,
  );
}

/** Where a verdict is still wanted, and the evidence may be on its way. */
const awaiting: readonly ChainStatus[] = ["open", "accepted", "submitted"];
