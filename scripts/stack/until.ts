import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 25;
const limitMs = 30_000;

/** Asks until there is an answer. @throws when there is none within 30 s, naming what was waited for */
export async function until<Result>(what: string, ask: () => Promise<Result | undefined>): Promise<Result> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const result = await ask();
    if (result !== undefined) return result;
    if (performance.now() > endsAt) throw new Error(`waited ${limitMs / 1000} s in vain until ${what}`);
    await sleep(everyMs);
  }
}
