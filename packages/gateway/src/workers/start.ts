import type { Context } from "../context.ts";
import { sweepPlaces } from "./places.ts";
import { createPresenceSweep } from "./presence.ts";
import { sweepSessions } from "./sessions.ts";
import { sweepSignIns } from "./sign-in.ts";

/** Often against the 90 s after which a worker counts as away. */
const PRESENCE_EVERY_MS = 15_000;
const EXPIRED_EVERY_MS = 60_000;

/** Registers the sweeps over workers. Call it before the queue starts. */
export function startWorkers({ db, queue }: Pick<Context, "db" | "queue">): void {
  queue.sweep("presence", PRESENCE_EVERY_MS, createPresenceSweep(db));
  queue.sweep("places", PRESENCE_EVERY_MS, () => sweepPlaces({ db, queue }));
  queue.sweep("sign_ins", EXPIRED_EVERY_MS, () => sweepSignIns(db));
  queue.sweep("sessions", EXPIRED_EVERY_MS, () => sweepSessions(db));
}
