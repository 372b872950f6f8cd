import { isSignedBy } from "@hireforhumans/client";
import {
  ApiError,
  type ChainStatus,
  Escrow__factory,
  VerifierCommittee__factory,
  chainStatusOf,
  escrowDomain,
  evidenceHashOf,
  jobIdOf,
  packetHashOf,
} from "@hireforhumans/protocol";
import { type Provider, ZeroAddress, isCallException, isError } from "ethers";
import type { RelayedRequest } from "../messages.ts";

/** By what a node judges whether a request is true. */
export interface Ground {
  provider: Provider;
  chainId: number;
  escrow: string;
  /** The node's own account. */
  verifier: string;
}

const refused = (param: string, detail: string) => new ApiError("verification_refused", detail, { param });

/**
 * Refuses what is not true by the chain and by signatures, whoever says it: the terms are the job's and name this
 * verifier, the packet and the evidence are those that were hashed, the job waits for a verdict, and the evidence is its
 * worker's.
 * @throws ApiError verification_refused that names what is wrong, with what is and what would have to be
 */
export async function requireProven(request: RelayedRequest, ground: Ground): Promise<void> {
  requireHashes(request, ground);
  const looks = [requireOwnJob(request, ground), requireWorker(request, ground), requireSubmit(request, ground)];
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

async function requireWorker(request: RelayedRequest, ground: Ground): Promise<void> {
  const { bundle, proof } = request;
  const { provider, chainId, escrow } = ground;
  const slot = await Escrow__factory.connect(escrow, provider).job(bundle.chain_job_id);
  const status = chainStatusOf(slot.status);
  if (!awaiting.includes(status)) {
    throw refused("terms", `The job ${bundle.chain_job_id} is ${status} on chain; expected ${awaiting.join(", ")}.`);
  }
  if (slot.round !== BigInt(bundle.round)) {
    throw refused("bundle.round", `The evidence is of round ${bundle.round}; on chain it is round ${slot.round}.`);
  }
  if (slot.worker === bundle.worker) return;
  if (slot.worker !== ZeroAddress || proof.accept === undefined) {
    const actual = slot.worker === ZeroAddress ? "nobody, and no Accept came with it" : slot.worker;
    throw refused("bundle.worker", `The evidence is by ${bundle.worker}; on chain the job's worker is ${actual}.`);
  }
  const { validUntilSeconds, signature } = proof.accept;
  const message = { jobId: bundle.chain_job_id, round: slot.round, validUntil: validUntilSeconds };
  const domain = escrowDomain(chainId, escrow);
  if (await isSignedBy(provider, { account: bundle.worker, domain, name: "Accept", message, signature })) return;
  throw refused("accept", `The signature is not ${bundle.worker}'s over the Accept of round ${slot.round}.`);
}

async function requireSubmit(request: RelayedRequest, { provider, chainId, escrow }: Ground): Promise<void> {
  const { bundle, evidenceHash, proof } = request;
  const { validUntilSeconds, signature } = proof.submit;
  const message = {
    jobId: bundle.chain_job_id,
    round: BigInt(bundle.round),
    evidenceHash,
    validUntil: validUntilSeconds,
  };
  const domain = escrowDomain(chainId, escrow);
  if (await isSignedBy(provider, { account: bundle.worker, domain, name: "Submit", message, signature })) return;
  throw refused("submit", `The signature is not ${bundle.worker}'s over the Submit of evidence ${evidenceHash}.`);
}
