import { once } from "node:events";
import type { Response } from "express";
import { ApiError } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";
import { eventsAfter } from "./event-list.ts";
import { jobOf } from "./find.ts";

/** Proxies cut connections that are silent for a minute or less; this is also how late a lost wake-up is noticed. */
const HEARTBEAT_MS = 15_000;
const AT_ONCE = 100;

interface StreamOptions {
  lastEventId: string | undefined;
  /** Whether the caller's key is neither revoked nor past its time. */
  holds: () => Promise<boolean>;
  response: Response;
  signal: AbortSignal;
}

/**
 * Writes a job's events as they happen (server-sent events), from behind `lastEventId`, until the caller leaves or
 * its key is over: it is looked up before each event is read, as before each request. The id of each is its sequence.
 * @throws ApiError invalid_request for a Last-Event-ID that is none
 */
export async function streamEvents(
  ctx: Context,
  caller: KeyCaller,
  jobId: string,
  { lastEventId, holds, response, signal }: StreamOptions,
): Promise<void> {
  let last = sequenceOf(lastEventId);
  const bell = createBell(signal);
  const unlisten = await ctx.listen("job_events", (changed) => {
    if (changed === jobId) bell.ring();
  });
  try {
    response.set({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
    response.flushHeaders();
    while (!signal.aborted && (await holds())) {
      const events = await eventsAfter(ctx, await jobOf(ctx.db, caller, jobId), last, AT_ONCE);
      for (const event of events) {
        await write(
          response,
          `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
          signal,
        );
        last = event.sequence;
      }
      if (events.length < AT_ONCE && !(await bell.within(HEARTBEAT_MS))) await write(response, ": waiting\n\n", signal);
    }
  } finally {
    await unlisten();
    response.end();
  }
}

function sequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === "") return 0;
  if (/^\d{1,9}$/.test(lastEventId)) return Number(lastEventId);
  throw new ApiError("invalid_request", "Last-Event-ID has to be the id of an event of this stream: a number.", {
    param: "Last-Event-ID",
  });
}

/** Rings are kept: one that comes while nobody waits ends the next wait at once. */
function createBell(signal: AbortSignal) {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    /** @returns false when the time went by in silence */
    async within(ms: number): Promise<boolean> {
      if (!rung) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, ms);
        });
        clearTimeout(timer);
      }
      const was = rung;
      rung = false;
      return was;
    },
  };
}

/** Waits where the caller reads slower than we write. */
async function write(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.write(text)) return;
  await Promise.race([once(response, "drain"), once(response, "close")]);
}
