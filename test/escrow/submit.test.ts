import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { EVIDENCE, jobAt, signed, untilOf } from "../support/jobs.ts";
import { nextBlockAt } from "../support/network.ts";
import { expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

describe("submit", () => {
  refusesOtherStatuses(["Accepted"], async ({ escrow, terms, worker }) =>
    escrow.connect(worker).submit(terms, EVIDENCE, NEVER, UNSIGNED),
  );

  describe("by a carried signature", () => {
    takesOnlyItsSignature({
      word: "Submit",
      role: "worker",
      from: "Accepted",
      to: "Submitted",
      call: async (c, validUntil, signature) => c.escrow.submit(c.terms, EVIDENCE, validUntil, signature),
    });

    it("refuses the signature of a round that lapsed", async () => {
      const c = await jobAt("Accepted");
      const stale = await signed(c, c.worker, "Submit", { round: 0n });
      await nextBlockAt((await untilOf(c)) + 1n);
      await c.escrow.reopen(c.terms);
      await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
      await expect(c.escrow.submit(c.terms, EVIDENCE, NEVER, stale)).to.be.revertedWithCustomError(
        c.escrow,
        "SignatureInvalid",
      );

      const fresh = await signed(c, c.worker, "Submit", { round: 1n });
      await c.escrow.submit(c.terms, EVIDENCE, NEVER, fresh);
      await expectSlot(c, "Submitted", { worker: c.worker.address, until: await untilOf(c), round: 1n });
    });
  });

  it("refuses an unsigned word of anyone but the worker who accepted", async () => {
    const { escrow, terms, worker, otherWorker, client, verifier } = await jobAt("Accepted");
    for (const sender of [otherWorker, client, verifier]) {
      await expect(escrow.connect(sender).submit(terms, EVIDENCE, NEVER, UNSIGNED))
        .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
        .withArgs(sender.address, worker.address);
    }
  });

  it("refuses a second after the work window", async () => {
    const c = await jobAt("Accepted");
    const until = await untilOf(c);
    await nextBlockAt(until + 1n);
    await expect(c.escrow.connect(c.worker).submit(c.terms, EVIDENCE, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(c.escrow, "TooLate")
      .withArgs(c.jobId, until + 1n, until);
  });

  it("starts the verify window in the last second of the work window, and moves neither money nor reputation", async () => {
    const c = await jobAt("Accepted");
    const submittedAt = await untilOf(c);
    const until = submittedAt + c.terms.verifyWindow;
    const signature = await signed(c, c.worker, "Submit");
    await nextBlockAt(submittedAt);
    const sent = c.escrow.submit(c.terms, EVIDENCE, NEVER, signature);
    await expectEvents(c.escrow, sent, [["Submitted", c.jobId, c.worker.address, EVIDENCE, until]]);
    await expectSlot(c, "Submitted", { worker: c.worker.address, until });
    await expectBalanceChanges(c, sent, {});
    await expectReputation(c, c.worker, {});
  });

  it("gives the verifier its whole window also past the job's deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline - 1n);
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await nextBlockAt(c.terms.deadline);
    await c.escrow.connect(c.worker).submit(c.terms, EVIDENCE, NEVER, UNSIGNED);
    await expectSlot(c, "Submitted", { worker: c.worker.address, until: c.terms.deadline + c.terms.verifyWindow });
  });
});
