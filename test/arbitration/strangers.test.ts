import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import {
  DRAW_WINDOW,
  STAKING_WINDOW,
  answerCase,
  appealCase,
  commitVotes,
  fulfil,
  loadCourt,
  panelOf,
  revealVotes,
  type Court,
  type Dispute,
} from "../support/court.ts";
import { statusCode, type Status } from "../support/jobs.ts";
import { MINUTE, blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, phaseOf, type CaseInPhase } from "../support/phases.ts";
import { expectWhole, ledgerOf, sum, usd } from "../support/poolEffects.ts";

/** Lets the next transaction happen right after this second, or now if it is past. */
async function after(time: bigint): Promise<void> {
  const now = await blockTime();
  await nextBlockAt(time > now ? time + 1n : now + 1n);
}

/** Ends a case by the calls that anyone may make, each as soon as it may be made. Nobody else does anything any more. */
async function endByStranger(d: Dispute, { seeded = false } = {}): Promise<void> {
  const pool = d.pool.connect(d.stranger);
  for (let phase = await phaseOf(d); phase !== "None"; phase = await phaseOf(d)) {
    const { until, panels } = await pool.caseOf(d.jobId);
    const lottery = await pool.lottery();
    if (phase === "Waiting" || (phase === "Drawing" && !seeded)) {
      const from = lottery.until + STAKING_WINDOW;
      await after(until > from ? until : from);
      await pool.requestDraw([d.jobId]);
    } else if (phase === "Drawing") {
      if (!lottery.seeded) await fulfil(d, 11n);
      await pool.draw(d.terms);
    } else if (phase === "Committing" || phase === "Revealing") {
      const committed = (await pool.panelOf(d.jobId, panels - 1n)).some((seat) => seat.committed && !seat.denounced);
      await after(phase === "Committing" && committed ? until + (await pool.REVEAL_WINDOW()) : until);
      await pool.tally(d.jobId);
    } else {
      if (phase !== "Undecided") await after(until);
      await pool.rule(d.terms);
    }
    await expectWhole(d, [d]);
  }
}

async function appealed(d: CaseInPhase): Promise<CaseInPhase> {
  await appealCase(d, "client", 1n);
  return d;
}

describe("nobody but a stranger", () => {
  const ends: { stage: string; prepare: () => Promise<CaseInPhase>; status: Status }[] = [
    { stage: "a dispute that nobody answers", prepare: async () => caseAt("Answering"), status: "Paid" },
    { stage: "a case that waits for its panel", prepare: async () => caseAt("Waiting"), status: "Split" },
    { stage: "a draw whose randomness never comes", prepare: async () => caseAt("Drawing"), status: "Split" },
    { stage: "a panel that sleeps", prepare: async () => caseAt("Committing"), status: "Split" },
    {
      stage: "a panel of whom one commits",
      prepare: async () => {
        const d = await caseAt("Committing");
        await commitVotes(d, [Vote.Worker]);
        return d;
      },
      status: "Split",
    },
    {
      stage: "a panel of whom one was denounced",
      prepare: async () => {
        const d = await caseAt("Committing");
        const committed = await commitVotes(d, [Vote.Worker]);
        await d.pool.denounce(d.terms, committed, committed[0]!, d.stranger.address);
        return d;
      },
      status: "Split",
    },
    { stage: "a panel that commits and does not reveal", prepare: async () => caseAt("Revealing"), status: "Split" },
    {
      stage: "a panel that reveals in part",
      prepare: async () => {
        const d = await caseAt("Revealing");
        await revealVotes(d, d.committed, d.committed.slice(0, 2));
        return d;
      },
      status: "Paid",
    },
    { stage: "a decision that nobody appeals", prepare: async () => caseAt("Appealing"), status: "Paid" },
    {
      stage: "an appeal that nobody answers",
      prepare: async () => appealed(await caseAt("Appealing")),
      status: "Refunded",
    },
    {
      stage: "an appeal whose panel sleeps",
      prepare: async () => {
        const d = await appealed(await caseAt("Appealing"));
        await answerCase(d, "worker", 1n);
        return d;
      },
      status: "Split",
    },
    { stage: "a case that is undecided", prepare: async () => caseAt("Undecided"), status: "Split" },
  ];
  for (const { stage, prepare, status } of ends) {
    for (const seeded of [true, false]) {
      it(`ends ${stage}, ${seeded ? "with" : "without"} randomness for the panels to come`, async () => {
        const d = await prepare();
        const opened = (await d.escrow.job(d.jobId)).until - 30n * 24n * 3_600n;
        await endByStranger(d, { seeded });
        expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode(status));
        expect((await blockTime()) - opened <= (await d.pool.longestCase())).to.equal(true);
        expect(sum((await ledgerOf(d)).locked)).to.equal(0n);
        await expectWhole(d);
      });
    }
  }

  it("frees the stake of every juror after the exit, and the pool holds what balances and the burned are", async () => {
    const d = await caseAt("Revealing");
    for (const juror of d.jurors) await d.pool.connect(juror).retire(juror.address, 0n, "0x");
    await endByStranger(d);
    await networkHelpers.time.increase(await d.pool.EXIT_DELAY());
    for (const { address } of d.jurors) await d.pool.connect(d.stranger).unstake(address);
    const { held, balances, stakes, burned } = await ledgerOf(d);
    expect(sum(stakes)).to.equal(0n);
    expect(held).to.equal(sum(balances) + burned);
    // Three seats of a panel that did not open its votes.
    expect(burned).to.equal(usd(60));
  });
});

describe("the longest case", () => {
  /** Cases of others whose draws always come first and never get their randomness. */
  async function foreignDraws(court: Court, count: number): Promise<Dispute[]> {
    const found: Dispute[] = [];
    for (let index = 0; index < count; ++index) {
      found.push(await newCase(court, "Answering", { reward: 1n, salt: id(`foreign ${index}`) }));
      await answerCase(found.at(-1)!);
    }
    return found;
  }

  /** A panel that is drawn in the last second, after somebody else's draw, and that uses all of its time. */
  async function slowPanel(d: Dispute, foreign: Dispute, outcome: Vote): Promise<void> {
    await after((await d.pool.caseOf(d.jobId)).until);
    const busy = await d.pool.lottery();
    if (busy.until + STAKING_WINDOW >= (await blockTime())) await after(busy.until + STAKING_WINDOW);
    await d.pool.requestDraw([foreign.jobId]);
    await networkHelpers.time.increase(DRAW_WINDOW + STAKING_WINDOW);
    await d.pool.requestDraw([d.jobId]);
    await fulfil(d, 21n);
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    await d.pool.draw(d.terms);
    const votes = (await panelOf(d)).map(() => outcome);
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    const committed = await commitVotes(d, votes);
    const { until } = await d.pool.caseOf(d.jobId);
    if (outcome === Vote.Unclear) {
      await nextBlockAt(until + 1n);
      await d.pool.tally(d.jobId);
    } else {
      await nextBlockAt(until);
      await revealVotes(d, committed);
    }
  }

  it("takes every window to its last second, every redraw, every appeal and a foreign draw before each, and no longer", async () => {
    const court = await loadCourt();
    const foreign = await foreignDraws(court, 5);
    const d = await newCase(court, "Answering");
    const opened = await blockTime();
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    await answerCase(d);
    await slowPanel(d, foreign[0]!, Vote.Unclear);
    await slowPanel(d, foreign[1]!, Vote.Unclear);
    await slowPanel(d, foreign[2]!, Vote.Worker);
    for (const round of [1n, 2n]) {
      await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
      await appealCase(d, "client", round);
      await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
      await answerCase(d, "worker", round);
      await slowPanel(d, foreign[2 + Number(round)]!, Vote.Worker);
    }
    await d.pool.connect(d.stranger).rule(d.terms);
    const lived = (await blockTime()) - opened;
    const longest = await d.pool.longestCase();
    expect(lived <= longest).to.equal(true);
    // The bound is no wild guess: it holds five staking windows more than a case needs, and little else.
    expect(longest - lived < 30n * MINUTE).to.equal(true);
    expect(await phaseOf(d)).to.equal("None");
    await expectWhole(d, foreign);
  });
});
