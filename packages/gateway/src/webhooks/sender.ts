import type { Context } from "../context.ts";
import { type Loop, startLoop } from "../loop.ts";
import { attemptDelivery } from "./attempt.ts";
import { type ClaimedDelivery, claimDeliveries, hasEnough } from "./claim.ts";
import { recordAttempt } from "./record.ts";

export interface WebhookSender {
  start(): Promise<void>;
  /** Waits for the tries in hand. Idempotent. */
  stop(): Promise<void>;
}

/** Tries at once in one process; each takes ten seconds at most. */
const AT_ONCE = 50;
/** How often due retries are looked for; what has just happened is heard of at commit. */
const LOOK_EVERY_MS = 1_000;

/** Sends what is due until stopped, each event at least once. Several gateways share the work. */
export function createWebhookSender(ctx: Context): WebhookSender {
  const sending = new Set<Promise<void>>();
  const inHand = new Map<string, number>();
  let loop: Loop | undefined;
  let unlisten: (() => Promise<void>) | undefined;

  async function turn(): Promise<boolean> {
    const room = AT_ONCE - sending.size;
    if (room === 0) return false;
    const busy = [...inHand].filter(([, count]) => hasEnough(count)).map(([endpointId]) => endpointId);
    const claimed = await claimDeliveries(ctx.db, room, busy);
    for (const delivery of claimed) begin(delivery);
    return claimed.length === room;
  }

  function begin(delivery: ClaimedDelivery): void {
    const { endpoint_id } = delivery;
    inHand.set(endpoint_id, (inHand.get(endpoint_id) ?? 0) + 1);
    const done = deliver(ctx, delivery).finally(() => {
      const left = (inHand.get(endpoint_id) ?? 1) - 1;
      if (left === 0) inHand.delete(endpoint_id);
      else inHand.set(endpoint_id, left);
      sending.delete(done);
      loop?.wake();
    });
    sending.add(done);
  }

  return {
    async start() {
      const started = startLoop({
        everyMs: LOOK_EVERY_MS,
        turn,
        onError: (error) => ctx.log.error({ err: error }, "due webhooks could not be claimed; it is tried again"),
      });
      loop = started;
      unlisten = await ctx.listen("webhooks", () => started.wake());
    },
    async stop() {
      await unlisten?.();
      await loop?.stop();
      await Promise.all(sending);
    },
  };
}

/** Never rejects: a try that can't be recorded is due again when its claim ends. */
async function deliver(ctx: Context, delivery: ClaimedDelivery): Promise<void> {
  const about = { delivery_id: delivery.id, endpoint_id: delivery.endpoint_id, attempts: delivery.attempts };
  try {
    const result = await attemptDelivery(ctx, delivery);
    await recordAttempt(ctx.db, delivery, result);
    ctx.metrics.webhookDeliveries.inc({ outcome: result.delivered ? "delivered" : "failed" });
    if (!result.delivered) ctx.log.info({ ...about, error: result.error }, "a webhook was not delivered");
  } catch (error) {
    ctx.log.error({ ...about, err: error }, "a webhook could not be sent or recorded; it is tried again");
  }
}
