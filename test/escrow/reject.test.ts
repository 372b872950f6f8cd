import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { EVIDENCE, REASONS, jobAt, signed, untilOf, verdict } from "../support/jobs.ts";
import { DAY, blockTime, nextBlockAt } from "../support/network.ts";
import { expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

describe("reject", () => {
  refusesOtherStatuses(["Submitted"], async ({ escrow, terms, verifier }) =>
    escrow.connect(verifier).reject(terms, verdict, UNSIGNED),
  );

  describe("by a carried signature", () => {
    takesOnlyItsSignature({
      word: "Verdict",
      role: "verifier",
      from: "Submitted",
      to: "Rejected",
      fields: () => ({ pass: false }),
      call: async (c, validUntil, signature) => c.escrow.reject(c.terms, { ...verdict, validUntil }, signature),
    });

    it("refuses the client's word", async () => {
      const c = await jobAt("Submitted");
      const signature = await signed(c, c.client, "Verdict", { pass: false });
      await expect(c.escrow.reject(c.terms, verdict, signature)).to.be.revertedWithCustomError(
        c.escrow,
        "SignatureInvalid",
      );
    });
  });

  it("refuses an unsigned word of anyone but the verifier, also of the client and its operator", async () => {
    const { escrow, terms, verifier, client, operator, worker, stranger } = await jobAt("Submitted");
    await escrow.connect(client).setSpendingLimit(operator.address, 1n, 1n, NEVER);
    for (const sender of [client, operator, worker, stranger]) {
      await expect(escrow.connect(sender).reject(terms, verdict, UNSIGNED))
        .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
        .withArgs(sender.address, verifier.address);
    }
  });

  it("refuses a second after the verify window", async () => {
    const c = await jobAt("Submitted");
    const until = await untilOf(c);
    await nextBlockAt(until + 1n);
    await expect(c.escrow.connect(c.verifier).reject(c.terms, verdict, UNSIGNED))
      .to.be.revertedWithCustomError(c.escrow, "TooLate")
      .withArgs(c.jobId, until + 1n, until);
  });

  it("starts the appeal window in the last second of the verify window, and moves neither money nor reputation", async () => {
    const c = await jobAt("Submitted");
    const signature = await signed(c, c.verifier, "Verdict", { pass: false });
    const rejectedAt = await untilOf(c);
    const until = rejectedAt + DAY;
    await nextBlockAt(rejectedAt);
    const sent = c.escrow.reject(c.terms, verdict, signature);
    await expectEvents(c.escrow, sent, [["Rejected", c.jobId, c.worker.address, EVIDENCE, REASONS, until]]);
    await expectSlot(c, "Rejected", { worker: c.worker.address, until });
    await expectBalanceChanges(c, sent, {});
    await expectReputation(c, c.worker, {});
  });

  it("takes the verifier's own transaction", async () => {
    const c = await jobAt("Submitted");
    const rejectedAt = (await blockTime()) + 60n;
    await nextBlockAt(rejectedAt);
    await c.escrow.connect(c.verifier).reject(c.terms, verdict, UNSIGNED);
    await expectSlot(c, "Rejected", { worker: c.worker.address, until: rejectedAt + DAY });
  });
});
