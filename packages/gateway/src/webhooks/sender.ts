import type { Context } from "../context.ts";
import { inGroups } from "../groups.ts";
import { type Loop, startLoop } from "../loop.ts";
import { type Sending, attemptDelivery, sendingsOf } from "./attempt.ts";
import { RENEW_CLAIMS_EVERY_MS, claimDeliveries, hasEnough, renewClaims } from "./claim.ts";
import { type DeliveredTry, recordAllDelivered, recordFailed } from "./record.ts";

export interface WebhookSender {
  start(): Promise<void>;
  /** Waits for the tries in hand. Idempotent. */
  stop(): Promise<void>;
}

/** Tries at once in one process; each takes ten seconds at most. */
const AT_ONCE = 100;
/** With less room than this nothing is claimed: a claim for each try that ends would cost more than the tries. */
const ROOM_TO_CLAIM = AT_ONCE / 2;
/** How often due retries are looked for; what has just happened is heard of at commit. */
const LOOK_EVERY_MS = 1_000;

/** Sends what is due until stopped, each event at least once. Several gateways share the work. */
export function createWebhookSender(ctx: Context): WebhookSender {
  /** Tries in hand, by delivery. */
  const sending = new Map<string, Promise<void>>();
  const inHand = new Map<string, number>();
  let loop: Loop | undefined;
  let renewing: Loop | undefined;
  let unlisten: (() => Promise<void>) | undefined;

  const recordDelivered = inGroups((delivered: DeliveredTry[]) => recordAllDelivered(ctx.db, delivered));

  /** Never rejects: a try that can't be recorded is due again when its claim ends. */
  async function deliver(next: Sending): Promise<void> {
    const { delivery } = next;
    const about = {
      delivery_id: delivery.id,
      endpoint_id: delivery.endpoint_id,
      job_id: delivery.job_id,
      attempts: delivery.attempts,
    };
    try {
      const result = await attemptDelivery(ctx, next);
      if (result.delivered) await recordDelivered({ delivery, status: result.status });
      else await recordFailed(ctx.db, delivery, result);
      ctx.metrics.webhookDeliveries.inc({ outcome: result.delivered ? "delivered" : "failed" });
      if (!result.delivered) ctx.log.info({ ...about, error: result.error }, "a webhook was not delivered");
    } catch (error) {
      ctx.log.error({ ...about, err: error }, "a webhook could not be sent or recorded; it is tried again");
    }
  }

  async function turn(): Promise<boolean> {
    const room = AT_ONCE - sending.size;
    if (room < ROOM_TO_CLAIM) return false;
    const busy = [...inHand].filter(([, count]) => hasEnough(count)).map(([endpointId]) => endpointId);
    const claimed = await claimDeliveries(ctx.db, room, busy);
    for (const sending of await sendingsOf(ctx, claimed)) begin(sending);
    return claimed.length === room;
  }

  const renew = () => renewClaims(ctx.db, [...sending.keys()]).then(() => false);

  function begin(next: Sending): void {
    const { id, endpoint_id } = next.delivery;
    inHand.set(endpoint_id, (inHand.get(endpoint_id) ?? 0) + 1);
    const done = deliver(next).finally(() => {
      const left = (inHand.get(endpoint_id) ?? 1) - 1;
      if (left === 0) inHand.delete(endpoint_id);
      else inHand.set(endpoint_id, left);
      sending.delete(id);
      loop?.wake();
    });
    sending.set(id, done);
  }

  return {
    async start() {
      const started = startLoop({
        everyMs: LOOK_EVERY_MS,
        turn,
        onError: (error) => ctx.log.error({ err: error }, "due webhooks could not be claimed; it is tried again"),
      });
      loop = started;
      renewing = startLoop({
        everyMs: RENEW_CLAIMS_EVERY_MS,
        turn: renew,
        onError: (error) => ctx.log.error({ err: error }, "claims of webhooks could not be renewed; it is tried again"),
      });
      unlisten = await ctx.listen("webhooks", () => started.wake());
    },
    async stop() {
      await unlisten?.();
      await loop?.stop();
      await Promise.all(sending.values());
      await renewing?.stop();
    },
  };
}
