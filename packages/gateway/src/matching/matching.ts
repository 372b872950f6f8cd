import type { Context } from "../context.ts";
import { sweepPlaces } from "../workers/places.ts";
import { sweepStalePresence } from "../workers/presence.ts";
import { sweepSessions } from "../workers/sessions.ts";
import { sweepSignIns } from "../workers/sign-in.ts";
import { handleAcceptIntents } from "./accept-intent.ts";
import { placeWorker } from "./returning.ts";
import { advanceJob, sweepWaves } from "./waves.ts";

/** Jobs and workers are stepped by the queue within milliseconds; this catches what it lost. */
const WAVES_EVERY_MS = 1_000;
const WORKERS_EVERY_MS = 15_000;
const EXPIRED_EVERY_MS = 60_000;

/** Registers matching's part in queue, sweeps and outbox. Call it before those start. */
export function startMatching(ctx: Context): void {
  ctx.queue.work("match", async (id) => {
    if (id.startsWith("wrk_")) await placeWorker(ctx, id);
    else await advanceJob(ctx, id);
  });
  ctx.queue.sweep("waves", WAVES_EVERY_MS, () => sweepWaves(ctx));
  ctx.queue.sweep("presence", WORKERS_EVERY_MS, () => sweepStalePresence(ctx.db));
  ctx.queue.sweep("places", WORKERS_EVERY_MS, () => sweepPlaces(ctx));
  ctx.queue.sweep("sign_ins", EXPIRED_EVERY_MS, () => sweepSignIns(ctx.db));
  ctx.queue.sweep("sessions", EXPIRED_EVERY_MS, () => sweepSessions(ctx.db));
  handleAcceptIntents(ctx);
}
