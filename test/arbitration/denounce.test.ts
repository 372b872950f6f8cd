import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import { commitVotes, panelOf, passWindow, revealVotes, type CommittedVote } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import { caseAt, caseAtSecondPanel, phaseOf, refusesOtherPhases, type CaseInPhase } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";

/** A case of a panel of 3 of whom the first two have committed. */
async function committing(): Promise<CaseInPhase & { committed: [CommittedVote, CommittedVote] }> {
  const d = await caseAt("Committing");
  return { ...d, committed: (await commitVotes(d, [Vote.Worker, Vote.Worker])) as [CommittedVote, CommittedVote] };
}

describe("denounce", () => {
  refusesOtherPhases(["Committing"], async (d) =>
    d.pool.denounce(d.terms, d.committed, { seat: 0n, vote: 1n, salt: id("salt") }, d.stranger.address),
  );

  it("refuses a second after the commit window: votes are no secret then", async () => {
    const d = await committing();
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    await expect(d.pool.denounce(d.terms, d.committed, d.committed[0], d.stranger.address))
      .to.be.revertedWithCustomError(d.pool, "TooLate")
      .withArgs(d.jobId, until + 1n, until);
  });

  it("refuses a guess: a wrong vote, or a wrong salt", async () => {
    const d = await committing();
    const [first] = d.committed;
    for (const wrong of [{ vote: Vote.Client }, { salt: id("guess") }]) {
      const { vote, salt } = { ...first, ...wrong };
      await expect(d.pool.denounce(d.terms, d.committed, { seat: 0n, vote, salt }, d.stranger.address))
        .to.be.revertedWithCustomError(d.pool, "OpeningInvalid")
        .withArgs(d.jobId, 0n, await d.pool.commitmentOf(d.jobId, 0n, 0n, vote, salt), first.commitment);
    }
  });

  it("refuses who has not committed, a seat that is not there, and commitments that are not the panel's", async () => {
    const d = await committing();
    const [first] = d.committed;
    const { stranger, pool } = d;
    await expect(pool.denounce(d.terms, d.committed, { ...first, seat: 2n }, stranger.address))
      .to.be.revertedWithCustomError(pool, "NotCommitted")
      .withArgs(d.jobId, 2n);
    await expect(pool.denounce(d.terms, d.committed, { ...first, seat: 3n }, stranger.address))
      .to.be.revertedWithCustomError(pool, "SeatOutOfRange")
      .withArgs(d.jobId, 3n, 2n);
    await expect(pool.denounce(d.terms, [first], first, stranger.address)).to.be.revertedWithCustomError(
      pool,
      "CommitmentsUnknown",
    );
    await expect(pool.denounce(d.terms, d.committed, { ...first, vote: 0n }, stranger.address))
      .to.be.revertedWithCustomError(pool, "VoteOutOfRange")
      .withArgs(0n, 1n, 3n);
  });

  it("refuses to denounce the same vote twice", async () => {
    const d = await committing();
    await d.pool.denounce(d.terms, d.committed, d.committed[0], d.stranger.address);
    await expect(d.pool.denounce(d.terms, d.committed, d.committed[0], d.client.address))
      .to.be.revertedWithCustomError(d.pool, "AlreadyDenounced")
      .withArgs(d.jobId, 0n);
  });

  it("takes a quarter of the bond for the denouncer, in the window's last second too", async () => {
    const d = await caseAtSecondPanel();
    const [, , juror] = await panelOf(d);
    const committed = await commitVotes(d, [Vote.None, Vote.None, Vote.Worker]);
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    const sent = d.pool.connect(d.relayer).denounce(d.terms, committed, committed[0]!, d.stranger.address);
    await expectEvents(d.pool, sent, [
      ["Denounced", d.jobId, 1n, juror!.address, 2n, d.stranger.address],
      ["Slashed", d.jobId, juror!.address, usd(5)],
      ["Rewarded", d.jobId, d.stranger.address, usd(5)],
    ]);
    await expectMoves(d, sent, {
      balances: { [d.stranger.address]: usd(5) },
      stakes: { [juror!.address]: -usd(5) },
      locked: { [juror!.address]: -usd(5) },
    });
    const seat = (await d.pool.panelOf(d.jobId, 1n))[2];
    expect([...seat!]).to.deep.equal([juror!.address, Vote.None, true, true]);
  });

  it("gives the rest of the bond to the jurors who vote with the panel", async () => {
    const d = await committing();
    const [denounced, second, third] = await panelOf(d);
    await d.pool.denounce(d.terms, d.committed, d.committed[0], d.stranger.address);
    const last = await commitThird(d);
    // Two of three can still decide. The window is waited for, since the third seat is not to be opened any more.
    expect(await phaseOf(d)).to.equal("Committing");
    await passWindow(d);
    await revealVotes(d, [...d.committed, last], [d.committed[1], last]);
    await passWindow(d);
    await expectMoves(d, d.pool.rule(d.terms), {
      // 40 of bonds less two fees of 5 to the worker; 15 of the denounced in halves.
      balances: { [d.worker.address]: usd(30) },
      stakes: { [denounced!.address]: -usd(15), [second!.address]: usd(12.5), [third!.address]: usd(12.5) },
      locked: { [denounced!.address]: -usd(15), [second!.address]: -usd(20), [third!.address]: -usd(20) },
    });
  });

  it("leaves nothing to reveal where all are denounced, and the panel is counted when the commit window is over", async () => {
    const d = await committing();
    for (const one of d.committed) await d.pool.denounce(d.terms, d.committed, one, d.stranger.address);
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await expect(d.pool.tally(d.jobId)).to.be.revertedWithCustomError(d.pool, "TooEarly");
    await nextBlockAt(until + 1n);
    await d.pool.tally(d.jobId);
    expect(await phaseOf(d)).to.equal("Waiting");
  });
});

async function commitThird(d: CaseInPhase): Promise<CommittedVote> {
  const [last] = await commitVotes(d, [Vote.None, Vote.None, Vote.Worker]);
  return last!;
}
