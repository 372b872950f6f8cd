import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inGroups } from "../src/groups.ts";

describe("inGroups", () => {
  it("begins a call alone at once, and makes one group of what comes meanwhile", async () => {
    const groups: number[][] = [];
    const double = inGroups(async (items: number[]) => {
      groups.push(items);
      await sleep(20);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3, 4].map(double))).toEqual([2, 4, 6, 8]);
    expect(groups).toEqual([[1], [2, 3, 4]]);
    expect(await double(5)).toBe(10);
    expect(groups.at(-1)).toEqual([5]);
  });

  it("never makes a group larger than the most", async () => {
    const sizes: number[] = [];
    const echo = inGroups(
      async (items: number[]) => {
        sizes.push(items.length);
        await sleep(1);
        return items;
      },
      { most: 10 },
    );
    const items = Array.from({ length: 35 }, (_, index) => index);
    expect(await Promise.all(items.map(echo))).toEqual(items);
    expect(Math.max(...sizes)).toBe(10);
  });

  it("tells every caller of a group what failed, and goes on with the next", async () => {
    let calls = 0;
    const flaky = inGroups(async (items: string[]) => {
      calls += 1;
      await sleep(5);
      if (items.includes("bad")) throw new Error("the group failed");
      return items;
    });
    const answers = await Promise.allSettled([
      flaky("first"),
      flaky("bad"),
      flaky("beside"),
      sleep(6).then(() => flaky("later")),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(calls).toBe(3);
  });

  it("gathers what comes while the beginnings of two groups have to be apart, and holds up no call alone", async () => {
    const began: number[] = [];
    const sizes: number[] = [];
    const gather = inGroups(
      (items: number[]) => {
        began.push(performance.now());
        sizes.push(items.length);
        return Promise.resolve(items);
      },
      { apartMs: 100 },
    );
    const start = performance.now();
    await Promise.all([gather(1), sleep(20).then(() => gather(2)), sleep(40).then(() => gather(3))]);
    expect(sizes).toEqual([1, 2]);
    expect(began[0]! - start).toBeLessThan(50);
    expect(began[1]! - began[0]!).toBeGreaterThanOrEqual(95);
  });
});
