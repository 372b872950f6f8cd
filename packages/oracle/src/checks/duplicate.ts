import { type Check, fail, pass } from "../check.ts";
import { fingerprintsOf } from "../fingerprints.ts";

/**
 * Was this evidence handed in for another job before? A transaction proves one job only. A file or long text may recur
 * (a policy, a form), so those fail only where nothing else is new.
 */
export const duplicate: Check<"duplicate"> = {
  name: "duplicate",
  run({ bundle, seenBefore }) {
    const own = fingerprintsOf(bundle);
    const seen = own.filter((fingerprint) => seenBefore.includes(fingerprint));
    const transactions = seen.filter((fingerprint) => fingerprint.startsWith("transaction:"));
    if (transactions.length > 0) {
      return Promise.resolve(
        fail(`The transaction ${transactions[0]?.split(":")[2] ?? ""} was handed in as evidence of another job.`),
      );
    }
    if (own.length > 0 && seen.length === own.length) {
      return Promise.resolve(fail("All of this evidence was handed in for another job before."));
    }
    return Promise.resolve(
      pass(
        seen.length === 0
          ? "None of this evidence was handed in before."
          : `${seen.length} of ${own.length} pieces were handed in before; the others are new.`,
      ),
    );
  },
};
