import type { Context } from "../context.ts";
import { type Loop, startLoop } from "../loop.ts";
import { sendDueDeliveries } from "./sender.ts";

/** How often due retries are looked for; what has just happened is heard of at commit. */
const everyMs = 1000;

/** Sends webhooks until stopped; several gateways share the work. */
export function createWebhookSender(ctx: Context): { start(): Promise<void>; stop(): Promise<void> } {
  let loop: Loop | undefined;
  let unlisten: (() => Promise<void>) | undefined;
  return {
    async start() {
      const started = startLoop({
        everyMs,
        turn: async () => (await sendDueDeliveries(ctx)) > 0,
        onError: (error) => ctx.log.error({ err: error }, "sending webhooks failed; it goes on"),
      });
      loop = started;
      unlisten = await ctx.listen("job_events", () => started.wake());
    },
    async stop() {
      await unlisten?.();
      await loop?.stop();
    },
  };
}
