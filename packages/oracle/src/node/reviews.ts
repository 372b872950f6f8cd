import { type ChainStatus, evidenceHashOf, jobIdOf } from "@hireforhumans/protocol";
import { getAddress } from "ethers";
import type { ReviewWords } from "../check.ts";
import type { RelayedRequest } from "../messages.ts";
import { reviewSaltOf } from "../review/binding.ts";
import { type Ground, refused, requireSubmit, requireWorker } from "./work.ts";

/**
 * The reviewer has the review by the chain, which looks at the reputation that it asks for; a signed acceptance that nobody
 * carried there would do for any account. Whether the review is paid yet is no matter.
 */
const taken: readonly ChainStatus[] = ["accepted", "submitted", "approved", "paid"];

/**
 * Refuses answers of reviewers that were not given, or not on this evidence, or twice by one account, or by a party: each
 * is what an account signed as the evidence of a job of its own, funded on chain and bound to this evidence by its terms.
 * @throws ApiError verification_refused
 */
export async function requireReviews(request: RelayedRequest, ground: Ground): Promise<void> {
  const { proof, bundle } = request;
  const seated = new Map([
    [getAddress(bundle.worker), "who handed the evidence in"],
    [getAddress(proof.terms.client), "the job's client"],
  ]);
  const jobs = new Set<string>();
  for (const [index, words] of proof.reviews.entries()) {
    const at = `reviews.answers.${index}.`;
    const reviewer = getAddress(words.bundle.worker);
    const seat = seated.get(reviewer);
    if (seat !== undefined) throw refused(`${at}bundle.worker`, `The reviewer ${reviewer} is ${seat}.`);
    seated.set(reviewer, "a reviewer of it already");
    const { chain_job_id: reviewJob } = words.bundle;
    if (jobs.has(reviewJob))
      throw refused(`${at}bundle.chain_job_id`, `The review ${reviewJob} has one answer already.`);
    jobs.add(reviewJob);
    requireBound(words, request, ground, at);
  }
  const looks = proof.reviews.flatMap((words, index) => {
    const at = `reviews.answers.${index}.`;
    const { bundle, submit } = words;
    const work = { bundle, evidenceHash: evidenceHashOf(bundle), words: { accept: undefined, submit }, at };
    return [requireWorker(work, taken, ground), requireSubmit(work, ground)];
  });
  for (const look of await Promise.allSettled(looks)) if (look.status === "rejected") throw look.reason;
}

/** The review's terms make the job that its evidence is for, and that job is a review of this evidence, in its domain. */
function requireBound(
  { terms, bundle, opening }: ReviewWords,
  { proof, evidenceHash }: RelayedRequest,
  { chainId, escrow }: Ground,
  at: string,
): void {
  const jobId = jobIdOf(chainId, escrow, terms);
  if (jobId !== bundle.chain_job_id) {
    throw refused(`${at}terms`, `These terms are the job ${jobId}; the review is of ${bundle.chain_job_id}.`);
  }
  const salt = reviewSaltOf(evidenceHash, opening);
  if (terms.salt !== salt) {
    throw refused(`${at}terms.salt`, `The review's salt is ${terms.salt}; one of ${evidenceHash} has ${salt}.`);
  }
  if (terms.domain !== proof.terms.domain) {
    throw refused(`${at}terms.domain`, `The review's domain is ${terms.domain}; the job's is ${proof.terms.domain}.`);
  }
}
