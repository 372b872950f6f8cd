import { expect } from "chai";
import { refusesOtherStatuses, takesOnlyItsSignature, type SignedOperation } from "../support/behaviours.ts";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import { EVIDENCE, REASONS, fieldsOf, jobAt, operated, signed, statusCode, untilOf, verdict } from "../support/jobs.ts";
import { DAY, HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED, digestOf } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

const carry: SignedOperation["call"] = async (c, validUntil, signature) =>
  c.escrow.release(c.terms, { ...verdict, validUntil }, signature);

const reviewed = { reviewWindow: HOUR };

describe("release", () => {
  refusesOtherStatuses(["Submitted", "Approved"], async ({ escrow, terms, client }) =>
    escrow.connect(client).release(terms, verdict, UNSIGNED),
  );

  describe("by the verifier's signature", () => {
    takesOnlyItsSignature({ word: "Verdict", role: "verifier", from: "Submitted", to: "Paid", call: carry });
  });

  describe("by the verifier's signature, into a review window", () => {
    takesOnlyItsSignature({
      word: "Verdict",
      role: "verifier",
      from: "Submitted",
      to: "Approved",
      terms: reviewed,
      call: carry,
    });
  });

  describe("by the client's signature, before any verdict", () => {
    takesOnlyItsSignature({
      word: "Verdict",
      role: "client",
      blames: "verifier",
      from: "Submitted",
      to: "Paid",
      terms: reviewed,
      call: carry,
    });
  });

  describe("by the client's signature, in the review window", () => {
    takesOnlyItsSignature({ word: "Verdict", role: "client", from: "Approved", to: "Paid", call: carry });
  });

  it("refuses the verifier's signature in the review window, also the one that began it", async () => {
    const c = await jobAt("Approved");
    const digest = digestOf({ word: "Verdict", fields: fieldsOf("Verdict", c), domain: c.domain });
    await expect(c.escrow.release(c.terms, verdict, await signed(c, c.verifier, "Verdict")))
      .to.be.revertedWithCustomError(c.escrow, "SignatureInvalid")
      .withArgs(c.client.address, digest);
  });

  it("refuses the verifier's transaction in the review window", async () => {
    const { escrow, terms, verifier, client } = await jobAt("Approved");
    await expect(escrow.connect(verifier).release(terms, verdict, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(verifier.address, client.address);
  });

  it("refuses an unsigned word of the worker or a stranger", async () => {
    const { escrow, terms, client, worker, stranger } = await jobAt("Submitted");
    for (const sender of [worker, stranger]) {
      await expect(escrow.connect(sender).release(terms, verdict, UNSIGNED))
        .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
        .withArgs(sender.address, client.address);
    }
  });

  for (const named of ["nobody", "matcher"] as const) {
    it(`refuses an operator the client's own job whose terms name ${named} as matcher`, async () => {
      const c = await jobAt("Submitted", ({ matcher }) => (named === "matcher" ? { matcher: matcher.address } : {}));
      await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, TOTAL, TOTAL, NEVER);
      await expect(c.escrow.connect(c.operator).release(c.terms, verdict, UNSIGNED))
        .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
        .withArgs(c.operator.address, c.client.address);
    });
  }

  it("refuses an operator a second after its limit expired", async () => {
    const { escrow, terms, client, operator } = await jobAt("Submitted", operated);
    const expiresAt = (await blockTime()) + HOUR;
    await escrow.connect(client).setSpendingLimit(operator.address, 1n, 1n, expiresAt);
    await nextBlockAt(expiresAt + 1n);
    await expect(escrow.connect(operator).release(terms, verdict, UNSIGNED))
      .to.be.revertedWithCustomError(escrow, "SpendingLimitExpired")
      .withArgs(operator.address, expiresAt, expiresAt + 1n);
  });

  it("pays the worker at once on the verifier's pass, and the fee to the treasury's credit", async () => {
    const c = await jobAt("Submitted");
    const sent = c.escrow.release(c.terms, verdict, await signed(c, c.verifier, "Verdict"));
    await expectEvents(c.escrow, sent, [
      ["Released", c.jobId, c.worker.address, c.verifier.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    await expectCredit(c, c.treasury, FEE);
    await expectSlot(c, "Paid", { worker: c.worker.address });
    await expectReputation(c, c.worker, { success: CAP });
  });

  it("starts the review window on the verifier's pass, and moves neither money nor reputation", async () => {
    const c = await jobAt("Submitted", reviewed);
    const passedAt = (await blockTime()) + 60n;
    const until = passedAt + HOUR;
    await nextBlockAt(passedAt);
    const sent = c.escrow.connect(c.verifier).release(c.terms, verdict, UNSIGNED);
    await expectEvents(c.escrow, sent, [
      ["Released", c.jobId, c.worker.address, c.verifier.address, statusCode("Approved"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, {});
    await expectCredit(c, c.treasury, 0n);
    await expectSlot(c, "Approved", { worker: c.worker.address, until });
    await expectReputation(c, c.worker, {});
  });

  for (const status of ["Submitted", "Approved"] as const) {
    it(`pays at once on the client's transaction, ${status} with a review window`, async () => {
      const c = await jobAt(status, reviewed);
      const sent = c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
      await expectEvents(c.escrow, sent, [
        ["Released", c.jobId, c.worker.address, c.client.address, statusCode("Paid"), EVIDENCE, REASONS],
      ]);
      await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
      await expectCredit(c, c.treasury, FEE);
      await expectSlot(c, "Paid", { worker: c.worker.address });
      await expectReputation(c, c.worker, { success: CAP });
    });

    it(`pays at once on an operator's transaction in the last second of its limit, ${status}`, async () => {
      const c = await jobAt(status, (world) => ({ ...reviewed, ...operated(world) }));
      const expiresAt = (await blockTime()) + 60n;
      await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, 0n, 0n, expiresAt);
      await nextBlockAt(expiresAt);
      const sent = c.escrow.connect(c.operator).release(c.terms, verdict, UNSIGNED);
      await expectEvents(c.escrow, sent, [
        ["Released", c.jobId, c.worker.address, c.operator.address, statusCode("Paid"), EVIDENCE, REASONS],
      ]);
      await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    });
  }

  it("names the client as speaker when a stranger carries its signature", async () => {
    const c = await jobAt("Approved");
    const sent = c.escrow.connect(c.stranger).release(c.terms, verdict, await signed(c, c.client, "Verdict"));
    await expectEvents(c.escrow, sent, [
      ["Released", c.jobId, c.worker.address, c.client.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
  });

  it("takes a pass that comes long after the verifier's window", async () => {
    const c = await jobAt("Submitted");
    const signature = await signed(c, c.verifier, "Verdict");
    await nextBlockAt((await untilOf(c)) + 100n * DAY);
    const sent = c.escrow.release(c.terms, verdict, signature);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("takes the client's word past the review window too", async () => {
    const c = await jobAt("Approved");
    await nextBlockAt((await untilOf(c)) + 1n);
    const sent = c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("pays the smallest reward, on which there is no fee", async () => {
    const c = await jobAt("Submitted", { reward: 1n });
    const sent = c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
    await expectBalanceChanges(c, sent, { worker: 1n, escrow: -1n });
    await expectCredit(c, c.treasury, 0n);
    await expectReputation(c, c.worker, { success: 1n });
  });
});
