import { expect } from "chai";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, statusCode, statuses, type Case } from "../support/jobs.ts";
import { HOUR, blockTime, ethers, nextBlockAt } from "../support/network.ts";
import { NEVER } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";
import { signPermit } from "../support/tokenSignatures.ts";
import { usdcAt } from "../support/usdc.ts";
import { deployAccount, loadWorld } from "../support/world.ts";

/** A job whose client has given the escrow no allowance yet. */
async function unfunded(): Promise<Case> {
  const c = await jobAt("None");
  await usdcAt(await c.usdc.getAddress(), c.client).approve(await c.escrow.getAddress(), 0n);
  return c;
}

async function fundWithPermit(c: Case, signature: string, value = TOTAL, deadline = NEVER) {
  return await c.escrow.connect(c.client).fundWithPermit(c.terms, value, deadline, signature);
}

describe("fundWithPermit", () => {
  for (const status of statuses.filter((status) => status !== "None")) {
    it(`refuses terms whose job is ${status} already`, async () => {
      const c = await jobAt(status);
      await expect(fundWithPermit(c, await signPermit(c, TOTAL)))
        .to.be.revertedWithCustomError(c.escrow, "AlreadyFunded")
        .withArgs(c.jobId, statusCode(status));
    });
  }

  it("refuses to carry a client's permit for a stranger", async () => {
    const c = await unfunded();
    const signature = await signPermit(c, TOTAL);
    await expect(c.escrow.connect(c.stranger).fundWithPermit(c.terms, TOTAL, NEVER, signature))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.stranger.address, c.client.address);
  });

  it("tells the token's reason for a permit that somebody else signed", async () => {
    const c = await unfunded();
    const signature = await signPermit({ ...c, by: { ...c.by, client: c.stranger } }, TOTAL);
    await expect(fundWithPermit(c, signature)).to.be.revertedWith("EIP2612: invalid signature");
  });

  it("refuses a permit for another value or spender", async () => {
    const c = await unfunded();
    for (const changes of [{ value: TOTAL + 1n }, { spender: c.stranger.address }, { nonce: 1n }]) {
      await expect(fundWithPermit(c, await signPermit(c, TOTAL, changes))).to.be.revertedWith(
        "EIP2612: invalid signature",
      );
    }
  });

  it("refuses a permit a second after its deadline", async () => {
    const c = await unfunded();
    const deadline = (await blockTime()) + HOUR;
    const signature = await signPermit(c, TOTAL, { deadline });
    await nextBlockAt(deadline + 1n);
    await expect(fundWithPermit(c, signature, TOTAL, deadline)).to.be.revertedWith("FiatTokenV2: permit is expired");
  });

  it("refuses a permit that doesn't cover the fee", async () => {
    const c = await unfunded();
    await expect(fundWithPermit(c, await signPermit(c, REWARD), REWARD)).to.be.revertedWith(
      "ERC20: transfer amount exceeds allowance",
    );
  });

  it("refuses a permit that was used for another job", async () => {
    const c = await unfunded();
    const signature = await signPermit(c, TOTAL);
    await fundWithPermit(c, signature);
    const second = await newJob(c, "None", { salt: "0x" + "22".repeat(32) });
    await expect(fundWithPermit({ ...c, ...second }, signature)).to.be.revertedWith("EIP2612: invalid signature");
  });

  it("pulls reward and fee in the transaction of the permit", async () => {
    const c = await unfunded();
    const sent = fundWithPermit(c, await signPermit(c, TOTAL));
    const { specHash, salt } = c.terms;
    await expectEvents(c.escrow, sent, [
      ["Funded", c.jobId, c.client.address, c.client.address, REWARD, FEE, specHash, salt],
    ]);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    await expectSlot(c, "Open");
    expect(await c.usdc.allowance(c.client.address, await c.escrow.getAddress())).to.equal(0n);
  });

  it("takes a larger permit and leaves the rest as allowance", async () => {
    const c = await unfunded();
    const sent = fundWithPermit(c, await signPermit(c, 3n * TOTAL), 3n * TOTAL);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    expect(await c.usdc.allowance(c.client.address, await c.escrow.getAddress())).to.equal(2n * TOTAL);
  });

  it("funds also when somebody carried the permit to the token before", async () => {
    const c = await unfunded();
    const signature = await signPermit(c, TOTAL);
    const usdc = usdcAt(await c.usdc.getAddress(), c.stranger);
    const permit = usdc["permit(address,address,uint256,uint256,bytes)"];
    await permit(c.client.address, await c.escrow.getAddress(), TOTAL, NEVER, signature);
    await expectBalanceChanges(c, fundWithPermit(c, signature), { client: -TOTAL, escrow: TOTAL });
  });

  it("funds in the last second of the permit", async () => {
    const c = await unfunded();
    const deadline = (await blockTime()) + HOUR;
    const signature = await signPermit(c, TOTAL, { deadline });
    await nextBlockAt(deadline);
    await fundWithPermit(c, signature, TOTAL, deadline);
    await expectSlot(c, "Open");
  });

  it("lets an operator fund within its limit with the client's permit", async () => {
    const c = await unfunded();
    await c.escrow.connect(c.client).setSpendingLimit(c.operator.address, TOTAL, TOTAL, NEVER);
    const signature = await signPermit(c, TOTAL);
    const sent = c.escrow.connect(c.operator).fundWithPermit(c.terms, TOTAL, NEVER, signature);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    expect((await c.escrow.spendingLimit(c.client.address, c.operator.address)).remaining).to.equal(0n);
  });

  it("takes the permit of an ERC-1271 account that funds for itself", async () => {
    const world = await loadWorld();
    const account = await deployAccount(world, world.client);
    const c = { ...world, ...(await newJob(world, "None", {}, { client: account })) };
    const call = c.escrow.interface.encodeFunctionData("fundWithPermit", [
      c.terms,
      TOTAL,
      NEVER,
      await signPermit(c, TOTAL),
    ]);
    const contract = await ethers.getContractAt("TestERC1271Account", account.address, world.client);
    await expectBalanceChanges(c, contract.execute(c.escrow.target, call), { escrow: TOTAL });
    await expectSlot(c, "Open");
  });
});
