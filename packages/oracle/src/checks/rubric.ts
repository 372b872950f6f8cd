import { createHash, randomUUID } from "node:crypto";
import { type Check, type Finding, pass, type Sources, unsure, type VerificationRequest } from "../check.ts";
import { textOfLink } from "../link-text.ts";
import { type Judge, type Judgement, type Prompt, readJudgement } from "../rubric/judge.ts";
import { type Page, promptOf } from "../rubric/prompt.ts";

/**
 * A question that needs judgement. Where peers review, it is theirs. A model answers only where the rubric lets it, its yes is
 * enough then, and nothing that it says fails anybody: all else is left to a person.
 */
export const rubric: Check<"rubric"> = {
  name: "rubric",
  async run(request, { question, judged_by }, sources, signal) {
    const { judge } = sources;
    const asked = question.slice(0, 1000);
    if (request.reviews !== undefined) return pass(`Left to the reviewers: ${asked}`);
    if (judged_by !== "model") return unsure(`A person has to judge: ${asked}`);
    if (judge === undefined) return unsure(`This oracle has no model, so a person has to judge: ${asked}`);
    return judgedBy(judge, question, request, sources, signal);
  },
};

async function judgedBy(
  judge: Judge,
  question: string,
  request: VerificationRequest,
  sources: Sources,
  signal: AbortSignal,
): Promise<Finding> {
  const asked = question.slice(0, 1000);
  const ticket = randomUUID();
  const prompt = promptOf(question, request.bundle, await pagesOf(request, sources, signal), ticket);
  if (prompt === undefined) return unsure(`The evidence is too long for the model; a person has to judge: ${asked}`);
  const judgement = await judgeOnce(judge, prompt, ticket, signal);
  if (judgement === undefined) return unsure(`The model gave no usable answer; a person has to judge: ${asked}`);
  const details = { model: judge.model, answer: judgement.answer, reason: judgement.reason.slice(0, 1000) };
  return judgement.answer === "yes"
    ? { ...pass(`The model finds that it is so: ${asked}`), details }
    : { ...unsure(`The model does not find that it is so; a person has to judge: ${asked}`), details };
}

async function pagesOf({ links = [] }: VerificationRequest, sources: Sources, signal: AbortSignal): Promise<Page[]> {
  const pages: Page[] = [];
  for (const { item, copy } of links) {
    if (copy === null) continue;
    const read = await textOfLink(copy, sources, signal);
    if (read.state === "text") pages.push({ item, text: read.text });
  }
  return pages;
}

/** Of so many questions the answers are remembered; some hundred bytes each. */
const remembered = 10_000;
const answers = new WeakMap<Judge, Map<string, Judgement>>();

/**
 * The first usable answer to a question about the same data stands. Evidence that is left open is looked at again every
 * minute: asked as often, a model would say yes at some time, and each question costs.
 */
async function judgeOnce(
  judge: Judge,
  prompt: Prompt,
  ticket: string,
  signal: AbortSignal,
): Promise<Judgement | undefined> {
  const known = answers.get(judge) ?? new Map<string, Judgement>();
  answers.set(judge, known);
  const key = createHash("sha256").update(prompt.data.replaceAll(ticket, "")).digest("hex");
  const earlier = known.get(key);
  if (earlier !== undefined) return earlier;
  const judgement = readJudgement(await judge.ask(prompt, signal), ticket);
  if (judgement === undefined) return undefined;
  const [oldest] = known.keys();
  if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
  known.set(key, judgement);
  return judgement;
}
