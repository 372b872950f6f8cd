import { type Check, unsure } from "../check.ts";

/** A question that needs judgement. Nothing automatic may answer it for a person, so it never passes or fails alone. */
export const rubric: Check<"rubric"> = {
  name: "rubric",
  run: (_, { question }) => Promise.resolve(unsure(`A person has to judge: ${question.slice(0, 1500)}`)),
};
