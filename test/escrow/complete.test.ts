import { expect } from "chai";
import { ZeroHash } from "ethers";
import { refusesOtherStatuses, takesOnlyItsSignature, type SignedOperation } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import {
  EVIDENCE,
  REASONS,
  jobAt,
  operated,
  signed,
  statusCode,
  untilOf,
  verdict,
  type Case,
} from "../support/jobs.ts";
import { checksWhoMayAccept } from "../support/mayAccept.ts";
import { HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED, type Party } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

const reviewed = { reviewWindow: HOUR };

/** By signatures of the worker and of the verifier (or the client), carried by the relayer. */
async function carried(c: Case, judge: Party = c.by.verifier) {
  const submit = await signed(c, c.by.worker, "Submit");
  const pass = await signed(c, judge, "Verdict");
  return await c.escrow.complete(c.terms, c.by.worker.address, NEVER, submit, verdict, pass);
}

const carryVerdict: SignedOperation["call"] = async (c, validUntil, signature) => {
  const submit = await signed(c, c.by.worker, "Submit");
  const { address } = c.by.worker;
  return await c.escrow.complete(c.terms, address, NEVER, submit, { ...verdict, validUntil }, signature);
};

describe("complete", () => {
  refusesOtherStatuses(["Open"], async (c) => carried(c));

  describe("by the worker's signature", () => {
    takesOnlyItsSignature({
      word: "Submit",
      role: "worker",
      from: "Open",
      to: "Paid",
      call: async (c, validUntil, signature) => {
        const pass = await signed(c, c.by.verifier, "Verdict");
        return await c.escrow.complete(c.terms, c.by.worker.address, validUntil, signature, verdict, pass);
      },
    });

    it("refuses the signature of a round that lapsed", async () => {
      const c = await jobAt("Accepted");
      await nextBlockAt((await untilOf(c)) + 1n);
      await c.escrow.reopen(c.terms);
      await expect(carried(c)).to.be.revertedWithCustomError(c.escrow, "SignatureInvalid");
    });
  });

  describe("by the verifier's signature", () => {
    takesOnlyItsSignature({ word: "Verdict", role: "verifier", from: "Open", to: "Paid", call: carryVerdict });
  });

  describe("by the verifier's signature, into a review window", () => {
    takesOnlyItsSignature({
      word: "Verdict",
      role: "verifier",
      from: "Open",
      to: "Approved",
      terms: reviewed,
      call: carryVerdict,
    });
  });

  describe("by the client's signature", () => {
    takesOnlyItsSignature({
      word: "Verdict",
      role: "client",
      blames: "verifier",
      from: "Open",
      to: "Paid",
      terms: reviewed,
      call: carryVerdict,
    });
  });

  checksWhoMayAccept({
    to: "Paid",
    call: async (c, sender, worker) => {
      const submit = await signed(c, worker, "Submit");
      const pass = await signed(c, c.verifier, "Verdict");
      return await c.escrow.connect(sender).complete(c.terms, worker.address, NEVER, submit, verdict, pass);
    },
  });

  it("refuses a verdict on other evidence than the worker's", async () => {
    const c = await jobAt("Open");
    const submit = await signed(c, c.worker, "Submit");
    const other = { ...verdict, evidenceHash: ZeroHash };
    const pass = await signed(c, c.verifier, "Verdict", { evidenceHash: ZeroHash });
    await expect(
      c.escrow.complete(c.terms, c.worker.address, NEVER, submit, other, pass),
    ).to.be.revertedWithCustomError(c.escrow, "SignatureInvalid");
  });

  it("refuses the worker alone, and the verifier alone", async () => {
    const c = await jobAt("Open");
    const submit = await signed(c, c.worker, "Submit");
    const pass = await signed(c, c.verifier, "Verdict");
    const { escrow, terms, worker, verifier, client } = c;
    await expect(escrow.connect(worker).complete(terms, worker.address, NEVER, submit, verdict, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(worker.address, client.address);
    await expect(escrow.connect(verifier).complete(terms, worker.address, NEVER, UNSIGNED, verdict, pass))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(verifier.address, worker.address);
  });

  it("refuses an operator's word on the client's own job, whose terms don't name it", async () => {
    const c = await jobAt("Open");
    await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, TOTAL, TOTAL, NEVER);
    const submit = await signed(c, c.worker, "Submit");
    await expect(c.escrow.connect(c.operator).complete(c.terms, c.worker.address, NEVER, submit, verdict, UNSIGNED))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.operator.address, c.client.address);
  });

  it("pays the worker, credits the fee and moves reputation as the three steps would", async () => {
    const c = await jobAt("Open");
    const sent = carried(c);
    await expectEvents(c.escrow, sent, [
      ["Completed", c.jobId, c.worker.address, c.verifier.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    await expectCredit(c, c.treasury, FEE);
    await expectSlot(c, "Paid", { worker: c.worker.address });
    await expectReputation(c, c.worker, { success: CAP });
  });

  it("starts the review window on the verifier's pass, and moves neither money nor reputation", async () => {
    const c = await jobAt("Open", reviewed);
    const passedAt = (await blockTime()) + 60n;
    await nextBlockAt(passedAt);
    const sent = carried(c);
    await expectEvents(c.escrow, sent, [
      ["Completed", c.jobId, c.worker.address, c.verifier.address, statusCode("Approved"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, {});
    await expectSlot(c, "Approved", { worker: c.worker.address, until: passedAt + HOUR });
    await expectReputation(c, c.worker, {});
  });

  it("pays at once by the client's word, in spite of a review window", async () => {
    const c = await jobAt("Open", reviewed);
    const sent = carried(c, c.client);
    await expectEvents(c.escrow, sent, [
      ["Completed", c.jobId, c.worker.address, c.client.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
  });

  for (const sender of ["worker", "verifier", "client", "operator"] as const) {
    it(`lets the ${sender} speak by its transaction, with the other's signature`, async () => {
      const c = await jobAt("Open", sender === "operator" ? operated : {});
      await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, 0n, 0n, NEVER);
      const submit = sender === "worker" ? UNSIGNED : await signed(c, c.worker, "Submit");
      const pass = sender === "worker" ? await signed(c, c.verifier, "Verdict") : UNSIGNED;
      const sent = c.escrow.connect(c[sender]).complete(c.terms, c.worker.address, NEVER, submit, verdict, pass);
      const by = sender === "worker" ? c.verifier : c[sender];
      await expectEvents(c.escrow, sent, [
        ["Completed", c.jobId, c.worker.address, by.address, statusCode("Paid"), EVIDENCE, REASONS],
      ]);
    });
  }
});
