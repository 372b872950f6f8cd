import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, operated, signed, untilOf } from "../support/jobs.ts";
import { HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { TOTAL } from "../support/terms.ts";

describe("cancel", () => {
  refusesOtherStatuses(["Open"], async ({ escrow, terms, client }) =>
    escrow.connect(client).cancel(terms, NEVER, UNSIGNED),
  );

  describe("by a carried signature", () => {
    takesOnlyItsSignature({
      word: "Cancel",
      role: "client",
      from: "Open",
      to: "Refunded",
      call: async (c, validUntil, signature) => c.escrow.cancel(c.terms, validUntil, signature),
    });
  });

  it("refuses an unsigned word of anyone but the client and its operators", async () => {
    const { escrow, terms, client, worker, verifier, stranger } = await jobAt("Open");
    for (const sender of [worker, verifier, stranger]) {
      await expect(escrow.connect(sender).cancel(terms, NEVER, UNSIGNED))
        .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
        .withArgs(sender.address, client.address);
    }
  });

  for (const named of ["nobody", "matcher"] as const) {
    it(`refuses an operator the client's own job whose terms name ${named} as matcher`, async () => {
      const c = await jobAt("Open", ({ matcher }) => (named === "matcher" ? { matcher: matcher.address } : {}));
      await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, TOTAL, TOTAL, NEVER);
      await expect(c.escrow.connect(c.operator).cancel(c.terms, NEVER, UNSIGNED))
        .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
        .withArgs(c.operator.address, c.client.address);
    });
  }

  it("refuses a matcher whom the client gave no limit", async () => {
    const { escrow, terms, client, operator } = await jobAt("Open", operated);
    await expect(escrow.connect(operator).cancel(terms, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(operator.address, client.address);
  });

  it("refuses an operator of another client", async () => {
    const { escrow, terms, client, stranger, operator } = await jobAt("Open", operated);
    await escrow.connect(stranger).setSpendingLimit(operator.address, TOTAL, TOTAL, NEVER);
    await expect(escrow.connect(operator).cancel(terms, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(operator.address, client.address);
  });

  it("refuses an operator a second after its limit expired", async () => {
    const { escrow, terms, client, operator } = await jobAt("Open", operated);
    const expiresAt = (await blockTime()) + HOUR;
    await escrow.connect(client).setSpendingLimit(operator.address, TOTAL, TOTAL, expiresAt);
    await nextBlockAt(expiresAt + 1n);
    await expect(escrow.connect(operator).cancel(terms, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SpendingLimitExpired")
      .withArgs(operator.address, expiresAt, expiresAt + 1n);
  });

  it("refuses an operator whose limit was revoked", async () => {
    const { escrow, terms, client, operator } = await jobAt("Open", operated);
    await escrow.connect(client).setSpendingLimit(operator.address, TOTAL, TOTAL, NEVER);
    await escrow.connect(client).setSpendingLimit(operator.address, 0n, 0n, 0n);
    await expect(escrow.connect(operator).cancel(terms, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(operator.address, client.address);
  });

  it("gives reward and fee back to the client", async () => {
    const c = await jobAt("Open");
    const sent = c.escrow.connect(c.client).cancel(c.terms, NEVER, UNSIGNED);
    await expectEvents(c.escrow, sent, [["Cancelled", c.jobId, c.client.address, TOTAL]]);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
    await expectCredit(c, c.treasury, 0n);
    await expectSlot(c, "Refunded");
  });

  it("pays the client, not the operator, in the last second of the operator's limit, and gives no limit back", async () => {
    const c = await jobAt("Open", operated);
    const expiresAt = (await blockTime()) + HOUR;
    await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, 5n, 4n, expiresAt);
    await nextBlockAt(expiresAt);
    const sent = c.escrow.connect(c.operator).cancel(c.terms, NEVER, UNSIGNED);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
    expect((await c.escrow.spendingLimit(c.client.address, c.operator.address)).remaining).to.equal(5n);
  });

  it("is possible past the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline + 1n);
    const sent = c.escrow.connect(c.client).cancel(c.terms, NEVER, UNSIGNED);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
  });

  it("takes a reopened job back, and counts nothing against the worker but the lapse", async () => {
    const c = await jobAt("Accepted");
    const signature = await signed(c, c.client, "Cancel");
    await nextBlockAt((await untilOf(c)) + 1n);
    await c.escrow.reopen(c.terms);
    const sent = c.escrow.cancel(c.terms, NEVER, signature);
    await expectEvents(c.escrow, sent, [["Cancelled", c.jobId, c.client.address, TOTAL]]);
    await expectSlot(c, "Refunded", { round: 1n });
    await expectReputation(c, c.worker, { failure: CAP });
  });
});
