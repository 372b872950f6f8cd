import { expect } from "chai";
import { refusesOtherStatuses } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, statusCode, untilOf, type Case } from "../support/jobs.ts";
import { nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

async function rule(c: Case, workerShareBps: bigint) {
  return await c.arbiter.rule(c.escrow.target, c.terms, workerShareBps);
}

describe("rule", () => {
  refusesOtherStatuses(["Disputed"], async (c) => rule(c, 10_000n));

  it("refuses everyone but the job's arbiter", async () => {
    const c = await jobAt("Disputed");
    for (const sender of [c.client, c.worker, c.verifier, c.stranger]) {
      await expect(c.escrow.connect(sender).rule(c.terms, 10_000n))
        .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
        .withArgs(sender.address, c.arbiter.target);
    }
  });

  it("refuses the arbiter of another job", async () => {
    const c = await jobAt("Disputed");
    const other = await newJob(c, "Open", { arbiter: c.stranger.address, salt: "0x" + "22".repeat(32) });
    await expect(c.escrow.connect(c.stranger).rule(c.terms, 0n))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(other.terms.arbiter, c.arbiter.target);
  });

  it("refuses a share above the whole", async () => {
    const c = await jobAt("Disputed");
    await expect(rule(c, 10_001n))
      .to.be.revertedWithCustomError(c.escrow, "ShareOutOfRange")
      .withArgs(10_001n, 10_000n);
  });

  it("refuses to rule twice", async () => {
    const c = await jobAt("Disputed");
    await rule(c, 0n);
    await expect(rule(c, 10_000n)).to.be.revertedWithCustomError(c.escrow, "WrongStatus");
  });

  it("pays the worker all, and the whole fee", async () => {
    const c = await jobAt("Disputed");
    const sent = rule(c, 10_000n);
    await expectEvents(c.escrow, sent, [["Ruled", c.jobId, statusCode("Paid"), 10_000n]]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    await expectCredit(c, c.treasury, FEE);
    await expectSlot(c, "Paid", { worker: c.worker.address });
    await expectReputation(c, c.worker, { success: CAP });
  });

  it("gives the client all back, fee included, and counts double against the worker", async () => {
    const c = await jobAt("Disputed");
    const sent = rule(c, 0n);
    await expectEvents(c.escrow, sent, [["Ruled", c.jobId, statusCode("Refunded"), 0n]]);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
    await expectCredit(c, c.treasury, 0n);
    await expectSlot(c, "Refunded", { worker: c.worker.address });
    await expectReputation(c, c.worker, { failure: 2n * CAP });
  });

  it("moves and credits nothing for a worker who gets nothing, also one that USDC blocks", async () => {
    const c = await jobAt("Disputed");
    await c.usdc.blacklist(c.worker.address);
    const sent = rule(c, 0n);
    await expectEvents(c.escrow, sent, [["Ruled", c.jobId, statusCode("Refunded"), 0n]]);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
  });

  it("splits the reward and takes the fee on the worker's part only", async () => {
    const c = await jobAt("Disputed");
    const sent = rule(c, 4_000n);
    // 40 of 100 USDC to the worker, 1 for fee, 61.5 of the 102.5 back.
    await expectEvents(c.escrow, sent, [["Ruled", c.jobId, statusCode("Split"), 4_000n]]);
    await expectBalanceChanges(c, sent, { worker: 40_000_000n, client: 61_500_000n, escrow: -101_500_000n });
    await expectCredit(c, c.treasury, 1_000_000n);
    await expectSlot(c, "Split", { worker: c.worker.address });
    await expectReputation(c, c.worker, { success: (CAP * 4n) / 10n, failure: (2n * CAP * 6n) / 10n });
  });

  it("rounds the worker's part and the fee down, and leaves no dust behind", async () => {
    const c = await jobAt("Disputed", { reward: 999_999n });
    const sent = rule(c, 3_333n);
    // The job holds 999,999 + 24,999; the worker gets 333,299.67 and the treasury 2.5 % of it, 8,332.475.
    await expectBalanceChanges(c, sent, { worker: 333_299n, client: 683_367n, escrow: -1_016_666n });
    await expectCredit(c, c.treasury, 8_332n);
    expect(await c.usdc.balanceOf(await c.escrow.getAddress())).to.equal(8_332n);
  });

  it("is a split of nothing for the worker where its part is below one base unit", async () => {
    const c = await jobAt("Disputed", { reward: 3n });
    const sent = rule(c, 3_333n);
    await expectEvents(c.escrow, sent, [["Ruled", c.jobId, statusCode("Split"), 3_333n]]);
    await expectBalanceChanges(c, sent, { client: 3n, escrow: -3n });
  });

  it("is possible after the backstop as long as nobody settled", async () => {
    const c = await jobAt("Disputed");
    await nextBlockAt((await untilOf(c)) + 1n);
    await expectBalanceChanges(c, rule(c, 10_000n), { worker: REWARD, escrow: -REWARD });
  });
});
