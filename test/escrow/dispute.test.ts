import { expect } from "chai";
import { AbiCoder, ZeroAddress } from "ethers";
import { refusesOtherStatuses, takesOnlyItsSignature } from "../support/behaviours.ts";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { STATEMENT, jobAt, signed, statusCode, untilOf, type Case } from "../support/jobs.ts";
import { DAY, blockTime, ethers, nextBlockAt } from "../support/network.ts";
import { expectReputation } from "../support/reputation.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";
import { usdcAt } from "../support/usdc.ts";

type Disputant = "client" | "worker" | "verifier" | "stranger";

async function disputeBy(c: Case, disputant: Disputant) {
  const party = c[disputant];
  return await c.escrow.connect(party).dispute(c.terms, party.address, STATEMENT, NEVER, UNSIGNED, "0x");
}

describe("dispute", () => {
  refusesOtherStatuses(["Submitted", "Approved", "Rejected"], async (c) => disputeBy(c, "worker"));

  describe("by the worker's signature, when rejected", () => {
    takesOnlyItsSignature({
      word: "Dispute",
      role: "worker",
      from: "Rejected",
      to: "Disputed",
      fields: ({ by }) => ({ by: by.worker.address }),
      call: async (c, validUntil, signature) =>
        c.escrow.dispute(c.terms, c.by.worker.address, STATEMENT, validUntil, signature, "0x"),
    });
  });

  describe("by the client's signature, in the review window", () => {
    takesOnlyItsSignature({
      word: "Dispute",
      role: "client",
      from: "Approved",
      to: "Disputed",
      fields: ({ by }) => ({ by: by.client.address }),
      call: async (c, validUntil, signature) =>
        c.escrow.dispute(c.terms, c.by.client.address, STATEMENT, validUntil, signature, "0x"),
    });
  });

  it("refuses an unsigned word for somebody else", async () => {
    const { escrow, terms, worker, client } = await jobAt("Rejected");
    await expect(escrow.connect(client).dispute(terms, worker.address, STATEMENT, NEVER, UNSIGNED, "0x"))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(client.address, worker.address);
  });

  it("refuses a job whose terms name no arbiter", async () => {
    const c = await jobAt("Rejected", { arbiter: ZeroAddress });
    await expect(disputeBy(c, "worker")).to.be.revertedWithCustomError(c.escrow, "ArbiterMissing").withArgs(c.jobId);
  });

  const mayDispute = [
    { status: "Rejected", expected: "worker", others: ["client", "verifier", "stranger"] },
    { status: "Approved", expected: "client", others: ["worker", "verifier", "stranger"] },
    { status: "Submitted", expected: "worker", others: ["verifier", "stranger"] },
  ] as const;
  for (const { status, expected, others } of mayDispute) {
    it(`refuses ${others.join(", ")} when the job is ${status}`, async () => {
      const c = await jobAt(status);
      for (const other of others) {
        await expect(disputeBy(c, other))
          .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
          .withArgs(c[other].address, c[expected].address);
      }
    });
  }

  for (const disputant of ["client", "worker"] as const) {
    it(`refuses the ${disputant} while the verifier still has time`, async () => {
      const c = await jobAt("Submitted");
      const until = await untilOf(c);
      await nextBlockAt(until);
      await expect(disputeBy(c, disputant))
        .to.be.revertedWithCustomError(c.escrow, "TooEarly")
        .withArgs(c.jobId, until, until + 1n);
    });
  }

  const windows = [
    { status: "Rejected", disputant: "worker", grace: 0n },
    { status: "Approved", disputant: "client", grace: 0n },
    { status: "Submitted", disputant: "client", grace: DAY },
    { status: "Submitted", disputant: "worker", grace: DAY },
  ] as const;
  for (const { status, disputant, grace } of windows) {
    it(`refuses the ${disputant} a second after the time to dispute a job that is ${status}`, async () => {
      const c = await jobAt(status);
      const last = (await untilOf(c)) + grace;
      await nextBlockAt(last + 1n);
      await expect(disputeBy(c, disputant))
        .to.be.revertedWithCustomError(c.escrow, "TooLate")
        .withArgs(c.jobId, last + 1n, last);
    });

    it(`takes the ${disputant} in the last second to dispute a job that is ${status}`, async () => {
      const c = await jobAt(status);
      const last = (await untilOf(c)) + grace;
      const until = last + 30n * DAY;
      await nextBlockAt(last);
      const sent = disputeBy(c, disputant);
      await expectEvents(c.escrow, sent, [["Disputed", c.jobId, c[disputant].address, STATEMENT, until]]);
      await expectSlot(c, "Disputed", { worker: c.worker.address, until });
      await expectBalanceChanges(c, sent, {});
      await expectReputation(c, c.worker, {});
    });
  }

  it("takes either side in the first second of the verifier's silence", async () => {
    for (const disputant of ["client", "worker"] as const) {
      const c = await jobAt("Submitted");
      await nextBlockAt((await untilOf(c)) + 1n);
      await disputeBy(c, disputant);
      await expectSlot(c, "Disputed", { worker: c.worker.address, until: (await blockTime()) + 30n * DAY });
    }
  });
});

describe("dispute, towards the arbiter", () => {
  const BOND = 20_000_000n;

  async function bondOf({ usdc }: Case): Promise<string> {
    return AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [await usdc.getAddress(), BOND]);
  }

  async function carried(c: Case, data = "0x") {
    const signature = await signed(c, c.worker, "Dispute");
    return await c.escrow.dispute(c.terms, c.worker.address, STATEMENT, NEVER, signature, data);
  }

  it("is undone when the arbiter refuses", async () => {
    const c = await jobAt("Rejected");
    await c.arbiter.setMode(1n);
    await expect(carried(c)).to.be.revertedWithCustomError(c.arbiter, "Refused");
    await expectSlot(c, "Rejected", { worker: c.worker.address, until: await untilOf(c) });
  });

  for (const { name, mode } of [
    { name: "reverts", mode: 1n },
    { name: "burns all its gas", mode: 3n },
  ]) {
    it(`is undone when the arbiter ${name}, and the job ends as if nobody had disputed`, async () => {
      const c = await jobAt("Rejected");
      await c.arbiter.setMode(mode);
      const signature = await signed(c, c.worker, "Dispute");
      const gasLimit = 2_000_000n;
      await expect(
        c.escrow.dispute(c.terms, c.worker.address, STATEMENT, NEVER, signature, "0x", { gasLimit }),
      ).to.revert(ethers);
      const until = await untilOf(c);
      await expectSlot(c, "Rejected", { worker: c.worker.address, until });
      await nextBlockAt(until + 1n);
      await expectBalanceChanges(c, c.escrow.connect(c.stranger).refund(c.terms), { client: TOTAL, escrow: -TOTAL });
    });
  }

  it("stands when the arbiter answers garbage, and the backstop ends it", async () => {
    const c = await jobAt("Rejected");
    await c.arbiter.setMode(4n);
    await carried(c);
    await nextBlockAt((await untilOf(c)) + 1n);
    await c.escrow.connect(c.stranger).settle(c.terms);
    await expectSlot(c, "Split", { worker: c.worker.address });
  });

  it("is undone when the disputant has no bond to give", async () => {
    const c = await jobAt("Rejected");
    await expect(carried(c, await bondOf(c))).to.be.revertedWith("ERC20: transfer amount exceeds allowance");
  });

  it("hands job, worker, disputant and data to the arbiter, who takes the bond from the disputant", async () => {
    const c = await jobAt("Rejected");
    await c.usdc.mint(c.worker.address, BOND);
    await usdcAt(await c.usdc.getAddress(), c.worker).approve(await c.arbiter.getAddress(), BOND);
    const sent = carried(c, await bondOf(c));
    await expect(sent).to.emit(c.arbiter, "Opened").withArgs(c.jobId, c.worker.address, c.worker.address, BOND);
    await expectBalanceChanges(c, sent, { worker: -BOND, arbiter: BOND });
  });

  it("lets the arbiter rule at once", async () => {
    const c = await jobAt("Rejected");
    await c.arbiter.ruleInOpen(10_000n);
    const disputedAt = (await blockTime()) + 60n;
    await nextBlockAt(disputedAt);
    const sent = carried(c);
    await expectEvents(c.escrow, sent, [
      ["Disputed", c.jobId, c.worker.address, STATEMENT, disputedAt + 30n * DAY],
      ["Ruled", c.jobId, statusCode("Paid"), 10_000n],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    expect(await c.escrow.credit(c.treasury.address)).to.equal(FEE);
  });

  for (const operation of ["refund", "settle"] as const) {
    it(`is no way to ${operation} the job from inside the arbiter`, async () => {
      const c = await jobAt("Rejected");
      await c.arbiter.reenterWith(c.escrow.interface.encodeFunctionData(operation as "refund", [c.terms]));
      const sent = carried(c);
      await expect(sent).to.emit(c.arbiter, "Reentered").withArgs(false);
      await expectBalanceChanges(c, sent, {});
      await expectSlot(c, "Disputed", { worker: c.worker.address, until: await untilOf(c) });
    });
  }
});
