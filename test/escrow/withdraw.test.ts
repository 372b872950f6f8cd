import { expect } from "chai";
import { id } from "ethers";
import { expectBalanceChanges, expectCredit, expectEvents } from "../support/effects.ts";
import { jobAt, newJob, verdict, type Case } from "../support/jobs.ts";
import { UNSIGNED } from "../support/signatures.ts";
import { FEE, REWARD } from "../support/terms.ts";

/** A paid job whose worker was blocked by the token's issuer at the time. */
async function credited(): Promise<Case> {
  const c = await jobAt("Submitted");
  await c.usdc.blacklist(c.worker.address);
  await c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
  return c;
}

describe("withdraw", () => {
  it("refuses an owner without a credit", async () => {
    const { escrow, worker } = await jobAt("Paid");
    await expect(escrow.connect(worker).withdraw(worker.address))
      .to.be.revertedWithCustomError(escrow, "NothingToWithdraw")
      .withArgs(worker.address);
  });

  it("refuses while the owner is still blocked, and keeps the credit", async () => {
    const c = await credited();
    await expect(c.escrow.withdraw(c.worker.address)).to.be.revertedWith("Blacklistable: account is blacklisted");
    await expectCredit(c, c.worker, REWARD);
  });

  it("refuses while the token is paused, and keeps the credit", async () => {
    const c = await jobAt("Paid");
    await c.usdc.pause();
    await expect(c.escrow.withdraw(c.treasury.address)).to.be.revertedWith("Pausable: paused");
    await expectCredit(c, c.treasury, FEE);
  });

  it("refuses to send the same credit twice", async () => {
    const c = await jobAt("Paid");
    await c.escrow.withdraw(c.treasury.address);
    await expect(c.escrow.withdraw(c.treasury.address))
      .to.be.revertedWithCustomError(c.escrow, "NothingToWithdraw")
      .withArgs(c.treasury.address);
  });

  it("sends the credit to its owner, whoever calls", async () => {
    const c = await credited();
    await c.usdc.unBlacklist(c.worker.address);
    const sent = c.escrow.connect(c.stranger).withdraw(c.worker.address);
    await expectEvents(c.escrow, sent, [["Withdrawn", c.worker.address, REWARD]]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    await expectCredit(c, c.worker, 0n);
    await expectCredit(c, c.treasury, FEE);
  });

  it("sends the treasury the fees of all its jobs at once, and nothing of the open ones", async () => {
    const c = await jobAt("Paid");
    await newJob(c, "Paid", { salt: id("second job") });
    await newJob(c, "Open", { salt: id("third job") });
    const sent = c.escrow.withdraw(c.treasury.address);
    await expectEvents(c.escrow, sent, [["Withdrawn", c.treasury.address, 2n * FEE]]);
    await expectBalanceChanges(c, sent, { treasury: 2n * FEE, escrow: -2n * FEE });
  });

  it("does not send what somebody sent in by mistake", async () => {
    const c = await jobAt("Paid");
    await c.usdc.mint(await c.escrow.getAddress(), 5n);
    await expectBalanceChanges(c, c.escrow.withdraw(c.treasury.address), { treasury: FEE, escrow: -FEE });
  });
});
