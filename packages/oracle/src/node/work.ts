import { isSignedBy } from "@hireforhumans/client";
import {
  ApiError,
  type ChainStatus,
  type EvidenceBundle,
  Escrow__factory,
  chainStatusOf,
  escrowDomain,
} from "@hireforhumans/protocol";
import { type Provider, ZeroAddress } from "ethers";
import type { Proof } from "../check.ts";

/** By what a node judges whether a request is true. */
export interface Ground {
  provider: Provider;
  chainId: number;
  escrow: string;
  /** The node's own account. */
  verifier: string;
}

export const refused = (param: string, detail: string) => new ApiError("verification_refused", detail, { param });

/** Evidence and what its worker signed. */
export interface Work {
  bundle: EvidenceBundle;
  evidenceHash: string;
  words: Pick<Proof, "accept" | "submit">;
  /** Where it stands in the request, for what is told of it: "", or a path that ends in a dot. */
  at: string;
}

/** The job is in one of these states, and in the evidence's round its worker's, or on its way to be. */
export async function requireWorker(
  { bundle, words, at }: Work,
  expected: readonly ChainStatus[],
  { provider, chainId, escrow }: Ground,
): Promise<void> {
  const slot = await Escrow__factory.connect(escrow, provider).job(bundle.chain_job_id);
  const status = chainStatusOf(slot.status);
  if (!expected.includes(status)) {
    throw refused(
      `${at}terms`,
      `The job ${bundle.chain_job_id} is ${status} on chain; expected ${expected.join(", ")}.`,
    );
  }
  if (slot.round !== BigInt(bundle.round)) {
    throw refused(`${at}bundle.round`, `The evidence is of round ${bundle.round}; on chain it is round ${slot.round}.`);
  }
  if (slot.worker === bundle.worker) return;
  if (slot.worker !== ZeroAddress || words.accept === undefined) {
    const actual = slot.worker === ZeroAddress ? "nobody, and no Accept came with it" : slot.worker;
    throw refused(`${at}bundle.worker`, `The evidence is by ${bundle.worker}; on chain the job's worker is ${actual}.`);
  }
  const { validUntilSeconds, signature } = words.accept;
  const message = { jobId: bundle.chain_job_id, round: slot.round, validUntil: validUntilSeconds };
  const domain = escrowDomain(chainId, escrow);
  if (await isSignedBy(provider, { account: bundle.worker, domain, name: "Accept", message, signature })) return;
  throw refused(`${at}accept`, `The signature is not ${bundle.worker}'s over the Accept of round ${slot.round}.`);
}

/** The evidence is what its worker signed. */
export async function requireSubmit(
  { bundle, evidenceHash, words, at }: Work,
  { provider, chainId, escrow }: Ground,
): Promise<void> {
  const { validUntilSeconds, signature } = words.submit;
  const message = {
    jobId: bundle.chain_job_id,
    round: BigInt(bundle.round),
    evidenceHash,
    validUntil: validUntilSeconds,
  };
  const domain = escrowDomain(chainId, escrow);
  if (await isSignedBy(provider, { account: bundle.worker, domain, name: "Submit", message, signature })) return;
  throw refused(`${at}submit`, `The signature is not ${bundle.worker}'s over the Submit of evidence ${evidenceHash}.`);
}
