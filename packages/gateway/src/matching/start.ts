import type { Context } from "../context.ts";
import { sweepChanges } from "./candidate-feed.ts";
import { handleAcceptIntents } from "./accept-intent.ts";
import { createPlacement } from "./returning.ts";
import { createWaves } from "./waves.ts";

/** Jobs and workers are stepped by the queue within milliseconds; this catches what it lost, and time-outs. */
const WAVES_EVERY_MS = 1_000;
const CHANGES_EVERY_MS = 60_000;

/** Registers matching's part in queue, sweeps and outbox. Call it before those start. */
export function startMatching(ctx: Context): void {
  const waves = createWaves(ctx);
  const placeWorker = createPlacement(ctx);
  ctx.queue.work("match", async (id) => {
    if (id.startsWith("wrk_")) await placeWorker(id);
    else await waves.advance(id);
  });
  ctx.queue.sweep("waves", WAVES_EVERY_MS, () => waves.sweep());
  ctx.queue.sweep("worker_changes", CHANGES_EVERY_MS, () => sweepChanges(ctx.db));
  handleAcceptIntents(ctx);
}
