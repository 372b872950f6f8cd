import { expect } from "chai";
import { randomOf } from "../../scripts/sim/random.ts";
import { SideBySide } from "../support/sideBySide.ts";

const AT_ONCE = 70;
const BATCHES = { least: 3, most: 9 };

describe("the simulation of the arbitration pool", () => {
  it("draws the contract's panels and pays what the contract pays, to the base unit", async function () {
    this.timeout(240_000);
    const sides = await SideBySide.begin(randomOf("3", "side by side"));
    const rarest = () => Math.min(...Object.values(sides.seen));
    for (let batch = 0; batch < BATCHES.least || (rarest() < 2 && batch < BATCHES.most); ++batch) {
      await sides.play(AT_ONCE);
    }
    for (const [what, count] of Object.entries(sides.seen)) expect(count, what).to.be.at.least(2);
  });
});
