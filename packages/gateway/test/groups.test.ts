import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inGroups } from "../src/groups.ts";

describe("inGroups", () => {
  it("makes one group of what comes at once, one of what comes meanwhile, and holds up no call alone", async () => {
    const groups: number[][] = [];
    let meanwhile: Promise<number[]> | undefined;
    const double: (item: number) => Promise<number> = inGroups(async (items: number[]) => {
      groups.push(items);
      meanwhile ??= Promise.all([3, 4, 5].map(double));
      await sleep(1);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2].map(double))).toEqual([2, 4]);
    expect(await meanwhile).toEqual([6, 8, 10]);
    expect(await double(6)).toBe(12);
    expect(groups).toEqual([[1, 2], [3, 4, 5], [6]]);
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
    let meanwhile: Promise<PromiseSettledResult<string>[]> | undefined;
    const flaky: (item: string) => Promise<string> = inGroups(async (items: string[]) => {
      calls += 1;
      meanwhile ??= Promise.allSettled([flaky("bad"), flaky("beside")]);
      await sleep(1);
      if (items.includes("bad")) throw new Error("the group failed");
      return items;
    });
    expect(await flaky("first")).toBe("first");
    expect((await meanwhile)?.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await flaky("later")).toBe("later");
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
