import { expect } from "chai";
import { refusesOtherStatuses } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, untilOf } from "../support/jobs.ts";
import { nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { TOTAL } from "../support/terms.ts";

describe("reopen", () => {
  refusesOtherStatuses(["Accepted"], async ({ escrow, terms }) => escrow.reopen(terms));

  it("refuses in the last second of the work window", async () => {
    const c = await jobAt("Accepted");
    const until = await untilOf(c);
    await nextBlockAt(until);
    await expect(c.escrow.reopen(c.terms))
      .to.be.revertedWithCustomError(c.escrow, "TooEarly")
      .withArgs(c.jobId, until, until + 1n);
  });

  it("frees the job for others a second later, by anyone, and moves no money", async () => {
    const c = await jobAt("Accepted");
    await nextBlockAt((await untilOf(c)) + 1n);
    const sent = c.escrow.connect(c.stranger).reopen(c.terms);
    await expectEvents(c.escrow, sent, [["Reopened", c.jobId, c.worker.address, 1n]]);
    await expectSlot(c, "Open", { round: 1n });
    await expectBalanceChanges(c, sent, {});
  });

  it("counts as a failure of the worker who let it lapse", async () => {
    const c = await jobAt("Accepted");
    await nextBlockAt((await untilOf(c)) + 1n);
    await c.escrow.reopen(c.terms);
    await expectReputation(c, c.worker, { failure: CAP });
    await expectReputation(c, c.otherWorker, {});
  });

  it("lets another worker take it, and counts every lapse", async () => {
    const c = await jobAt("Accepted");
    for (const round of [1n, 2n]) {
      await nextBlockAt((await untilOf(c)) + 1n);
      await c.escrow.reopen(c.terms);
      await c.escrow.connect(c.otherWorker).accept(c.terms, c.otherWorker.address, NEVER, UNSIGNED);
      await expectSlot(c, "Accepted", { worker: c.otherWorker.address, until: await untilOf(c), round });
    }
    await expectReputation(c, c.worker, { failure: CAP });
    await expectReputation(c, c.otherWorker, { failure: CAP });
  });

  it("opens the way to the refund where the deadline went by", async () => {
    const c = await jobAt("Accepted");
    await nextBlockAt(c.terms.deadline + 1n);
    await c.escrow.reopen(c.terms);
    await expectBalanceChanges(c, c.escrow.refund(c.terms), { client: TOTAL, escrow: -TOTAL });
  });
});
