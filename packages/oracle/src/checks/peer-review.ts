import { type Check, type Finding, pass } from "../check.ts";
import { judgeReviews } from "../review/judge.ts";

/** Do peers, asked one by one until they are sure enough, find the evidence good? */
export const peerReview: Check<"peer_review"> = {
  name: "peer_review",
  run({ reviews }) {
    return Promise.resolve(reviews === undefined ? pass("No review by peers is asked for.") : findingOf(reviews));
  },
};

function findingOf({ wanted, answers }: { wanted: number; answers: Parameters<typeof judgeReviews>[0] }): Finding {
  const { outcome, posterior, needed } = judgeReviews(answers, wanted);
  const details = {
    posterior: Math.round(posterior * 10_000) / 10_000,
    answers: answers.map(({ answer, reason }) => ({ answer, reason })),
  };
  const passes = answers.filter(({ answer }) => answer === "pass").length;
  const tally =
    answers.length === 0
      ? "No reviewer has answered yet"
      : `Of ${answers.length} reviewers, ${passes} ${passes === 1 ? "finds" : "find"} the evidence good`;
  const certainty = `${(100 * Math.max(posterior, 1 - posterior)).toFixed(1)} %`;
  switch (outcome) {
    case "pass":
    case "fail":
      return { outcome, reason: `${tally}; weighed by their records, that is ${certainty} certain.`, details };
    case "more":
      return { outcome: "unsure", reason: `${tally}; ${needed} more ${needed === 1 ? "is" : "are"} asked.`, details };
    case "undecided":
      return {
        outcome: "unsure",
        reason: `${tally}; that is ${certainty} certain, and at least 90 % are needed. Nobody more is asked.`,
        details,
      };
  }
}
