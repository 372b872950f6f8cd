import { Vote, panelSizes } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import {
  WINDOWS,
  answerCase,
  appealCase,
  commitVotes,
  drawPanel,
  panelOf,
  revealVotes,
  type CommittedVote,
} from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import {
  caseAt,
  caseAtSecondPanel,
  phaseCode,
  phaseOf,
  refusesOtherPhases,
  type CaseInPhase,
} from "../support/phases.ts";
import { expectMoves } from "../support/poolEffects.ts";

async function reveal(d: CaseInPhase, opened: CommittedVote[], all = d.committed) {
  return await d.pool.reveal(d.jobId, all, opened);
}

/** A case of a panel of 3 whose commit window is over; `votes` by seat, `None` has not committed. */
async function afterCommitting(votes: Vote[]): Promise<CaseInPhase> {
  const d = await caseAt("Committing");
  d.committed = await commitVotes(d, votes);
  const { phase, until } = await d.pool.caseOf(d.jobId);
  if (phase === phaseCode("Committing")) await nextBlockAt(until + 1n);
  return d;
}

describe("reveal", () => {
  refusesOtherPhases(["Committing", "Revealing"], async (d) => reveal(d, []));

  it("refuses while the panel still commits", async () => {
    const d = await caseAt("Committing");
    d.committed = await commitVotes(d, [Vote.Worker]);
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await expect(reveal(d, d.committed))
      .to.be.revertedWithCustomError(d.pool, "TooEarly")
      .withArgs(d.jobId, until, until + 1n);
  });

  for (const everybody of [true, false]) {
    it(`refuses a second after the window, where ${everybody ? "all" : "not all"} have committed`, async () => {
      const d = await afterCommitting([Vote.Worker, Vote.Worker, everybody ? Vote.Worker : Vote.None]);
      const { until } = await d.pool.caseOf(d.jobId);
      const last = everybody ? until : until + WINDOWS.reveal;
      await nextBlockAt(last + 1n);
      await expect(reveal(d, d.committed))
        .to.be.revertedWithCustomError(d.pool, "TooLate")
        .withArgs(d.jobId, last + 1n, last);
    });
  }

  it("refuses commitments that are not the panel's, or in another order", async () => {
    const d = await caseAt("Revealing");
    const [first, second, third] = d.committed as [CommittedVote, CommittedVote, CommittedVote];
    for (const all of [
      [],
      [first, second],
      [second, first, third],
      [first, second, { ...third, commitment: id("x") }],
    ]) {
      await expect(reveal(d, [first], all)).to.be.revertedWithCustomError(d.pool, "CommitmentsUnknown");
    }
  });

  it("refuses a seat that the panel has not", async () => {
    const d = await caseAt("Revealing");
    await expect(reveal(d, [{ ...d.committed[0]!, seat: 3n }]))
      .to.be.revertedWithCustomError(d.pool, "SeatOutOfRange")
      .withArgs(d.jobId, 3n, 2n);
  });

  for (const vote of [0n, 4n, 2n ** 256n - 1n]) {
    it(`refuses ${vote} for a vote`, async () => {
      const d = await caseAt("Revealing");
      await expect(d.pool.reveal(d.jobId, d.committed, [{ ...d.committed[0]!, vote }]))
        .to.be.revertedWithCustomError(d.pool, "VoteOutOfRange")
        .withArgs(vote, 1n, 3n);
    });
  }

  it("refuses a wrong salt, and another vote than the one that was sealed", async () => {
    const d = await caseAt("Revealing");
    const [first] = d.committed as [CommittedVote];
    for (const wrong of [{ salt: id("wrong") }, { vote: Vote.Client }]) {
      const { vote, salt } = { ...first, ...wrong };
      await expect(reveal(d, [{ ...first, ...wrong }]))
        .to.be.revertedWithCustomError(d.pool, "OpeningInvalid")
        .withArgs(d.jobId, 0n, await d.pool.commitmentOf(d.jobId, 0n, 0n, vote, salt), first.commitment);
    }
  });

  it("refuses who has not committed", async () => {
    const d = await afterCommitting([Vote.Worker, Vote.Worker]);
    await expect(reveal(d, [{ ...d.committed[0]!, seat: 2n }]))
      .to.be.revertedWithCustomError(d.pool, "NotCommitted")
      .withArgs(d.jobId, 2n);
  });

  it("refuses who has revealed, also in one call", async () => {
    const d = await caseAt("Revealing");
    const [first] = d.committed as [CommittedVote];
    await expect(reveal(d, [first, first]))
      .to.be.revertedWithCustomError(d.pool, "AlreadyRevealed")
      .withArgs(d.jobId, 0n);
    await reveal(d, [first]);
    await expect(reveal(d, [first]))
      .to.be.revertedWithCustomError(d.pool, "AlreadyRevealed")
      .withArgs(d.jobId, 0n);
  });

  it("refuses who was denounced", async () => {
    const d = await caseAt("Committing");
    d.committed = await commitVotes(d, [Vote.Worker, Vote.Worker]);
    await d.pool.denounce(d.terms, d.committed, d.committed[0]!, d.stranger.address);
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until + 1n);
    await expect(reveal(d, [d.committed[0]!]))
      .to.be.revertedWithCustomError(d.pool, "AlreadyDenounced")
      .withArgs(d.jobId, 0n);
  });

  it("opens votes by anyone who knows the salts, one by one, in the last second too", async () => {
    const d = await caseAtSecondPanel();
    d.committed = await commitVotes(d, [Vote.Worker, Vote.Worker, Vote.Client]);
    const [first, second, third] = d.committed as [CommittedVote, CommittedVote, CommittedVote];
    const { until } = await d.pool.caseOf(d.jobId);
    const sent = d.pool.connect(d.stranger).reveal(d.jobId, d.committed, [third, first]);
    await expectEvents(d.pool, sent, [
      ["Revealed", d.jobId, 1n, 2n, Vote.Client],
      ["Revealed", d.jobId, 1n, 0n, Vote.Worker],
    ]);
    await expectMoves(d, sent, {});
    expect((await d.pool.panelOf(d.jobId, 1n)).map(({ vote }) => vote)).to.deep.equal([2n, 0n, 1n]);
    expect(await phaseOf(d)).to.equal("Revealing");
    await nextBlockAt(until);
    await expectEvents(d.pool, reveal(d, [second]), [
      ["Revealed", d.jobId, 1n, 1n, Vote.Worker],
      ["Tallied", d.jobId, 1n, Vote.Worker, until + WINDOWS.appeal],
    ]);
    const expected = [phaseCode("Appealing"), 0n, 1n, 2n, Vote.Worker, until + WINDOWS.appeal, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("counts at once when all who committed have revealed, though others never committed", async () => {
    const d = await afterCommitting([Vote.Client, Vote.None, Vote.Client]);
    await reveal(d, d.committed);
    const { phase, standing } = await d.pool.caseOf(d.jobId);
    expect([phase, standing]).to.deep.equal([phaseCode("Appealing"), Vote.Client]);
  });

  const { Client, Worker, Unclear, None } = Vote;
  const counts: { votes: Vote[]; outcome: Vote }[] = [
    { votes: [Client, Client, Client], outcome: Client },
    { votes: [Worker, Worker, Client], outcome: Worker },
    { votes: [Client, Client, Unclear], outcome: Client },
    { votes: [Worker, Worker, None], outcome: Worker },
    { votes: [Client, Worker, Unclear], outcome: None },
    { votes: [Client, Unclear, Unclear], outcome: None },
    { votes: [Unclear, Unclear, Unclear], outcome: None },
    { votes: [Client, Worker, None], outcome: None },
    { votes: [Worker, Unclear, None], outcome: None },
    { votes: [Worker, None, None], outcome: None },
  ];
  for (const { votes, outcome } of counts) {
    const name = (vote: Vote) => Object.entries(Vote).find(([, code]) => code === vote)![0];
    it(`counts ${votes.map(name).join(", ")} for ${name(outcome)}`, async () => {
      const d = await afterCommitting(votes);
      const { phase, until } = await d.pool.caseOf(d.jobId);
      const time = phase === phaseCode("Revealing") ? until : until + WINDOWS.reveal;
      await nextBlockAt(time);
      const sent = reveal(d, d.committed);
      await expect(sent)
        .to.emit(d.pool, "Tallied")
        .withArgs(d.jobId, 0n, outcome, outcome === None ? time - 1n : time + WINDOWS.appeal);
      if (outcome === None) {
        await expect(sent).to.emit(d.pool, "Redrawn").withArgs(d.jobId, 1n, phaseCode("Waiting"));
      }
    });
  }

  it("takes the votes of all 7 and all 15 seats of appeals", async () => {
    const d = await caseAt("Committing");
    await revealVotes(d, await commitVotes(d, [Worker, Worker, Worker]));
    for (const [round, loser, winner] of [
      [1n, "client", "worker"],
      [2n, "client", "worker"],
    ] as const) {
      await appealCase(d, loser, round);
      await answerCase(d, winner, round);
      await drawPanel(d, 4n);
      const jurors = await panelOf(d);
      expect(jurors).to.have.length(panelSizes[Number(round)]);
      // One more than half for the worker, the others for the client, the last unclear.
      const votes = jurors.map((_, seat) =>
        2 * seat <= jurors.length ? Worker : seat === jurors.length - 1 ? Unclear : Client,
      );
      await revealVotes(d, await commitVotes(d, votes));
      expect((await d.pool.panelOf(d.jobId, round)).map(({ vote }) => vote)).to.deep.equal(votes);
      expect((await d.pool.caseOf(d.jobId)).standing).to.equal(Worker);
    }
  });
});
