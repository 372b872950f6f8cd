import { setTimeout as sleep } from "node:timers/promises";

export interface LoopOptions {
  everyMs: number;
  /** One turn; never two at a time. True: there is more to do, so the next turn follows at once. */
  turn: () => Promise<boolean>;
  /** A turn threw. The next waits longer, up to `maxPauseMs`. */
  onError: (error: unknown, consecutive: number) => void;
  /** Default: 10 s. */
  maxPauseMs?: number;
}

export interface Loop {
  /** Lets the next turn begin now. */
  wake(): void;
  /** Waits for the turn in hand; there is none after it. Idempotent. */
  stop(): Promise<void>;
}

/** Takes turns until stopped. */
export function startLoop({ everyMs, turn, onError, maxPauseMs = 10_000 }: LoopOptions): Loop {
  let stopped = false;
  let woken = false;
  let pause = new AbortController();

  async function rest(ms: number): Promise<void> {
    if (!woken && !stopped) await sleep(ms, undefined, { signal: pause.signal }).catch(() => undefined);
    pause = new AbortController();
    woken = false;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped) {
      try {
        const more = await turn();
        failures = 0;
        if (!more) await rest(everyMs);
      } catch (error) {
        failures += 1;
        onError(error, failures);
        await rest(Math.min(everyMs * 2 ** Math.min(failures, 10), maxPauseMs));
      }
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      pause.abort();
    },
    async stop() {
      stopped = true;
      pause.abort();
      await running;
    },
  };
}
