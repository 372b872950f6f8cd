import { Pool } from "undici";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchStack } from "./bench-stack.ts";
import { keepRate, postJob } from "./creation.ts";
import { type Figure, percentile } from "./figures.ts";
import { startReceiver } from "./webhooks.ts";

export interface EnduranceOptions {
  minutes: number;
  /** Jobs a second. */
  rate: number;
  engine: string;
}

const LOOKS = 12;
const MIB = 1024 ** 2;

/** Posts jobs at an even rate for long, and looks at the memory of the gateway's process while it goes on. */
export async function measureEndurance(
  stack: BenchStack,
  { minutes, rate, engine }: EnduranceOptions,
): Promise<Figure[]> {
  const receiver = await startReceiver(stack.webhookSecret);
  const pool = new Pool(stack.url, { connections: 64, pipelining: 1 });
  const looks: number[] = [];
  const seconds = (minutes * 60) / LOOKS;
  try {
    const latencies: number[] = [];
    for (let look = 0; look < LOOKS; look++) {
      const load = await keepRate(() => postJob(pool, stack.apiKey, receiver.url), rate, seconds);
      if (load.refused.length > 0) throw new Error(`${load.refused.length} jobs were refused: ${load.refused[0]}`);
      latencies.push(...load.latenciesMs);
      const { residentBytes } = await stack.usage();
      looks.push(residentBytes / MIB);
      console.log(`after ${(((look + 1) * seconds) / 60).toFixed(1)} min: ${Math.round(residentBytes / MIB)} MiB`);
    }
    await sleep(1_000);
    const name = `endurance.${engine}`;
    const what = `${rate} jobs a second for ${minutes} min, ${engine}`;
    // The first third warms up: code is compiled and caches fill.
    const third = Math.floor(LOOKS / 3);
    const middle = looks.slice(third, 2 * third);
    const last = looks.slice(2 * third);
    return [
      { name: `${name}.p50`, what: `${what}, p50`, value: percentile(latencies, 0.5), unit: "ms" },
      { name: `${name}.p99`, what: `${what}, p99`, value: percentile(latencies, 0.99), unit: "ms" },
      {
        name: `${name}.memory.middle`,
        what: `memory in the middle third, ${what}`,
        value: percentile(middle, 0.5),
        unit: "MiB",
      },
      {
        name: `${name}.memory.last`,
        what: `memory in the last third, ${what}`,
        value: percentile(last, 0.5),
        unit: "MiB",
        aim: percentile(middle, 0.5) * 1.1,
      },
    ];
  } finally {
    await pool.close();
    receiver.stop();
  }
}
