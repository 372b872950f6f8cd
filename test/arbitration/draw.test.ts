import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import {
  WINDOWS,
  answerCase,
  appealCase,
  commitVotes,
  fulfil,
  loadCourt,
  passWindow,
  requestDraw,
  revealVotes,
  vote,
  type Court,
  type Dispute,
} from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, caseBeforeSecondPanel, newCase, phaseCode, phaseOf, refusesOtherPhases } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { UNSIGNED } from "../support/signatures.ts";
import { statusCode } from "../support/jobs.ts";

async function seated(d: Dispute): Promise<string[]> {
  const { panels } = await d.pool.caseOf(d.jobId);
  return (await d.pool.panelOf(d.jobId, panels - 1n)).map(({ juror }) => juror);
}

/** Leaves this many jurors in the draw. */
async function retireAllBut({ pool, jurors }: Court, rest: number): Promise<void> {
  for (const juror of jurors.slice(rest)) await pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
}

async function failToDraw(d: Dispute, word = 1n): Promise<void> {
  await requestDraw(d);
  await fulfil(d, word);
  await d.pool.draw(d.terms);
}

describe("draw", () => {
  refusesOtherPhases(["Drawing"], async (d) => d.pool.draw(d.terms));

  it("refuses before the randomness is here", async () => {
    const d = await caseAt("Drawing");
    const { until } = await d.pool.lottery();
    await nextBlockAt(until);
    await expect(d.pool.draw(d.terms))
      .to.be.revertedWithCustomError(d.pool, "TooEarly")
      .withArgs(d.jobId, until, until + 1n);
  });

  it("refuses a second after the draw's window", async () => {
    const d = await caseAt("Drawing");
    await fulfil(d, 1n);
    const { until } = await d.pool.lottery();
    await nextBlockAt(until + 1n);
    await expect(d.pool.draw(d.terms))
      .to.be.revertedWithCustomError(d.pool, "TooLate")
      .withArgs(d.jobId, until + 1n, until);
  });

  it("refuses other terms than the job's, such as would let a party judge", async () => {
    const d = await caseAt("Drawing");
    await fulfil(d, 1n);
    await expect(d.pool.draw({ ...d.terms, verifier: d.stranger.address })).to.be.revertedWithCustomError(
      d.pool,
      "WrongPhase",
    );
  });

  it("seats three jurors, locks a bond of each, and ends the draw with its last case", async () => {
    const d = await caseAt("Drawing");
    await fulfil(d, 1n);
    const now = (await d.pool.lottery()).until;
    await nextBlockAt(now);
    const sent = d.pool.connect(d.stranger).draw(d.terms);
    await sent;
    const jurors = await seated(d);
    expect(new Set(jurors).size).to.equal(3);
    await expectEvents(d.pool, sent, [["Drawn", d.jobId, 0n, jurors, now + WINDOWS.commit]]);
    await expectMoves(d, sent, { locked: Object.fromEntries(jurors.map((juror) => [juror, usd(20)])) });
    const expected = [phaseCode("Committing"), 0n, 0n, 1n, Vote.Client, now + WINDOWS.commit, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
    expect([...(await d.pool.lottery())]).to.deep.equal([1n, now, 0n, true]);
    for (const seat of await d.pool.panelOf(d.jobId, 0n)) {
      expect([seat.vote, seat.committed, seat.denounced]).to.deep.equal([Vote.None, false, false]);
    }
  });

  it("numbers a case's second panel", async () => {
    const d = await caseBeforeSecondPanel();
    const sent = d.pool.draw(d.terms);
    await sent;
    const { panels, until } = await d.pool.caseOf(d.jobId);
    expect(panels).to.equal(2n);
    await expectEvents(d.pool, sent, [["Drawn", d.jobId, 1n, await seated(d), until]]);
  });

  it("keeps stakes frozen until every case of the draw has its panel", async () => {
    const d = await caseAt("Waiting");
    const other = await newCase(d, "Waiting", { salt: id("other") });
    await requestDraw(d, other);
    await fulfil(d, 1n);
    await d.pool.draw(d.terms);
    const { until, undrawn } = await d.pool.lottery();
    expect(undrawn).to.equal(1n);
    await expect(d.pool.reweigh(d.jurors[0]!.address)).to.be.revertedWithCustomError(d.pool, "StakesFrozen");
    await d.pool.draw(other.terms);
    expect((await d.pool.lottery()).until < until).to.equal(true);
    await d.pool.reweigh(d.jurors[0]!.address);
  });

  it("draws other jurors for other cases, and other panels, of one seed", async () => {
    const d = await caseAt("Waiting");
    const others: Dispute[] = [];
    for (const salt of ["a", "b", "c"]) others.push(await newCase(d, "Waiting", { salt: id(salt), reward: usd(25) }));
    await requestDraw(d, ...others);
    await fulfil(d, 1n);
    const panels = new Set<string>();
    for (const one of [d, ...others]) {
      await d.pool.draw(one.terms);
      panels.add((await seated(one)).join());
    }
    // The same three in the same order for all four would be a chance of one in 10^11.
    expect(panels.size).to.be.greaterThan(1);
  });

  it("seats 7 and then 15 for appeals, each juror once, at the same risk", async () => {
    const d = await caseAt("Appealing");
    for (const { round, loser, winner, seats, decided } of [
      { round: 1n, loser: "client", winner: "worker", seats: 7, decided: Vote.Client },
      { round: 2n, loser: "worker", winner: "client", seats: 15, decided: Vote.Worker },
    ] as const) {
      await appealCase(d, loser, round);
      await answerCase(d, winner, round);
      await requestDraw(d);
      await fulfil(d, 3n);
      const sent = d.pool.draw(d.terms);
      await sent;
      const jurors = await seated(d);
      expect(new Set(jurors).size).to.equal(seats);
      await expectMoves(d, sent, { locked: Object.fromEntries(jurors.map((juror) => [juror, usd(20)])) });
      await revealVotes(
        d,
        await commitVotes(
          d,
          jurors.map(() => decided),
        ),
      );
    }
  });

  it("passes over who has too little free stake", async () => {
    const court = await loadCourt();
    await retireAllBut(court, 3);
    const first = await newCase(court, "Waiting", { reward: usd(500) });
    await failToDraw(first);
    expect(await phaseOf(first)).to.equal("Committing");
    const second = await newCase(court, "Waiting", { salt: id("second") });
    const now = (await blockTime()) + 8n * 3_600n;
    await networkHelpers.time.increaseTo(now);
    await requestDraw(second);
    await fulfil(second, 1n);
    const sent = second.pool.draw(second.terms);
    await expectEvents(second.pool, sent, [["Redrawn", second.jobId, 1n, phaseCode("Waiting")]]);
    await expectMoves(second, sent, {});
  });

  it("draws anew where jurors are too few, and after the third time the case is undecided", async () => {
    const court = await loadCourt();
    await retireAllBut(court, 2);
    const d = await newCase(court, "Waiting");
    for (const { redraws, phase } of [
      { redraws: 1n, phase: "Waiting" },
      { redraws: 2n, phase: "Waiting" },
      { redraws: 2n, phase: "Undecided" },
    ] as const) {
      await requestDraw(d);
      await fulfil(d, 1n);
      await expectEvents(d.pool, d.pool.draw(d.terms), [["Redrawn", d.jobId, redraws, phaseCode(phase)]]);
    }
    await d.pool.rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Split"));
  });

  it("leaves the last panel's word where an appeal finds too few jurors", async () => {
    const court = await loadCourt();
    await retireAllBut(court, 6);
    const d = await newCase(court, "Appealing");
    await appealCase(d, "client", 1n);
    await answerCase(d, "worker", 1n);
    for (let redraw = 0; redraw < 2; ++redraw) await failToDraw(d);
    await requestDraw(d);
    await fulfil(d, 1n);
    const balance = await d.pool.balance(d.worker.address);
    await expectEvents(d.pool, d.pool.draw(d.terms), [["Redrawn", d.jobId, 2n, phaseCode("Appealing")]]);
    await expect(
      d.pool.connect(d.client).appeal(d.terms, d.client.address, 0n, UNSIGNED),
    ).to.be.revertedWithCustomError(d.pool, "TooLate");
    await d.pool.rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Paid"));
    // Three bonds of each side, less what two jurors earned.
    expect((await d.pool.balance(d.worker.address)) - balance).to.equal(usd(6 * 20 - 10));
  });

  it("draws nobody where nobody is staked", async () => {
    const court = await loadCourt();
    await retireAllBut(court, 0);
    const d = await newCase(court, "Waiting");
    await requestDraw(d);
    await fulfil(d, 1n);
    await expectEvents(d.pool, d.pool.draw(d.terms), [["Redrawn", d.jobId, 1n, phaseCode("Waiting")]]);
  });

  it("makes the panel of a redraw beside the failed one", async () => {
    const d = await caseAt("Committing");
    const first = await seated(d);
    await passWindow(d);
    await d.pool.tally(d.jobId);
    await vote(d, [Vote.Client, Vote.Client, Vote.Client], 2n);
    expect((await d.pool.panelOf(d.jobId, 0n)).map(({ juror }) => juror)).to.deep.equal(first);
    expect((await d.pool.panelOf(d.jobId, 1n)).map(({ vote }) => vote)).to.deep.equal([1n, 1n, 1n]);
  });
});
