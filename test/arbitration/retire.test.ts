import { expect } from "chai";
import { MIN_STAKE, loadCourt, panelOf, stakeByWord } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { DAY, blockTime, nextBlockAt } from "../support/network.ts";
import { caseAt } from "../support/phases.ts";
import { expectMoves } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { UNSIGNED } from "../support/signatures.ts";

describe("retire", () => {
  takesOnlyItsPoolWord({
    word: "Retire",
    event: "Retired",
    again: "SignatureInvalid",
    owner: ({ otherWorker }) => otherWorker,
    prepare: async (court, by = court.otherWorker) => {
      await stakeByWord(court, by, MIN_STAKE);
      return {
        court,
        signer: by,
        fields: { juror: by.address, nonce: await court.pool.nonces(by.address) },
        call: async (pool, validUntil, signature) => pool.retire(by.address, validUntil, signature),
      };
    },
  });

  it("refuses who has no stake", async () => {
    const { pool, stranger } = await loadCourt();
    await expect(pool.connect(stranger).retire(stranger.address, 0n, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "NotStaked")
      .withArgs(stranger.address);
  });

  it("refuses to retire twice", async () => {
    const { pool, jurors } = await loadCourt();
    const juror = jurors[0]!;
    await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    const { unstakeFrom } = await pool.jurorOf(juror.address);
    await expect(pool.connect(juror).retire(juror.address, 0n, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "AlreadyRetired")
      .withArgs(juror.address, unstakeFrom);
  });

  it("refuses while a draw runs", async () => {
    const { pool, jurors } = await caseAt("Drawing");
    const juror = jurors[0]!;
    const { until } = await pool.lottery();
    await nextBlockAt(until);
    await expect(pool.connect(juror).retire(juror.address, 0n, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "StakesFrozen")
      .withArgs(until, until);
  });

  it("takes the juror's weight, and lets the stake go a day after the longest case", async () => {
    const court = await loadCourt();
    const { pool, jurors } = court;
    const juror = jurors[0]!;
    const total = await pool.totalWeight();
    const now = (await blockTime()) + 60n;
    const unstakeFrom = now + (await pool.longestCase()) + DAY;
    await nextBlockAt(now);
    const sent = pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    await expectEvents(pool, sent, [["Retired", juror.address, unstakeFrom]]);
    await expectMoves(court, sent, {});
    expect([...(await pool.jurorOf(juror.address))]).to.deep.equal([MIN_STAKE, 0n, 0n, unstakeFrom]);
    expect(await pool.totalWeight()).to.equal(total - 100n);
  });

  it("leaves the juror in the panels that were drawn", async () => {
    const d = await caseAt("Committing");
    const juror = (await panelOf(d))[0]!;
    await d.pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    expect((await d.pool.panelOf(d.jobId, 0n))[0]!.juror).to.equal(juror.address);
    expect((await d.pool.jurorOf(juror.address)).locked).to.equal(20_000_000n);
  });
});
