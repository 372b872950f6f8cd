import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engines } from "../support/database.ts";
import { fuzz } from "./fuzz/fuzz.ts";
import { startWorld, type World } from "./world.ts";

/** `npx pnpm@12 fuzz:api` sets both; here a short form runs at every commit, each time with another seed. */
const { FUZZ_REQUESTS, FUZZ_SEED } = process.env;
const requests = Number(FUZZ_REQUESTS ?? 3_000);
const seed = Number(FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe(`any request at all (seed ${seed})`, () => {
  let world: World;
  beforeAll(async () => {
    const env = { REQUESTS_PER_MINUTE: "10000000", STRANGER_REQUESTS_PER_MINUTE: "10000000" };
    world = await startWorld(engines.at(-1) ?? "embedded", { env });
  }, 120_000);
  afterAll(() => world.court.stop());

  it(
    "is answered as documented, with nothing of ours in it and nothing of another's",
    { timeout: 3_600_000 },
    async () => {
      const beganAt = performance.now();
      const { sent, byStatus, succeeded, operations, failures } = await fuzz(world, { requests, seed });
      if (FUZZ_REQUESTS !== undefined) {
        const seconds = Math.round((performance.now() - beganAt) / 1000);
        const statuses = [...byStatus].sort(([a], [b]) => a - b).map(([status, count]) => `  ${status}  ${count}`);
        console.log(`${sent} requests in ${seconds} s, seed ${seed}; ${failures.size} kinds of failures. By status:`);
        console.log(statuses.join("\n"));
        console.log(`${succeeded.size} of ${operations} operations were answered with success too.`);
      }
      expect([...failures.values()].join("\n")).toBe("");
      // Or else it would only show that everything is refused.
      expect(succeeded.size).toBeGreaterThan(operations / 3);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );
});
