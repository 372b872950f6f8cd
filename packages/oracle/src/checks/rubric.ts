import { type Check, pass, unsure } from "../check.ts";

/** A question that needs judgement: nothing automatic may answer it for a person. Where peers review, it is theirs. */
export const rubric: Check<"rubric"> = {
  name: "rubric",
  run: ({ reviews }, { question }) =>
    Promise.resolve(
      reviews === undefined
        ? unsure(`A person has to judge: ${question.slice(0, 1500)}`)
        : pass(`Left to the reviewers: ${question.slice(0, 1500)}`),
    ),
};
