import { expect } from "chai";
import { depositFor, loadCourt, panelOf, passWindow } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import { caseAt, newCase } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { UNSIGNED } from "../support/signatures.ts";

/** The jurors of a ruled case: two who won 12.5 USDC each, and one who lost 15. */
async function ruled() {
  const d = await newCase(await loadCourt(), "Appealing");
  const [winner, , loser] = await panelOf(d);
  await passWindow(d);
  await d.pool.rule(d.terms);
  return { ...d, winner: winner!, loser: loser! };
}

describe("reweigh", () => {
  it("refuses who has no stake", async () => {
    const { pool, stranger } = await loadCourt();
    await expect(pool.reweigh(stranger.address))
      .to.be.revertedWithCustomError(pool, "NotStaked")
      .withArgs(stranger.address);
  });

  it("refuses while a draw runs", async () => {
    const { pool, jurors } = await caseAt("Drawing");
    const { until } = await pool.lottery();
    await nextBlockAt(until);
    await expect(pool.reweigh(jurors[0]!.address))
      .to.be.revertedWithCustomError(pool, "StakesFrozen")
      .withArgs(until, until);
  });

  it("raises the weight to what the stake has earned, whoever calls", async () => {
    const { pool, winner, stranger, ...d } = await ruled();
    const total = await pool.totalWeight();
    const sent = pool.connect(stranger).reweigh(winner.address);
    await expectEvents(pool, sent, [["Reweighed", winner.address, 112n]]);
    await expectMoves({ ...d, pool, stranger }, sent, {});
    expect([...(await pool.jurorOf(winner.address))]).to.deep.equal([usd(112.5), 0n, 112n, 0n]);
    expect(await pool.totalWeight()).to.equal(total + 12n);
  });

  it("takes the weight of a stake that slashes brought below the least, until it is filled up", async () => {
    const d = await ruled();
    const { pool, loser } = d;
    await expectEvents(pool, pool.reweigh(loser.address), [["Reweighed", loser.address, 0n]]);
    expect([...(await pool.jurorOf(loser.address))]).to.deep.equal([usd(85), 0n, 0n, 0n]);
    await depositFor(d, loser.address, usd(15));
    await pool.connect(loser).stake(loser.address, usd(15), 0n, UNSIGNED);
    expect((await pool.jurorOf(loser.address)).weight).to.equal(100n);
  });

  it("gives a juror who retired no weight again", async () => {
    const { pool, jurors } = await loadCourt();
    const juror = jurors[0]!;
    await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(juror.address);
    await expectEvents(pool, pool.reweigh(juror.address), [["Reweighed", juror.address, 0n]]);
    expect([...(await pool.jurorOf(juror.address))]).to.deep.equal([usd(100), 0n, 0n, unstakeFrom]);
  });
});
