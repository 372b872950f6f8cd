import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { WINDOWS, bondOfCase, jobInCourt, loadCourt, openCase } from "../support/court.ts";
import { expectEvents, expectSlot } from "../support/effects.ts";
import { STATEMENT, untilOf } from "../support/jobs.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { phaseCode } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { UNSIGNED } from "../support/signatures.ts";

describe("open", () => {
  it("refuses everyone but the escrow", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected");
    for (const sender of [d.worker, d.client, d.stranger, d.relayer]) {
      await expect(d.pool.connect(sender).open(d.jobId, d.terms, d.worker.address, d.worker.address, "0x"))
        .to.be.revertedWithCustomError(d.pool, "SenderNotAllowed")
        .withArgs(sender.address, d.escrow.target);
    }
  });

  it("refuses a reward above the cap, so the dispute is undone", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected", { reward: usd(500) + 1n });
    await expect(openCase(d))
      .to.be.revertedWithCustomError(d.pool, "RewardAboveCap")
      .withArgs(usd(500) + 1n, usd(500));
    await expectSlot(d, "Rejected", { worker: d.worker.address, until: await untilOf(d) });
  });

  it("refuses who can't bond, so the dispute is undone", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected");
    const balance = await d.pool.balance(d.worker.address);
    await d.pool.connect(d.worker).withdraw(d.worker.address, balance - usd(20) + 1n, 0n, UNSIGNED);
    await expect(openCase(d))
      .to.be.revertedWithCustomError(d.pool, "BalanceTooLow")
      .withArgs(d.worker.address, usd(20) - 1n, usd(20));
  });

  for (const { status, disputant, respondent, standing } of [
    { status: "Rejected", disputant: "worker", respondent: "client", standing: Vote.Client },
    { status: "Approved", disputant: "client", respondent: "worker", standing: Vote.Worker },
  ] as const) {
    it(`takes the ${disputant}'s bond and waits for the ${respondent}'s`, async () => {
      const d = await jobInCourt(await loadCourt(), status);
      const now = (await blockTime()) + 60n;
      const until = now + WINDOWS.evidence;
      await nextBlockAt(now);
      const [by, other] = [d.by[disputant].address, d.by[respondent].address];
      const sent = d.escrow.connect(d[disputant]).dispute(d.terms, by, STATEMENT, 0n, UNSIGNED, "0x");
      await expectEvents(d.pool, sent, [["Opened", d.jobId, by, other, usd(20), until]]);
      await expectMoves(d, sent, { balances: { [by]: -usd(20) } });
      const expected = [phaseCode("Answering"), 0n, 0n, 0n, standing, until, d.worker.address];
      expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
    });

    it(`takes the ${respondent}'s bond too, if it has a standing answer`, async () => {
      const d = await jobInCourt(await loadCourt(), status);
      await d.pool.connect(d[respondent]).setStandingAnswer(d[respondent].address, true, 0n, UNSIGNED);
      const now = (await blockTime()) + 60n;
      const until = now + WINDOWS.evidence;
      await nextBlockAt(now);
      const [by, other] = [d.by[disputant].address, d.by[respondent].address];
      const sent = d.escrow.connect(d[disputant]).dispute(d.terms, by, STATEMENT, 0n, UNSIGNED, "0x");
      await expectEvents(d.pool, sent, [
        ["Opened", d.jobId, by, other, usd(20), until],
        ["Answered", d.jobId, other, 0n, usd(20)],
      ]);
      await expectMoves(d, sent, { balances: { [by]: -usd(20), [other]: -usd(20) } });
      const expected = [phaseCode("Waiting"), 0n, 0n, 0n, standing, until, d.worker.address];
      expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
    });
  }

  for (const { reward, bond } of [
    { reward: 1n, bond: usd(5) },
    { reward: usd(25) + 19n, bond: usd(5) },
    { reward: usd(25) + 20n, bond: usd(5) + 4n },
    { reward: usd(100), bond: usd(20) },
    { reward: usd(500), bond: usd(100) },
  ]) {
    it(`asks ${bond} base units for a reward of ${reward}`, async () => {
      const d = await jobInCourt(await loadCourt(), "Rejected", { reward });
      await expectMoves(d, sentOf(d), { balances: { [d.worker.address]: -bond } });
      expect([bondOfCase(d), await d.pool.bondOf(reward)]).to.deep.equal([bond, bond]);
    });
  }

  it("says nothing of a case that never was", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected");
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n, ZeroAddress]);
    expect([...(await d.pool.panelOf(d.jobId, 0n))]).to.deep.equal([]);
  });
});

async function sentOf(d: Awaited<ReturnType<typeof jobInCourt>>) {
  return await d.escrow.connect(d.worker).dispute(d.terms, d.worker.address, STATEMENT, 0n, UNSIGNED, "0x");
}
