import type { Logger } from "pino";
import { type Loop, startLoop } from "../loop.ts";
import type { Metrics } from "../observability/metrics.ts";

/** Looks for due rows by itself, so that a lost job or notification never loses a deadline. */
export interface Sweeper {
  sweep: (name: string, everyMs: number, run: () => Promise<number>) => void;
  start(): void;
  /** Waits for the sweeps in hand. */
  stop(): Promise<void>;
}

export function createSweeper({ log, metrics }: { log: Logger; metrics: Metrics }): Sweeper {
  const sweeps = new Map<string, { everyMs: number; run: () => Promise<number> }>();
  let loops: Loop[] = [];

  function begin(name: string, everyMs: number, run: () => Promise<number>): Loop {
    return startLoop({
      everyMs,
      async turn() {
        const rows = await run();
        if (rows > 0) metrics.sweepRows.inc({ sweep: name }, rows);
        return rows > 0;
      },
      onError(error, consecutive) {
        metrics.sweepFailures.inc({ sweep: name });
        log.error({ err: error, sweep: name, consecutive }, "a sweep failed and is tried again");
      },
      maxPauseMs: Math.max(everyMs, 60_000),
    });
  }

  return {
    sweep(name, everyMs, run) {
      if (sweeps.has(name)) throw new Error(`There is a sweep called ${name} already.`);
      sweeps.set(name, { everyMs, run });
    },
    start() {
      loops = [...sweeps].map(([name, { everyMs, run }]) => begin(name, everyMs, run));
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
