import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { WINDOWS, commitVotes, drawPanel, passWindow, revealVotes } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { caseAt, caseAtSecondPanel, phaseCode, phaseOf, refusesOtherPhases } from "../support/phases.ts";
import { expectMoves } from "../support/poolEffects.ts";

describe("tally", () => {
  refusesOtherPhases(["Committing", "Revealing"], async (d) => d.pool.tally(d.jobId));

  it("refuses while jurors who have not committed may still do so", async () => {
    const d = await caseAt("Committing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await expect(d.pool.tally(d.jobId))
      .to.be.revertedWithCustomError(d.pool, "TooEarly")
      .withArgs(d.jobId, until, until + 1n);
  });

  it("refuses while jurors who have committed may still reveal", async () => {
    const d = await caseAt("Committing");
    await commitVotes(d, [Vote.Worker]);
    const { until } = await d.pool.caseOf(d.jobId);
    const last = until + WINDOWS.reveal;
    await nextBlockAt(last);
    await expect(d.pool.tally(d.jobId))
      .to.be.revertedWithCustomError(d.pool, "TooEarly")
      .withArgs(d.jobId, last, last + 1n);
  });

  it("refuses while the reveal window runs where all have committed", async () => {
    const d = await caseAt("Revealing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await expect(d.pool.tally(d.jobId))
      .to.be.revertedWithCustomError(d.pool, "TooEarly")
      .withArgs(d.jobId, until, until + 1n);
  });

  it("has a new panel drawn where nobody committed, right after the commit window", async () => {
    const d = await caseAt("Committing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    const sent = d.pool.connect(d.stranger).tally(d.jobId);
    await expectEvents(d.pool, sent, [
      ["Tallied", d.jobId, 0n, Vote.None, until],
      ["Redrawn", d.jobId, 1n, phaseCode("Waiting")],
    ]);
    await expectMoves(d, sent, {});
    const expected = [phaseCode("Waiting"), 0n, 1n, 1n, Vote.Client, until, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("counts what was revealed when the window is over", async () => {
    const d = await caseAt("Revealing");
    await revealVotes(d, d.committed, d.committed.slice(0, 2));
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    const end = until + 1n + WINDOWS.appeal;
    await expectEvents(d.pool, d.pool.tally(d.jobId), [["Tallied", d.jobId, 0n, Vote.Worker, end]]);
    const expected = [phaseCode("Appealing"), 0n, 0n, 1n, Vote.Worker, end, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("has a new panel drawn where fewer than two thirds revealed", async () => {
    const d = await caseAt("Revealing");
    await revealVotes(d, d.committed, d.committed.slice(0, 1));
    await passWindow(d);
    await d.pool.tally(d.jobId);
    expect(await phaseOf(d)).to.equal("Waiting");
  });

  it("names the panel that failed, and counts what was drawn anew", async () => {
    const d = await caseAtSecondPanel();
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    await expectEvents(d.pool, d.pool.tally(d.jobId), [
      ["Tallied", d.jobId, 1n, Vote.None, until],
      ["Redrawn", d.jobId, 2n, phaseCode("Waiting")],
    ]);
  });

  it("leaves the case undecided after the third panel that failed", async () => {
    const d = await caseAt("Committing");
    for (let panel = 0; panel < 3; ++panel) {
      if (panel > 0) await drawPanel(d, BigInt(panel));
      await passWindow(d);
      await d.pool.tally(d.jobId);
    }
    const now = await blockTime();
    const expected = [phaseCode("Undecided"), 0n, 2n, 3n, Vote.Client, now - 1n, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });
});
