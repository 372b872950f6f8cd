import { createAnthropicJudge, type ModelOptions } from "./anthropic.ts";
import type { Judge } from "./judge.ts";
import { createOpenAiJudge } from "./openai.ts";

/** Whose protocol a model is asked by. */
export const JUDGE_PROVIDERS = ["anthropic", "openai"] as const;
export type JudgeProvider = (typeof JUDGE_PROVIDERS)[number];

export interface JudgeOptions extends ModelOptions {
  provider: JudgeProvider;
}

const packages = { anthropic: "@anthropic-ai/sdk", openai: "openai" } as const;
const makers = { anthropic: createAnthropicJudge, openai: createOpenAiJudge } as const;

/** The model did not answer. Says nothing of what it answered instead: that may repeat the key. */
export class ModelUnavailable extends Error {
  override readonly name = "ModelUnavailable";
}

/** The model of a configuration. @throws Error that names the optional package where that is not installed */
export async function connectJudge({ provider, ...options }: JudgeOptions): Promise<Judge> {
  const judge = await makers[provider](options).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(`A model of ${provider} takes the package ${packages[provider]}, which is not installed.`);
  });
  return {
    model: judge.model,
    async ask(prompt, signal) {
      try {
        return await judge.ask(prompt, signal);
      } catch (error) {
        const status = error instanceof Error && "status" in error ? `status ${String(error.status)}` : "no answer";
        // Without the cause, and without its message, which holds what the service said.
        throw new ModelUnavailable(`The model ${judge.model} of ${provider} gave ${status}.`);
      }
    },
  };
}
