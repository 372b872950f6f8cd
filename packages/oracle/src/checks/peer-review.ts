import { type Check, type Finding, pass } from "../check.ts";
import { NO_RECORD } from "../review/accuracy.ts";
import { judgeReviews, type PeerReviews } from "../review/judge.ts";

/** Do peers, asked one by one until they are sure enough, find the evidence good? */
export const peerReview: Check<"peer_review"> = {
  name: "peer_review",
  run({ packet, reviews }) {
    // By the packet, which the chain holds the hash of: who relays a request can't leave its reviews out.
    const least = packet.acceptance.reviewers;
    if (reviews === undefined && least === 0) return Promise.resolve(pass("No review by peers is asked for."));
    const { crowd = NO_RECORD, answers = [], wanted = 0 } = reviews ?? {};
    return Promise.resolve(findingOf({ crowd, answers, wanted: Math.max(least, wanted) }));
  },
};

function findingOf(reviews: PeerReviews): Finding {
  const { answers } = reviews;
  const { outcome, posterior, needed } = judgeReviews(reviews);
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
