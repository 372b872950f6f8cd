import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { refusesOtherStatuses } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, untilOf } from "../support/jobs.ts";
import { nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { TOTAL } from "../support/terms.ts";

describe("refund", () => {
  refusesOtherStatuses(["Open", "Rejected"], async ({ escrow, terms }) => escrow.refund(terms));

  it("refuses an open job in the last second of its deadline, also the client", async () => {
    const { escrow, terms, jobId, client } = await jobAt("Open");
    await nextBlockAt(terms.deadline);
    await expect(escrow.connect(client).refund(terms))
      .to.be.revertedWithCustomError(escrow, "TooEarly")
      .withArgs(jobId, terms.deadline, terms.deadline + 1n);
  });

  it("refuses a rejected job in the last second in which the worker may dispute", async () => {
    const c = await jobAt("Rejected");
    const until = await untilOf(c);
    await nextBlockAt(until);
    await expect(c.escrow.refund(c.terms))
      .to.be.revertedWithCustomError(c.escrow, "TooEarly")
      .withArgs(c.jobId, until, until + 1n);
  });

  it("refuses work that was accepted in time, however late it is", async () => {
    const c = await jobAt("Accepted");
    await nextBlockAt(c.terms.deadline + 1n);
    await expect(c.escrow.connect(c.client).refund(c.terms)).to.be.revertedWithCustomError(c.escrow, "WrongStatus");
  });

  it("gives reward and fee back to the client a second past the deadline, by anyone", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline + 1n);
    const sent = c.escrow.connect(c.stranger).refund(c.terms);
    await expectEvents(c.escrow, sent, [["Refunded", c.jobId, c.client.address, TOTAL]]);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
    await expectCredit(c, c.treasury, 0n);
    await expectSlot(c, "Refunded");
    await expectReputation(c, { address: ZeroAddress }, {});
  });

  it("gives all back a second past the appeal window, and counts as the worker's failure", async () => {
    const c = await jobAt("Rejected");
    await nextBlockAt((await untilOf(c)) + 1n);
    const sent = c.escrow.connect(c.stranger).refund(c.terms);
    await expectEvents(c.escrow, sent, [["Refunded", c.jobId, c.client.address, TOTAL]]);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
    await expectCredit(c, c.treasury, 0n);
    await expectSlot(c, "Refunded", { worker: c.worker.address });
    await expectReputation(c, c.worker, { failure: CAP });
  });

  it("refuses to give back twice", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline + 1n);
    await c.escrow.refund(c.terms);
    await expect(c.escrow.refund(c.terms)).to.be.revertedWithCustomError(c.escrow, "WrongStatus");
  });
});
