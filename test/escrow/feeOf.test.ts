import { feeOf } from "@hireforhumans/protocol";
import { expect } from "chai";
import { loadWorld } from "../support/world.ts";

const MAX_REWARD = (2n ** 96n - 1n) / 2n;

describe("feeOf", () => {
  for (const [reward, fee] of [
    [0n, 0n],
    [39n, 0n],
    [40n, 1n],
    [79n, 1n],
    [80n, 2n],
    [15_000_000n, 375_000n],
    [MAX_REWARD, MAX_REWARD / 40n],
  ] as const) {
    it(`is ${fee} of ${reward}: 250 basis points, rounded down, as the clients reckon`, async () => {
      const { escrow } = await loadWorld();
      expect(await escrow.feeOf(reward)).to.equal(fee);
      expect(feeOf(reward)).to.equal(fee);
    });
  }
});
