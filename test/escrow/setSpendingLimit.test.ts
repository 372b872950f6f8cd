import { expect } from "chai";
import { id } from "ethers";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, type Case } from "../support/jobs.ts";
import { HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

async function limited(remaining: bigint, perJob: bigint, expiresAt = NEVER): Promise<Case> {
  const c = await jobAt("None");
  await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, remaining, perJob, expiresAt);
  return c;
}

async function limitOf({ escrow, client, operator }: Case): Promise<bigint[]> {
  return [...(await escrow.spendingLimit(client.address, operator.address))];
}

async function fundByOperator(c: Case) {
  return await c.escrow.connect(c.operator).fund(c.terms);
}

describe("setSpendingLimit", () => {
  for (const { name, remaining, perJob } of [
    { name: "costs a base unit more than remains", remaining: TOTAL - 1n, perJob: 2n * TOTAL },
    { name: "costs a base unit more than one job may", remaining: 2n * TOTAL, perJob: TOTAL - 1n },
  ]) {
    it(`keeps an operator from a job that ${name}`, async () => {
      const c = await limited(remaining, perJob);
      await expect(fundByOperator(c))
        .to.be.revertedWithCustomError(c.escrow, "SpendingLimitExceeded")
        .withArgs(c.operator.address, TOTAL, remaining, perJob);
    });
  }

  it("keeps an operator from funding a second after it expired", async () => {
    const expiresAt = (await blockTime()) + HOUR;
    const c = await limited(TOTAL, TOTAL, expiresAt);
    await nextBlockAt(expiresAt + 1n);
    await expect(fundByOperator(c))
      .to.be.revertedWithCustomError(c.escrow, "SpendingLimitExpired")
      .withArgs(c.operator.address, expiresAt, expiresAt + 1n);
  });

  it("keeps an operator out once it is revoked", async () => {
    const c = await limited(TOTAL, TOTAL);
    await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, 0n, 0n, 0n);
    await expect(fundByOperator(c))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.operator.address, c.client.address);
  });

  it("is the client's alone: nobody can set one on another's money", async () => {
    const c = await jobAt("None");
    await c.escrow.connect(c.operator).setSpendingLimit(c.operator.address, TOTAL, TOTAL, NEVER);
    await expect(fundByOperator(c))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.operator.address, c.client.address);
  });

  it("is no leave for another operator", async () => {
    const c = await limited(TOTAL, TOTAL);
    await expect(c.escrow.connect(c.stranger).fund(c.terms))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.stranger.address, c.client.address);
  });

  it("tells and keeps what was set, and sets instead of adding", async () => {
    const c = await limited(7n, 5n, 9n);
    expect(await limitOf(c)).to.deep.equal([7n, 5n, 9n]);
    const sent = c.escrow.connect(c.client).setSpendingLimit(c.operator.address, 3n, 2n, 1n);
    await expectEvents(c.escrow, sent, [["SpendingLimitSet", c.client.address, c.operator.address, 3n, 2n, 1n]]);
    expect(await limitOf(c)).to.deep.equal([3n, 2n, 1n]);
    await expectBalanceChanges(c, sent, {});
  });

  it("lets an operator fund in its last second, with the client's money, fee included", async () => {
    const expiresAt = (await blockTime()) + HOUR;
    const c = await limited(TOTAL + 5n, TOTAL, expiresAt);
    await nextBlockAt(expiresAt);
    const sent = fundByOperator(c);
    const { specHash, salt } = c.terms;
    await expectEvents(c.escrow, sent, [
      ["Funded", c.jobId, c.client.address, c.operator.address, REWARD, FEE, specHash, salt],
    ]);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    await expectSlot(c, "Open");
    expect(await limitOf(c)).to.deep.equal([5n, TOTAL, expiresAt]);
  });

  it("is used up job by job, and not given back by a cancelled one", async () => {
    const c = await limited(2n * TOTAL, TOTAL);
    await fundByOperator(c);
    await c.escrow.connect(c.client).cancel(c.terms, NEVER, UNSIGNED);
    const second = { ...c, ...(await newJob(c, "None", { salt: id("second job") })) };
    await fundByOperator(second);
    const third = { ...c, ...(await newJob(c, "None", { salt: id("third job") })) };
    await expect(fundByOperator(third))
      .to.be.revertedWithCustomError(c.escrow, "SpendingLimitExceeded")
      .withArgs(c.operator.address, TOTAL, 0n, TOTAL);
  });

  it("is not used by the client's own funding, nor by a funding that fails", async () => {
    const c = await limited(TOTAL, TOTAL);
    await c.escrow.connect(c.client).fund(c.terms);
    await expect(fundByOperator(c)).to.be.revertedWithCustomError(c.escrow, "AlreadyFunded");
    expect(await limitOf(c)).to.deep.equal([TOTAL, TOTAL, NEVER]);
  });
});
