import type { ModelOptions } from "./anthropic.ts";
import { answerSchema, type Judge, maxAnswerTokens } from "./judge.ts";

/** A model of OpenAI's Chat Completions API, or of one that speaks it. @throws where the optional package `openai` is not installed */
export async function createOpenAiJudge({ model, apiKey, baseUrl }: ModelOptions): Promise<Judge> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl ?? "https://api.openai.com/v1",
    organization: null,
    project: null,
    maxRetries: 1,
    logLevel: "off",
  });
  return {
    model,
    async ask({ instructions, data }, signal) {
      const completion = await client.chat.completions.create(
        {
          model,
          max_completion_tokens: maxAnswerTokens,
          messages: [
            { role: "system", content: instructions },
            { role: "user", content: data },
          ],
          response_format: {
            type: "json_schema",
            json_schema: { name: "judgement", strict: true, schema: answerSchema },
          },
        },
        { signal },
      );
      return completion.choices[0]?.message.content ?? "";
    },
  };
}
