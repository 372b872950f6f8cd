import { type Check, fail, itemsOf, pass, unsure } from "../check.ts";

/** Did the customer confirm, by the link made for this job? */
export const customerConfirmation: Check<"customer_confirmation"> = {
  name: "customer_confirmation",
  run({ bundle, confirmations }) {
    const named = itemsOf(bundle, "customer_confirmation").map((item) => item.token_hash);
    if (named.length === 0)
      return Promise.resolve(fail("The job asks for the customer's confirmation; none was handed in."));
    for (const tokenHash of named) {
      const confirmation = confirmations.find((candidate) => candidate.tokenHash === tokenHash);
      if (confirmation === undefined) {
        return Promise.resolve(fail(`The confirmation ${tokenHash} was not made for this job.`));
      }
      if (confirmation.answer === "denied") {
        return Promise.resolve(fail(`The customer denied: "${confirmation.statement.slice(0, 500)}".`));
      }
      if (confirmation.answer === null) return Promise.resolve(unsure("The customer has not answered yet."));
    }
    return Promise.resolve(pass("The customer confirmed."));
  },
};
