import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, signed, untilOf } from "../support/jobs.ts";
import { checksWhoMayAccept } from "../support/mayAccept.ts";
import { HOUR, nextBlockAt } from "../support/network.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

describe("accept", () => {
  refusesOtherStatuses(["Open"], async ({ escrow, terms, worker }) =>
    escrow.connect(worker).accept(terms, worker.address, 0n, UNSIGNED),
  );

  describe("by a carried signature", () => {
    takesOnlyItsSignature({
      word: "Accept",
      role: "worker",
      from: "Open",
      to: "Accepted",
      call: async (c, validUntil, signature) => c.escrow.accept(c.terms, c.by.worker.address, validUntil, signature),
    });

    it("refuses the signature of a round that lapsed", async () => {
      const c = await jobAt("Accepted");
      await nextBlockAt((await untilOf(c)) + 1n);
      await c.escrow.reopen(c.terms);
      const used = await signed(c, c.worker, "Accept", { round: 0n });
      await expect(c.escrow.accept(c.terms, c.worker.address, NEVER, used)).to.be.revertedWithCustomError(
        c.escrow,
        "SignatureInvalid",
      );

      const fresh = await signed(c, c.worker, "Accept", { round: 1n });
      await c.escrow.accept(c.terms, c.worker.address, NEVER, fresh);
      await expectSlot(c, "Accepted", { worker: c.worker.address, until: await untilOf(c), round: 1n });
    });
  });

  checksWhoMayAccept({
    to: "Accepted",
    call: async (c, sender, worker) =>
      c.escrow.connect(sender).accept(c.terms, worker.address, NEVER, await signed(c, worker, "Accept")),
  });

  it("refuses an unsigned word for somebody else", async () => {
    const { escrow, terms, worker, relayer } = await jobAt("Open");
    await expect(escrow.accept(terms, worker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(relayer.address, worker.address);
  });

  it("starts the work window and moves no money", async () => {
    const c = await jobAt("Open");
    const signature = await signed(c, c.worker, "Accept");
    const acceptedAt = c.terms.deadline - 2n * HOUR;
    const until = acceptedAt + c.terms.workWindow;
    await nextBlockAt(acceptedAt);
    const sent = c.escrow.accept(c.terms, c.worker.address, NEVER, signature);
    await expectEvents(c.escrow, sent, [["Accepted", c.jobId, c.worker.address, 0n, until]]);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until });
    await expectBalanceChanges(c, sent, {});
  });

  it("takes the worker's own transaction", async () => {
    const c = await jobAt("Open");
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, 0n, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: await untilOf(c) });
  });

  it("cuts the work window off at the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline - c.terms.workWindow + 1n);
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: c.terms.deadline });
  });

  it("leaves one second to a worker who accepts in the last of the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline);
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: c.terms.deadline });
  });
});
