/**
 * The process in which `bench-stack.ts` runs the stack, so that who drives it takes no turns of its event loop: options
 * come as JSON in the first argument, where it listens goes to the parent. It ends with the parent's channel.
 */
import { startStack } from "../stack/stack.ts";

export interface StackProcessOptions {
  dataDir: string;
  blockIntervalMs: number;
  env: Record<string, string>;
}

export interface StackReport {
  url: string;
  apiKey: string;
  webhookSecret: string;
  chainUrl: string;
  escrow: string;
}

const options = JSON.parse(process.argv[2] ?? "{}") as StackProcessOptions;
const stack = await startStack({ ...options, port: 0, chainPort: 0, onProgress: () => undefined });
process.once("disconnect", () => void stack.stop().then(() => process.exit()));
process.send?.({
  url: stack.gateway.url,
  apiKey: stack.apiKey,
  webhookSecret: stack.webhookSecret,
  chainUrl: stack.chain.url,
  escrow: stack.deployment.escrow,
} satisfies StackReport);
