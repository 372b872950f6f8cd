import { expect } from "chai";
import { MIN_STAKE, loadCourt, panelOf, passWindow } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { UNSIGNED } from "../support/signatures.ts";

describe("unstake", () => {
  it("refuses who has no stake", async () => {
    const { pool, stranger } = await loadCourt();
    await expect(pool.unstake(stranger.address))
      .to.be.revertedWithCustomError(pool, "NotStaked")
      .withArgs(stranger.address);
  });

  it("refuses a juror who has not retired", async () => {
    const { pool, jurors } = await loadCourt();
    const now = (await blockTime()) + 60n;
    await nextBlockAt(now);
    await expect(pool.connect(jurors[0]).unstake(jurors[0]!.address))
      .to.be.revertedWithCustomError(pool, "StakeNotFree")
      .withArgs(jurors[0]!.address, 0n, now, 0n);
  });

  it("refuses a second before the exit", async () => {
    const { pool, jurors } = await loadCourt();
    const juror = jurors[0]!;
    await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(juror.address);
    await nextBlockAt(unstakeFrom - 1n);
    await expect(pool.unstake(juror.address))
      .to.be.revertedWithCustomError(pool, "StakeNotFree")
      .withArgs(juror.address, 0n, unstakeFrom - 1n, unstakeFrom);
  });

  it("refuses while a case of the juror's runs, and lets go what is left when it has ended", async () => {
    const d = await caseAt("Revealing");
    const { pool } = d;
    const juror = (await panelOf(d))[0]!;
    await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(juror.address);
    await nextBlockAt(unstakeFrom);
    await expect(pool.unstake(juror.address))
      .to.be.revertedWithCustomError(pool, "StakeNotFree")
      .withArgs(juror.address, usd(20), unstakeFrom, unstakeFrom);
    // Nobody opened the votes; the split that comes of it costs this juror its bond.
    await pool.tally(d.jobId);
    for (let redraw = 0; redraw < 3; ++redraw) {
      await networkHelpers.time.increase(7n * 3_600n);
      if (redraw < 2) await pool.requestDraw([d.jobId]);
    }
    await pool.requestDraw([d.jobId]);
    await pool.rule(d.terms);
    const sent = pool.unstake(juror.address);
    await expectMoves(d, sent, { balances: { [juror.address]: usd(80) }, stakes: { [juror.address]: -usd(80) } });
  });

  it("moves the stake back to the balance in the first second of the exit, whoever calls", async () => {
    const court = await loadCourt();
    const { pool, jurors, stranger } = court;
    const juror = jurors[0]!;
    await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    await nextBlockAt((await pool.jurorOf(juror.address)).unstakeFrom);
    const sent = pool.connect(stranger).unstake(juror.address);
    await expectEvents(pool, sent, [["Unstaked", juror.address, MIN_STAKE]]);
    await expectMoves(court, sent, {
      balances: { [juror.address]: MIN_STAKE },
      stakes: { [juror.address]: -MIN_STAKE },
    });
    expect([...(await pool.jurorOf(juror.address))]).to.deep.equal([0n, 0n, 0n, 0n]);
    await expect(pool.unstake(juror.address)).to.be.revertedWithCustomError(pool, "NotStaked");
  });

  it("gives what was earned before the exit, too", async () => {
    const d = await newCase(await loadCourt(), "Appealing");
    const winner = (await panelOf(d))[0]!;
    await passWindow(d);
    await d.pool.rule(d.terms);
    await d.pool.connect(winner).retire(winner.address, 0n, UNSIGNED);
    await nextBlockAt((await d.pool.jurorOf(winner.address)).unstakeFrom);
    await expectMoves(d, d.pool.unstake(winner.address), {
      balances: { [winner.address]: usd(112.5) },
      stakes: { [winner.address]: -usd(112.5) },
    });
  });
});
