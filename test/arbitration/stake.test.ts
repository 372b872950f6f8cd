import { expect } from "chai";
import { MIN_STAKE, depositFor, loadCourt, stakeAs, type Court } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import { caseAt } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { UNSIGNED } from "../support/signatures.ts";

const MAX_STAKE = usd(10_000_000);

async function courtWithBalance(amount: bigint): Promise<Court> {
  const court = await loadCourt();
  await depositFor(court, court.stranger.address, amount);
  return court;
}

async function stake({ pool, stranger }: Court, amount: bigint) {
  return await pool.connect(stranger).stake(stranger.address, amount, 0n, UNSIGNED);
}

describe("stake", () => {
  takesOnlyItsPoolWord({
    word: "Stake",
    event: "Staked",
    again: "SignatureInvalid",
    owner: ({ otherWorker }) => otherWorker,
    prepare: async (court, by = court.otherWorker) => {
      await depositFor(court, by.address, 2n * MIN_STAKE);
      return {
        court,
        signer: by,
        fields: { juror: by.address, amount: MIN_STAKE, nonce: await court.pool.nonces(by.address) },
        call: async (pool, validUntil, signature) => pool.stake(by.address, MIN_STAKE, validUntil, signature),
      };
    },
  });

  it("refuses a stake of nothing, also from who has one", async () => {
    const court = await courtWithBalance(MIN_STAKE);
    for (const staked of [false, true]) {
      if (staked) await stake(court, MIN_STAKE);
      await expect(stake(court, 0n))
        .to.be.revertedWithCustomError(court.pool, "StakeOutOfRange")
        .withArgs(0n, 1n, MAX_STAKE);
    }
  });

  it("refuses less than the least stake", async () => {
    const court = await courtWithBalance(MIN_STAKE);
    await expect(stake(court, MIN_STAKE - 1n))
      .to.be.revertedWithCustomError(court.pool, "StakeOutOfRange")
      .withArgs(MIN_STAKE - 1n, MIN_STAKE, MAX_STAKE);
  });

  it("refuses more than the largest stake, in one or in two", async () => {
    const court = await courtWithBalance(MAX_STAKE + 1n);
    const tooMuch = [MAX_STAKE + 1n, MIN_STAKE, MAX_STAKE] as const;
    await expect(stake(court, MAX_STAKE + 1n))
      .to.be.revertedWithCustomError(court.pool, "StakeOutOfRange")
      .withArgs(MAX_STAKE + 1n, MIN_STAKE, MAX_STAKE);
    await stake(court, MAX_STAKE);
    await expect(stake(court, 1n))
      .to.be.revertedWithCustomError(court.pool, "StakeOutOfRange")
      .withArgs(...tooMuch);
  });

  it("refuses more than the juror's balance", async () => {
    const court = await courtWithBalance(MIN_STAKE);
    await expect(stake(court, MIN_STAKE + 1n))
      .to.be.revertedWithCustomError(court.pool, "BalanceTooLow")
      .withArgs(court.stranger.address, MIN_STAKE, MIN_STAKE + 1n);
  });

  it("refuses while a draw runs", async () => {
    const d = await caseAt("Drawing");
    await depositFor(d, d.stranger.address, MIN_STAKE);
    const { until } = await d.pool.lottery();
    await nextBlockAt(until);
    await expect(stake(d, MIN_STAKE)).to.be.revertedWithCustomError(d.pool, "StakesFrozen").withArgs(until, until);
  });

  it("refuses a juror who retired, until it has left", async () => {
    const court = await courtWithBalance(2n * MIN_STAKE);
    const { pool, stranger } = court;
    await stake(court, MIN_STAKE);
    await pool.connect(stranger).retire(stranger.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(stranger.address);
    await expect(stake(court, MIN_STAKE))
      .to.be.revertedWithCustomError(pool, "AlreadyRetired")
      .withArgs(stranger.address, unstakeFrom);
    await nextBlockAt(unstakeFrom);
    await pool.unstake(stranger.address);
    await stake(court, MIN_STAKE);
    expect([...(await pool.jurorOf(stranger.address))]).to.deep.equal([MIN_STAKE, 0n, 100n, 0n]);
  });

  it("moves the balance to the stake, and weighs whole USDC", async () => {
    const court = await courtWithBalance(usd(250.9));
    const { pool, stranger } = court;
    const total = await pool.totalWeight();
    const sent = stake(court, usd(250.9));
    await expectEvents(pool, sent, [["Staked", stranger.address, usd(250.9), usd(250.9)]]);
    await expectMoves(court, sent, {
      balances: { [stranger.address]: -usd(250.9) },
      stakes: { [stranger.address]: usd(250.9) },
    });
    expect([...(await pool.jurorOf(stranger.address))]).to.deep.equal([usd(250.9), 0n, 250n, 0n]);
    expect(await pool.totalWeight()).to.equal(total + 250n);
  });

  it("adds to a stake, however little, and weighs the whole anew", async () => {
    const court = await courtWithBalance(usd(101));
    const { pool, stranger } = court;
    await stake(court, usd(100.5));
    const sent = stake(court, usd(0.5));
    await expectEvents(pool, sent, [["Staked", stranger.address, usd(0.5), usd(101)]]);
    expect((await pool.jurorOf(stranger.address)).weight).to.equal(101n);
  });

  it("is possible again in the staking window", async () => {
    const d = await caseAt("Committing");
    await stakeAs(d, d.stranger, MIN_STAKE);
    expect((await d.pool.jurorOf(d.stranger.address)).stake).to.equal(MIN_STAKE);
  });

  it("says nothing of who never staked", async () => {
    const { pool, stranger } = await loadCourt();
    expect([...(await pool.jurorOf(stranger.address))]).to.deep.equal([0n, 0n, 0n, 0n]);
  });
});
