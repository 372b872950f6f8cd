import type { EvidenceBundle, EvidenceItem } from "@hireforhumans/protocol";
import { type Check, fail, type Finding, pass, unsure, type VerificationRequest } from "../check.ts";
import { fingerprintOf, fingerprintsOf } from "../fingerprints.ts";

/**
 * Was this evidence handed in for another job before? A transaction proves one job only. A file or long text may recur
 * (a policy, a form), so those fail only where nothing else is new. Likeness fails nobody, since honest people write
 * from templates: where all is a near-duplicate and nothing else binds the evidence to this job, a person has to look.
 */
export const duplicate: Check<"duplicate"> = {
  name: "duplicate",
  run: (request) => Promise.resolve(judge(request)),
};

function judge({ bundle, seenBefore, likeBefore }: VerificationRequest): Finding {
  const own = fingerprintsOf(bundle);
  const seen = own.filter((fingerprint) => seenBefore.includes(fingerprint));
  const transactions = seen.filter((fingerprint) => fingerprint.startsWith("transaction:"));
  if (transactions.length > 0) {
    return fail(`The transaction ${transactions[0]?.split(":")[2] ?? ""} was handed in as evidence of another job.`);
  }
  if (own.length > 0 && seen.length === own.length) {
    return fail("All of this evidence was handed in for another job before.");
  }
  if (likeBefore.length === 0) {
    return pass(
      seen.length === 0
        ? "None of this evidence was handed in before."
        : `${seen.length} of ${own.length} pieces were handed in before; the others are new.`,
    );
  }
  const details = {
    near_duplicates: likeBefore.map(({ item, similarity }) => ({ item, percent: Math.round(similarity * 100) })),
  };
  const alike = `${likeBefore.length === 1 ? "One piece is" : `${likeBefore.length} pieces are`} much like evidence of other jobs`;
  return hasNews(bundle, seenBefore, likeBefore) || isBoundToJob(bundle)
    ? { ...pass(`${alike}, but not all of the evidence.`), details }
    : { ...unsure(`${alike}, and nothing else is new; a person has to look at it.`), details };
}

/** Whether a piece that could be told again is neither the same as an earlier one nor like it. */
function hasNews(
  { items }: EvidenceBundle,
  seenBefore: string[],
  likeBefore: VerificationRequest["likeBefore"],
): boolean {
  const like = new Set(likeBefore.map(({ item }) => item));
  return items.some((item, index) => {
    const fingerprint = fingerprintOf(item);
    return fingerprint !== undefined && !seenBefore.includes(fingerprint) && !like.has(index);
  });
}

const bindsToJob: readonly EvidenceItem["kind"][] = ["customer_confirmation", "http_confirmation", "transaction"];

/** Whether something in it was made for this job by others than its worker. */
const isBoundToJob = ({ items }: EvidenceBundle): boolean => items.some(({ kind }) => bindsToJob.includes(kind));
