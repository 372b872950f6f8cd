import { randomUUID } from "node:crypto";
import { type Check, type Finding, pass, unsure, type VerificationRequest } from "../check.ts";
import { type Judge, readJudgement } from "../rubric/judge.ts";
import { promptOf } from "../rubric/prompt.ts";

/**
 * A question that needs judgement. Where peers review, it is theirs. A model answers only where the rubric lets it, its yes is
 * enough then, and nothing that it says fails anybody: all else is left to a person.
 */
export const rubric: Check<"rubric"> = {
  name: "rubric",
  async run(request, { question, judged_by }, { judge }, signal) {
    const asked = question.slice(0, 1000);
    if (request.reviews !== undefined) return pass(`Left to the reviewers: ${asked}`);
    if (judged_by !== "model") return unsure(`A person has to judge: ${asked}`);
    if (judge === undefined) return unsure(`This oracle has no model, so a person has to judge: ${asked}`);
    return judgedBy(judge, question, request, signal);
  },
};

async function judgedBy(
  judge: Judge,
  question: string,
  { bundle }: VerificationRequest,
  signal: AbortSignal,
): Promise<Finding> {
  const asked = question.slice(0, 1000);
  const ticket = randomUUID();
  const prompt = promptOf(question, bundle, ticket);
  if (prompt === undefined) return unsure(`The evidence is too long for the model; a person has to judge: ${asked}`);
  const judgement = readJudgement(await judge.ask(prompt, signal), ticket);
  if (judgement === undefined) return unsure(`The model gave no usable answer; a person has to judge: ${asked}`);
  const details = { model: judge.model, answer: judgement.answer, reason: judgement.reason.slice(0, 1000) };
  return judgement.answer === "yes"
    ? { ...pass(`The model finds that it is so: ${asked}`), details }
    : { ...unsure(`The model does not find that it is so; a person has to judge: ${asked}`), details };
}
