import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { loadCourt, type Court } from "../support/court.ts";
import { expectBalanceChanges, expectEvents } from "../support/effects.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { usdcAt } from "../support/usdc.ts";

const AMOUNT = usd(30);

async function courtWithPayer({ allowance = MaxUint256 } = {}): Promise<Court> {
  const court = await loadCourt();
  await court.usdc.mint(court.stranger.address, AMOUNT);
  await usdcAt(await court.usdc.getAddress(), court.stranger).approve(await court.pool.getAddress(), allowance);
  return court;
}

describe("deposit", () => {
  it("refuses more than the sender allowed, and credits nothing", async () => {
    const court = await courtWithPayer({ allowance: AMOUNT - 1n });
    const { pool, stranger, worker } = court;
    await expect(pool.connect(stranger).deposit(worker.address, AMOUNT)).to.be.revertedWith(
      "ERC20: transfer amount exceeds allowance",
    );
    await expectMoves(court, pool.connect(stranger).deposit(worker.address, 0n), {});
  });

  it("refuses more than the sender has", async () => {
    const { pool, stranger } = await courtWithPayer();
    await expect(pool.connect(stranger).deposit(stranger.address, AMOUNT + 1n)).to.be.revertedWith(
      "ERC20: transfer amount exceeds balance",
    );
  });

  it("refuses while the token is paused, and while the sender is blocked", async () => {
    const { pool, stranger, usdc } = await courtWithPayer();
    await usdc.pause();
    await expect(pool.connect(stranger).deposit(stranger.address, AMOUNT)).to.be.revertedWith("Pausable: paused");
    await usdc.unpause();
    await usdc.blacklist(stranger.address);
    await expect(pool.connect(stranger).deposit(stranger.address, AMOUNT)).to.be.revertedWith(
      "Blacklistable: account is blacklisted",
    );
  });

  it("adds the sender's money to the balance of whom it names", async () => {
    const court = await courtWithPayer();
    const { pool, stranger, worker } = court;
    const sent = pool.connect(stranger).deposit(worker.address, AMOUNT);
    await expectEvents(pool, sent, [["Deposited", worker.address, stranger.address, AMOUNT]]);
    await expectBalanceChanges(court, sent, { stranger: -AMOUNT });
    await expectMoves(court, sent, { held: AMOUNT, balances: { [worker.address]: AMOUNT } });
  });

  it("gives nobody a balance for what is sent in by mistake", async () => {
    const court = await courtWithPayer();
    const pool = await court.pool.getAddress();
    const sent = usdcAt(await court.usdc.getAddress(), court.stranger).transfer(pool, AMOUNT);
    await expectMoves(court, sent, { held: AMOUNT });
  });
});
