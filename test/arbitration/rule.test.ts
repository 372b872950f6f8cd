import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  answerCase,
  appealCase,
  commitVotes,
  drawPanel,
  jobInCourt,
  loadCourt,
  openCase,
  panelOf,
  passWindow,
  revealVotes,
  vote,
  type Dispute,
} from "../support/court.ts";
import { expectBalanceChanges, expectEvents } from "../support/effects.ts";
import { statusCode, untilOf } from "../support/jobs.ts";
import { networkHelpers, nextBlockAt } from "../support/network.ts";
import { bitmapOfPhases, caseAt, phaseCode, type CaseInPhase } from "../support/phases.ts";
import { expectMoves, expectWhole, ledgerOf, usd } from "../support/poolEffects.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";

const { Client, Worker, Unclear, None } = Vote;

async function rule(d: Dispute) {
  return await d.pool.connect(d.stranger).rule(d.terms);
}

/** Appeals, answers and lets all of the next panel vote so. */
async function appealAndVote(d: Dispute, round: bigint, loser: "client" | "worker", outcome: Vote): Promise<void> {
  await appealCase(d, loser, round);
  await answerCase(d, loser === "client" ? "worker" : "client", round);
  await drawPanel(d, 3n);
  const votes = (await panelOf(d)).map(() => outcome);
  await revealVotes(d, await commitVotes(d, votes));
}

/** What stake each juror has more or less than it had, by address; who has the same is left out. */
async function changesOf(d: Dispute): Promise<Record<string, bigint>> {
  const { stakes } = await ledgerOf(d);
  const all = d.jurors.map(({ address }) => [address, (stakes[address] ?? 0n) - usd(100)] as const);
  return Object.fromEntries(all.filter(([, change]) => change !== 0n));
}

describe("rule of the arbitration pool", () => {
  it("refuses a case that never was, or has ended", async () => {
    const d = await caseAt("None");
    await expect(rule(d))
      .to.be.revertedWithCustomError(d.pool, "WrongPhase")
      .withArgs(
        d.jobId,
        0n,
        bitmapOfPhases("Answering", "Waiting", "Drawing", "Committing", "Revealing", "Appealing", "Undecided"),
      );
    const ended = await caseAt("Undecided");
    await rule(ended);
    await expect(rule(ended)).to.be.revertedWithCustomError(ended.pool, "WrongPhase");
  });

  for (const phase of ["Waiting", "Drawing", "Committing", "Revealing"] as const) {
    it(`refuses a case that is ${phase} while the escrow waits for it`, async () => {
      const d = await caseAt(phase);
      await expect(rule(d))
        .to.be.revertedWithCustomError(d.pool, "WrongPhase")
        .withArgs(d.jobId, phaseCode(phase), bitmapOfPhases("Answering", "Appealing", "Undecided"));
    });
  }

  for (const phase of ["Answering", "Appealing"] as const) {
    it(`refuses a case that is ${phase} in the last second of its window`, async () => {
      const d = await caseAt(phase);
      const { until } = await d.pool.caseOf(d.jobId);
      await nextBlockAt(until);
      await expect(rule(d))
        .to.be.revertedWithCustomError(d.pool, "TooEarly")
        .withArgs(d.jobId, until, until + 1n);
    });
  }

  for (const { status, disputant } of [
    { status: "Rejected", disputant: "worker" },
    { status: "Approved", disputant: "client" },
  ] as const) {
    it(`is for the ${disputant} whose dispute nobody answered, with its bond back`, async () => {
      const d = await jobInCourt(await loadCourt(), status);
      await openCase(d, disputant);
      await nextBlockAt((await d.pool.caseOf(d.jobId)).until + 1n);
      const sent = rule(d);
      const [winner, share] = disputant === "worker" ? [Worker, 10_000n] : [Client, 0n];
      await expectEvents(d.pool, sent, [["Ruled", d.jobId, winner, share, 0n, 0n]]);
      await expectMoves(d, sent, { balances: { [d[disputant].address]: usd(20) } });
      await expectBalanceChanges(d, sent, {
        escrow: disputant === "worker" ? -REWARD : -TOTAL,
        [disputant]: disputant === "worker" ? REWARD : TOTAL,
      });
    });
  }

  it("pays the worker that a panel decided for, its jurors, and forgets the case", async () => {
    const d = await caseAt("Appealing");
    const [first, second, third] = (await panelOf(d)).map(({ address }) => address) as [string, string, string];
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until + 1n);
    const sent = rule(d);
    await expectEvents(d.pool, sent, [
      ["Rewarded", d.jobId, first, usd(12.5)],
      ["Rewarded", d.jobId, second, usd(12.5)],
      ["Slashed", d.jobId, third, usd(15)],
      ["Ruled", d.jobId, Worker, 10_000n, usd(10), 0n],
    ]);
    await expectEvents(d.escrow, sent, [["Ruled", d.jobId, statusCode("Paid"), 10_000n]]);
    await expectMoves(d, sent, {
      balances: { [d.worker.address]: usd(30) },
      stakes: { [first]: usd(12.5), [second]: usd(12.5), [third]: -usd(15) },
      locked: { [first]: -usd(20), [second]: -usd(20), [third]: -usd(20) },
    });
    await expectBalanceChanges(d, sent, { worker: REWARD, escrow: -REWARD });
    expect(await d.escrow.credit(d.treasury.address)).to.equal(FEE);
    await expectReputation(d, d.worker, { success: CAP });
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n, ZeroAddress]);
    expect([...(await d.pool.panelOf(d.jobId, 0n))]).to.deep.equal([]);
    await expectWhole(d);
  });

  it("gives the client its money back that a panel decided for", async () => {
    const d = await caseAt("Waiting");
    await vote(d, [Client, Client, Client]);
    await passWindow(d);
    const sent = rule(d);
    await expectBalanceChanges(d, sent, { client: TOTAL, escrow: -TOTAL });
    await expectReputation(d, d.worker, { failure: 2n * CAP });
    await expect(sent).to.emit(d.pool, "Ruled").withArgs(d.jobId, Client, 0n, usd(15), 0n);
  });

  const panels: { votes: Vote[]; stakes: [number, number, number]; worker: number; burned?: number }[] = [
    { votes: [Worker, Worker, Worker], stakes: [5, 5, 5], worker: 25 },
    { votes: [Worker, Worker, Client], stakes: [12.5, 12.5, -15], worker: 30 },
    { votes: [Worker, Worker, Unclear], stakes: [5, 5, 0], worker: 30 },
    { votes: [Worker, Worker, None], stakes: [15, 15, -20], worker: 30 },
  ];
  for (const { votes, stakes, worker } of panels) {
    it(`moves ${stakes.join(", ")} USDC of stakes for votes ${votes.join(", ")}`, async () => {
      const d = await caseAt("Committing");
      const jurors = await panelOf(d);
      const committed = await commitVotes(d, votes);
      if (votes.includes(None)) await networkHelpers.time.increaseTo((await d.pool.caseOf(d.jobId)).until);
      await revealVotes(d, committed);
      await passWindow(d);
      await expectMoves(d, rule(d), {
        balances: { [d.worker.address]: usd(worker) },
        stakes: Object.fromEntries(jurors.map(({ address }, seat) => [address, usd(stakes[seat] ?? 0)])),
        locked: Object.fromEntries(jurors.map(({ address }) => [address, -usd(20)])),
      });
      await expectWhole(d);
    });
  }

  it("burns what does not part evenly", async () => {
    // A bond of 8.000004: 6.000003 of it are lost by each of two, and four share them.
    const d = await jobInCourt(await loadCourt(), "Rejected", { reward: usd(40) + 20n });
    await openCase(d);
    await answerCase(d);
    await vote(d, [Client, Client, Client]);
    await appealCase(d, "worker", 1n);
    await answerCase(d, "client", 1n);
    await drawPanel(d);
    await revealVotes(d, await commitVotes(d, [Client, Client, Client, Client, Worker, Worker, Unclear]));
    await passWindow(d);
    await rule(d);
    expect(await d.pool.burned()).to.equal((2n * 6_000_003n) % 4n);
    await expectWhole(d);
  });

  it("measures the jurors of all panels by the last one", async () => {
    const d = await caseAt("Waiting");
    await vote(d, [Worker, Worker, Client]);
    const [first, second, third] = await panelOf(d);
    await appealAndVote(d, 1n, "client", Client);
    const seven = (await panelOf(d)).map(({ address }) => address);
    await passWindow(d);
    const sent = rule(d);
    // Two of the first panel lose 15 each to the third, who wins 5 too; the seven win 5 each.
    const expected: Record<string, bigint> = Object.fromEntries(seven.map((address) => [address, usd(5)]));
    for (const [juror, change] of [
      [first, -15],
      [second, -15],
      [third, 35],
    ] as const) {
      expected[juror!.address] = (expected[juror!.address] ?? 0n) + usd(change);
    }
    await sent;
    expect(await changesOf(d)).to.deep.equal(expected);
    // 3 bonds of each, less 8 fees of 5.
    await expect(sent).to.emit(d.pool, "Ruled").withArgs(d.jobId, Client, 0n, usd(40), 0n);
    await expectWhole(d);
  });

  it("ends after the panel of 15 at once, and pays the most that jurors can win: 6.25 of the loser's 7 bonds", async () => {
    const d = await caseAt("Waiting");
    await vote(d, [Worker, Worker, Worker]);
    await appealAndVote(d, 1n, "client", Worker);
    await appealAndVote(d, 2n, "client", Worker);
    const sent = rule(d);
    await expect(sent).to.emit(d.pool, "Ruled").withArgs(d.jobId, Worker, 10_000n, usd(125), 0n);
    await sent;
    expect((await d.pool.balance(d.client.address)) - usd(1_000)).to.equal(-usd(140));
    expect((await d.pool.balance(d.worker.address)) - usd(1_000)).to.equal(usd(15));
    await expectWhole(d);
  });

  it("is for the side whose appeal nobody answered, while its jurors are measured by what they decided", async () => {
    const d = await caseAt("Appealing");
    const [first, second, third] = (await panelOf(d)).map(({ address }) => address) as [string, string, string];
    await appealCase(d, "client", 1n);
    await passWindow(d);
    await expectMoves(d, rule(d), {
      // Its own 60, and the worker's 20 less two fees of 5.
      balances: { [d.client.address]: usd(70) },
      stakes: { [first]: usd(12.5), [second]: usd(12.5), [third]: -usd(15) },
      locked: { [first]: -usd(20), [second]: -usd(20), [third]: -usd(20) },
    });
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Refunded"));
    await expectWhole(d);
  });

  it("splits by the terms what stays undecided, and gives both their bonds back", async () => {
    const d = await caseAt("Undecided");
    const sent = rule(d);
    await expectEvents(d.pool, sent, [["Ruled", d.jobId, None, 7_000n, 0n, 0n]]);
    await expectMoves(d, sent, { balances: { [d.client.address]: usd(20), [d.worker.address]: usd(20) } });
    await expectBalanceChanges(d, sent, { worker: usd(70), client: usd(30.75), escrow: -usd(100.75) });
  });

  it("lets those who revealed share what the others of a panel without quorum lose, and burns it where nobody did", async () => {
    const d = await caseAt("Committing");
    const [first, ...others] = (await panelOf(d)).map(({ address }) => address) as [string, string, string];
    const committed = await commitVotes(d, [Worker]);
    await networkHelpers.time.increaseTo((await d.pool.caseOf(d.jobId)).until);
    await revealVotes(d, committed);
    const expected: Record<string, bigint> = { [first]: usd(40) };
    for (const address of others) expected[address] = -usd(20);
    for (let panel = 0; panel < 2; ++panel) {
      for (const { address } of await drawPanel(d, 5n)) expected[address] = (expected[address] ?? 0n) - usd(20);
      await passWindow(d);
      await d.pool.tally(d.jobId);
    }
    await rule(d);
    expect(await changesOf(d)).to.deep.equal(
      Object.fromEntries(Object.entries(expected).filter(([, change]) => change !== 0n)),
    );
    expect(await d.pool.burned()).to.equal(usd(120));
    await expectWhole(d);
  });

  it("takes half of what an earlier panel has earned from each side where an appeal stays undecided", async () => {
    const d = await caseAt("Appealing");
    await appealCase(d, "client", 1n);
    await answerCase(d, "worker", 1n);
    for (let panel = 0; panel < 3; ++panel) {
      await drawPanel(d, 7n);
      await passWindow(d);
      await d.pool.tally(d.jobId);
    }
    const balances = { [d.client.address]: usd(60 - 5), [d.worker.address]: usd(60 - 5) };
    const before = await ledgerOf(d);
    await rule(d);
    const after = await ledgerOf(d);
    for (const [address, change] of Object.entries(balances)) {
      expect(after.balances[address]! - before.balances[address]!).to.equal(change);
    }
    expect(after.burned).to.equal(usd(3 * 7 * 20));
    await expectWhole(d);
  });

  describe("after the escrow's backstop has split the money", () => {
    async function settled(d: CaseInPhase): Promise<CaseInPhase> {
      await networkHelpers.time.increaseTo(await untilOf(d));
      await d.escrow.settle(d.terms);
      return d;
    }

    for (const { phase, client } of [
      { phase: "Answering", client: 0 },
      { phase: "Waiting", client: 20 },
      { phase: "Drawing", client: 20 },
      { phase: "Undecided", client: 20 },
    ] as const) {
      it(`gives back the bonds of a case that is ${phase}, and rules nothing`, async () => {
        const d = await settled(await caseAt(phase));
        const sent = rule(d);
        await expectEvents(d.pool, sent, [["Ruled", d.jobId, None, 7_000n, 0n, 0n]]);
        await expectEvents(d.escrow, sent, []);
        await expectMoves(d, sent, { balances: { [d.worker.address]: usd(20), [d.client.address]: usd(client) } });
        await expectWhole(d);
      });
    }

    for (const phase of ["Committing", "Revealing"] as const) {
      it(`gives back bonds and unlocks the jurors of a case that is ${phase}, whom it spares`, async () => {
        const d = await settled(await caseAt(phase));
        const locked = Object.fromEntries((await panelOf(d)).map(({ address }) => [address, -usd(20)]));
        await expectMoves(d, rule(d), {
          balances: { [d.worker.address]: usd(20), [d.client.address]: usd(20) },
          locked,
        });
        await expectWhole(d);
      });
    }

    it("does not take for a decision what a panel at work had opened by then", async () => {
      const d = await caseAt("Appealing");
      const [first, second, third] = (await panelOf(d)).map(({ address }) => address) as [string, string, string];
      await appealCase(d, "client", 1n);
      await answerCase(d, "worker", 1n);
      const seven = (await drawPanel(d, 3n)).map(({ address }) => address);
      const committed = await commitVotes(d, [Client, Client, Client, Client, Client, Client, Client]);
      await revealVotes(d, committed, committed.slice(0, 5));
      await settled(d);
      const locked: Record<string, bigint> = {};
      for (const address of [first, second, third, ...seven]) locked[address] = (locked[address] ?? 0n) - usd(20);
      await expectMoves(d, rule(d), {
        balances: { [d.worker.address]: usd(55), [d.client.address]: usd(55) },
        stakes: { [first]: usd(12.5), [second]: usd(12.5), [third]: -usd(15) },
        locked,
      });
      await expectWhole(d);
    });

    it("gives the rest of its bond back to a juror who was denounced in a panel at work", async () => {
      const d = await caseAt("Committing");
      const [juror] = await panelOf(d);
      const committed = await commitVotes(d, [Worker]);
      await d.pool.denounce(d.terms, committed, committed[0]!, d.stranger.address);
      await settled(d);
      await rule(d);
      expect([...(await d.pool.jurorOf(juror!.address))]).to.deep.equal([usd(95), 0n, 100n, 0n]);
      await expectWhole(d);
    });

    it("gives back an appeal's bond that nobody answered", async () => {
      const d = await caseAt("Appealing");
      await appealCase(d, "client", 1n);
      await settled(d);
      const before = await ledgerOf(d);
      await rule(d);
      const after = await ledgerOf(d);
      expect(after.balances[d.client.address]! - before.balances[d.client.address]!).to.equal(usd(40 + 20 - 5));
      expect(after.balances[d.worker.address]! - before.balances[d.worker.address]!).to.equal(usd(20 - 5));
      await expectWhole(d);
    });
  });
});
