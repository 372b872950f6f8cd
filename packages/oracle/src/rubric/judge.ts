import { z } from "zod";

/** A model's answer to a yes/no question about evidence. */
export interface Judgement {
  answer: "yes" | "no" | "unclear";
  /** For a person; what a model writes here is shown and never acted on. */
  reason: string;
}

/** A question put so that what is trusted and what strangers wrote can't be mixed up (see prompt.ts). */
export interface Prompt {
  /** What the model is to do; nothing in it comes from evidence. */
  instructions: string;
  /** The data, between delimiters that it can't contain. */
  data: string;
}

/** A model that is asked one question, without tools, memory or anything else that it could do. */
export interface Judge {
  /** Which model it is, for the reasons. */
  model: string;
  /** @returns what the model wrote. @throws where it does not answer */
  ask(prompt: Prompt, signal: AbortSignal): Promise<string>;
}

export const maxAnswerTokens = 500;

/** The one form of an answer; a JSON Schema of it goes to services that hold a model to one. */
export const answerSchema = {
  type: "object",
  properties: {
    ticket: { type: "string" },
    answer: { type: "string", enum: ["yes", "no", "unclear"] },
    reason: { type: "string" },
  },
  required: ["ticket", "answer", "reason"],
  additionalProperties: false,
};

const judgementSchema = z.strictObject({
  ticket: z.string(),
  answer: z.enum(["yes", "no", "unclear"]),
  reason: z.string().max(5000),
});

/** @returns undefined for all but the one form with this question's ticket, which stood outside of the evidence */
export function readJudgement(text: string, ticket: string): Judgement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Prose around an answer is no answer.
    return undefined;
  }
  const parsed = judgementSchema.safeParse(value);
  if (!parsed.success || parsed.data.ticket !== ticket) return undefined;
  return { answer: parsed.data.answer, reason: parsed.data.reason };
}
