import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, signed, untilOf } from "../support/jobs.ts";
import { HOUR, nextBlockAt } from "../support/network.ts";
import { START } from "../support/reputation.ts";
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

  it("refuses an unsigned word for somebody else", async () => {
    const { escrow, terms, worker, relayer } = await jobAt("Open");
    await expect(escrow.accept(terms, worker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(relayer.address, worker.address);
  });

  it("refuses another sender than the matcher, whatever the worker signed", async () => {
    const c = await jobAt("Open", ({ matcher }) => ({ matcher: matcher.address }));
    const signature = await signed(c, c.worker, "Accept");
    for (const sender of [c.worker, c.relayer]) {
      await expect(c.escrow.connect(sender).accept(c.terms, c.worker.address, NEVER, signature))
        .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
        .withArgs(sender.address, c.matcher.address);
    }
  });

  it("refuses another worker than the named one", async () => {
    const { escrow, terms, worker, otherWorker } = await jobAt("Open", ({ worker }) => ({ worker: worker.address }));
    await expect(escrow.connect(otherWorker).accept(terms, otherWorker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "WorkerNotAllowed")
      .withArgs(otherWorker.address, worker.address);
  });

  for (const role of ["client", "verifier", "arbiter"] as const) {
    it(`refuses the job's ${role} as its worker`, async () => {
      const c = await jobAt("Open", role === "arbiter" ? ({ stranger }) => ({ arbiter: stranger.address }) : {});
      const party = role === "arbiter" ? c.stranger : c[role];
      await expect(c.escrow.connect(party).accept(c.terms, party.address, NEVER, UNSIGNED))
        .to.be.revertedWithCustomError(c.escrow, "WorkerIsParty")
        .withArgs(party.address);
    });
  }

  it("refuses a reputation below the job's minimum by the least", async () => {
    const { escrow, terms, worker } = await jobAt("Open", { minReputation: START + 1n });
    await expect(escrow.connect(worker).accept(terms, worker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "ReputationTooLow")
      .withArgs(worker.address, START, START + 1n);
  });

  it("refuses a reputation that was earned in another domain", async () => {
    const paid = await jobAt("Paid", { domain: "0x" + "11".repeat(32) });
    const { terms } = await newJob(paid, "Open", { minReputation: START + 1n });
    await expect(paid.escrow.connect(paid.worker).accept(terms, paid.worker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(paid.escrow, "ReputationTooLow")
      .withArgs(paid.worker.address, START, START + 1n);
  });

  it("refuses a second after the deadline", async () => {
    const { escrow, terms, jobId, worker } = await jobAt("Open");
    await nextBlockAt(terms.deadline + 1n);
    await expect(escrow.connect(worker).accept(terms, worker.address, NEVER, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "TooLate")
      .withArgs(jobId, terms.deadline + 1n, terms.deadline);
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

  it("cuts the work window off at the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline - c.terms.workWindow + 1n);
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: c.terms.deadline });
  });

  it("is possible in the last second of the deadline, and leaves that second", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline);
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: c.terms.deadline });
  });

  it("lets the matcher carry the named worker's word", async () => {
    const c = await jobAt("Open", ({ matcher, worker }) => ({ matcher: matcher.address, worker: worker.address }));
    const signature = await signed(c, c.worker, "Accept");
    await c.escrow.connect(c.matcher).accept(c.terms, c.worker.address, NEVER, signature);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: await untilOf(c) });
  });

  it("takes a worker whose reputation is just the job's minimum", async () => {
    const c = await jobAt("Open", { minReputation: START });
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, NEVER, UNSIGNED);
    await expectSlot(c, "Accepted", { worker: c.worker.address, until: await untilOf(c) });
  });
});
