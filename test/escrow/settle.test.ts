import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { refusesOtherStatuses } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, statusCode, untilOf } from "../support/jobs.ts";
import { DAY, nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

describe("settle", () => {
  refusesOtherStatuses(["Submitted", "Approved", "Disputed"], async ({ escrow, terms }) => escrow.settle(terms));

  const ends = [
    { status: "Submitted", grace: DAY, what: "the grace after the verifier's silence" },
    { status: "Approved", grace: 0n, what: "the review window" },
    { status: "Disputed", grace: 0n, what: "the backstop" },
  ] as const;
  for (const { status, grace, what } of ends) {
    it(`refuses a job that is ${status} in the last second of ${what}`, async () => {
      const c = await jobAt(status);
      const last = (await untilOf(c)) + grace;
      await nextBlockAt(last);
      await expect(c.escrow.connect(c.worker).settle(c.terms))
        .to.be.revertedWithCustomError(c.escrow, "TooEarly")
        .withArgs(c.jobId, last, last + 1n);
    });
  }

  for (const { status, grace, what } of ends.slice(0, 2)) {
    it(`pays the worker of a job that is ${status} a second past ${what}, by anyone`, async () => {
      const c = await jobAt(status);
      await nextBlockAt((await untilOf(c)) + grace + 1n);
      const sent = c.escrow.connect(c.stranger).settle(c.terms);
      await expectEvents(c.escrow, sent, [["Settled", c.jobId, statusCode("Paid")]]);
      await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
      await expectCredit(c, c.treasury, FEE);
      await expectSlot(c, "Paid", { worker: c.worker.address });
      await expectReputation(c, c.worker, { success: CAP });
    });
  }

  it("pays a worker whom no arbiter could have helped against a silent verifier", async () => {
    const c = await jobAt("Submitted", { arbiter: ZeroAddress });
    await nextBlockAt((await untilOf(c)) + DAY + 1n);
    await expectBalanceChanges(c, c.escrow.settle(c.terms), { worker: REWARD, escrow: -REWARD });
  });

  const backstops = [
    { share: 7_000n, worker: 70_000_000n, client: 30_750_000n, fee: 1_750_000n },
    { share: 0n, worker: 0n, client: TOTAL, fee: 0n },
    { share: 10_000n, worker: REWARD, client: 0n, fee: FEE },
  ];
  for (const { share, worker, client, fee } of backstops) {
    it(`splits an unruled dispute by the ${share} basis points of the terms, and says nothing about the worker`, async () => {
      const c = await jobAt("Disputed", { backstopShareBps: share });
      await nextBlockAt((await untilOf(c)) + 1n);
      const sent = c.escrow.connect(c.stranger).settle(c.terms);
      await expectEvents(c.escrow, sent, [["Settled", c.jobId, statusCode("Split")]]);
      await expectBalanceChanges(c, sent, { worker, client, escrow: fee - TOTAL });
      await expectCredit(c, c.treasury, fee);
      await expectSlot(c, "Split", { worker: c.worker.address });
      await expectReputation(c, c.worker, {});
    });
  }

  it("refuses to settle twice", async () => {
    const c = await jobAt("Disputed");
    await nextBlockAt((await untilOf(c)) + 1n);
    await c.escrow.settle(c.terms);
    await expect(c.escrow.settle(c.terms)).to.be.revertedWithCustomError(c.escrow, "WrongStatus");
  });
});
