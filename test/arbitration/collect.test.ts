import { expect } from "chai";
import { id } from "ethers";
import { MIN_STAKE, fulfil, loadCourt, panelOf, passWindow, requestDraw, stakeAs } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import { newCase, type CaseInPhase } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { UNSIGNED } from "../support/signatures.ts";

/** A case of 100 USDC that was ruled; its two jurors for the worker have won 5 each, and 7.5 of the third's stake. */
async function ruled(): Promise<
  CaseInPhase & { winner: CaseInPhase["jurors"][number]; loser: CaseInPhase["jurors"][number] }
> {
  const d = await newCase(await loadCourt(), "Appealing");
  const [winner, , loser] = await panelOf(d);
  await passWindow(d);
  await d.pool.rule(d.terms);
  return { ...d, winner: winner!, loser: loser! };
}

describe("collect", () => {
  it("refuses who has no stake", async () => {
    const { pool, stranger } = await loadCourt();
    await expect(pool.collect(stranger.address))
      .to.be.revertedWithCustomError(pool, "NotStaked")
      .withArgs(stranger.address);
  });

  it("refuses where a stake has earned nothing", async () => {
    const { pool, jurors } = await loadCourt();
    await expect(pool.collect(jurors[0]!.address))
      .to.be.revertedWithCustomError(pool, "NothingToCollect")
      .withArgs(jurors[0]!.address, MIN_STAKE, MIN_STAKE);
  });

  it("refuses a stake that was slashed, also where no weight is left to keep", async () => {
    const { pool, loser } = await ruled();
    for (const reweighed of [false, true]) {
      if (reweighed) await pool.reweigh(loser.address);
      await expect(pool.collect(loser.address))
        .to.be.revertedWithCustomError(pool, "NothingToCollect")
        .withArgs(loser.address, usd(85), MIN_STAKE);
    }
  });

  it("refuses who retired: all of it waits for the exit", async () => {
    const { pool, winner } = await ruled();
    await pool.connect(winner).retire(winner.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(winner.address);
    await expect(pool.collect(winner.address))
      .to.be.revertedWithCustomError(pool, "AlreadyRetired")
      .withArgs(winner.address, unstakeFrom);
  });

  it("refuses while a draw runs: what is free for a seat must not change once the seed is known", async () => {
    const d = await ruled();
    const next = await newCase(d, "Waiting", { salt: id("next") });
    await requestDraw(next);
    await fulfil(next, 1n);
    const { until } = await d.pool.lottery();
    await nextBlockAt(until);
    await expect(d.pool.connect(d.stranger).collect(d.winner.address))
      .to.be.revertedWithCustomError(d.pool, "StakesFrozen")
      .withArgs(until, until);
  });

  it("moves what a stake has earned to the balance, whoever calls", async () => {
    const d = await ruled();
    const { pool, winner, stranger } = d;
    const sent = pool.connect(stranger).collect(winner.address);
    await expectEvents(pool, sent, [["Collected", winner.address, usd(12.5)]]);
    await expectMoves(d, sent, {
      balances: { [winner.address]: usd(12.5) },
      stakes: { [winner.address]: -usd(12.5) },
    });
    expect([...(await pool.jurorOf(winner.address))]).to.deep.equal([MIN_STAKE, 0n, 100n, 0n]);
  });

  it("keeps the whole weight of a larger stake", async () => {
    const d = await ruled();
    await stakeAs(d, d.winner, usd(50.5));
    // 163 of 163 USDC weigh, 100 + 12.5 + 50.5.
    await expect(d.pool.collect(d.winner.address))
      .to.be.revertedWithCustomError(d.pool, "NothingToCollect")
      .withArgs(d.winner.address, usd(163), usd(163));
  });
});
