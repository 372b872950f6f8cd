import { answerSchema, type Judge, maxAnswerTokens } from "./judge.ts";

export interface ModelOptions {
  model: string;
  apiKey: string;
  /** The service; its own when left out. */
  baseUrl?: string | undefined;
}

/** A model of Anthropic's Messages API. @throws where the optional package `@anthropic-ai/sdk` is not installed */
export async function createAnthropicJudge({ model, apiKey, baseUrl }: ModelOptions): Promise<Judge> {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  // Everything by name: what the environment says to other programs of this service is not for this one.
  const client = new Anthropic({
    apiKey,
    baseURL: baseUrl ?? "https://api.anthropic.com",
    maxRetries: 1,
    logLevel: "off",
  });
  return {
    model,
    async ask({ instructions, data }, signal) {
      const message = await client.messages.create(
        {
          model,
          max_tokens: maxAnswerTokens,
          system: instructions,
          messages: [{ role: "user", content: data }],
          output_config: { format: { type: "json_schema", schema: answerSchema } },
        },
        { signal },
      );
      return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    },
  };
}
