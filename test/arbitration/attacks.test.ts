import { Vote, commitmentOf } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import {
  MIN_STAKE,
  STAKING_WINDOW,
  answerCase,
  appealCase,
  bondOfCase,
  commitVotes,
  depositFor,
  drawPanel,
  fulfil,
  jobInCourt,
  loadCourt,
  openCase,
  panelOf,
  passWindow,
  requestDraw,
  revealVotes,
  signedForPool,
  stakeAs,
  stakeByWord,
  vote,
  type Dispute,
} from "../support/court.ts";
import { statusCode, untilOf } from "../support/jobs.ts";
import { DAY, HOUR, blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, phaseOf } from "../support/phases.ts";
import { expectWhole, ledgerOf, usd } from "../support/poolEffects.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

/** What stands in docs/arbitration-attacks.md: all for a job of 100 USDC. */
const { Client, Worker, Unclear, None } = Vote;

type Money = Record<string, bigint>;

/** What accounts of the pool have, stake and balance, and what they have in USDC. */
async function wealthOf(d: Dispute, accounts: { address: string }[]): Promise<Money> {
  const { pool, usdc } = d;
  const wealth = async (address: string) =>
    (await pool.balance(address)) + (await pool.jurorOf(address)).stake + (await usdc.balanceOf(address));
  return Object.fromEntries(
    await Promise.all(accounts.map(async ({ address }) => [address, await wealth(address)] as const)),
  );
}

/** By how much each account is richer than before. */
async function gained(d: Dispute, before: Money): Promise<Money> {
  const accounts = Object.keys(before).map((address) => ({ address }));
  const after = await wealthOf(d, accounts);
  return Object.fromEntries(Object.entries(after).map(([address, now]) => [address, now - (before[address] ?? 0n)]));
}

/** Appeals, answers, and has the next panel vote so. */
async function appealTo(
  d: Dispute,
  round: bigint,
  loser: "client" | "worker",
  votes: (size: number) => Vote[],
  word = 3n,
) {
  await appealCase(d, loser, round);
  await answerCase(d, loser === "client" ? "worker" : "client", round);
  await drawPanel(d, word);
  await revealVotes(d, await commitVotes(d, votes((await panelOf(d)).length)));
}

const all = (vote: Vote) => (size: number) => Array.from({ length: size }, () => vote);

describe("attacks on votes", () => {
  it("copying votes: a copied commitment opens for nobody, and costs the copier its bond of 20", async () => {
    const d = await caseAt("Committing");
    const [honest, copier] = await panelOf(d);
    const before = await wealthOf(d, [honest!, copier!]);
    const [first] = await commitVotes(d, [Worker]);
    const copied = first!.commitment;
    const signature = await signedForPool(d, copier!, "Commit", {
      jobId: d.jobId,
      panel: 0n,
      seat: 1n,
      commitment: copied,
    });
    await d.pool.commit(d.jobId, [{ seat: 1n, commitment: copied, validUntil: NEVER, signature }]);
    const [third] = await commitVotes(d, [None, None, Worker]);
    const commitments = [first!, { seat: 1n, commitment: copied }, third!];
    await d.pool.reveal(d.jobId, commitments, [first!]);
    // The vote and its salt are known to all now, and still open nothing but the seat they were sealed for.
    await expect(d.pool.reveal(d.jobId, commitments, [{ ...first!, seat: 1n }])).to.be.revertedWithCustomError(
      d.pool,
      "OpeningInvalid",
    );
    await d.pool.reveal(d.jobId, commitments, [third!]);
    await passWindow(d);
    await d.pool.tally(d.jobId);
    await passWindow(d);
    await d.pool.rule(d.terms);
    expect(await gained(d, before)).to.deep.equal({ [honest!.address]: usd(15), [copier!.address]: -usd(20) });
  });

  it("early reveal: a vote shown before the opening costs 20, whoever shows it wins 5", async () => {
    const d = await caseAt("Committing");
    const [early] = await panelOf(d);
    const before = await wealthOf(d, [early!, d.stranger]);
    const committed = await commitVotes(d, [Worker, Worker]);
    await d.pool.connect(d.stranger).denounce(d.terms, committed, committed[0]!, d.stranger.address);
    const [third] = await commitVotes(d, [None, None, Worker]);
    await passWindow(d);
    await revealVotes(d, [...committed, third!], [committed[1]!, third!]);
    await passWindow(d);
    await d.pool.rule(d.terms);
    expect(await gained(d, before)).to.deep.equal({ [early!.address]: -usd(20), [d.stranger.address]: usd(5) });
  });

  it("self-denouncing: who shows its own vote loses 15, as much as a wrong vote and never less", async () => {
    const losses: bigint[] = [];
    for (const denounces of [true, false]) {
      const d = await caseAt("Committing");
      const [juror] = await panelOf(d);
      const before = await wealthOf(d, [juror!]);
      const committed = await commitVotes(d, [Client, Worker, denounces ? None : Worker]);
      if (denounces) {
        await d.pool.connect(juror).denounce(d.terms, committed, committed[0]!, juror!.address);
        committed.push(...(await commitVotes(d, [None, None, Worker])));
        await passWindow(d);
      }
      await revealVotes(d, committed, denounces ? committed.slice(1) : committed);
      await passWindow(d);
      await d.pool.rule(d.terms);
      losses.push((await gained(d, before))[juror!.address]!);
    }
    expect(losses).to.deep.equal([-usd(15), -usd(15)]);
  });

  it("commit without reveal: two of three seats force the split by three panels for 120, which is worth 90 to a worker", async () => {
    const d = await caseAt("Waiting");
    const client = await wealthOf(d, [d.worker]);
    for (let panel = 0n; panel < 3n; ++panel) {
      await drawPanel(d, panel);
      const committed = await commitVotes(d, [Client, Client, Client]);
      await revealVotes(d, committed, committed.slice(2));
      await passWindow(d);
      await d.pool.tally(d.jobId);
    }
    const { burned } = await ledgerOf(d);
    await d.pool.rule(d.terms);
    const slashes = await d.pool.queryFilter(d.pool.filters.Slashed(d.jobId));
    expect(slashes.reduce((cost, { args }) => cost + args.amount, 0n)).to.equal(usd(120));
    expect((await ledgerOf(d)).burned).to.equal(burned);
    // Bond and 70 of the reward, where a panel's word would have left it neither.
    expect((await gained(d, client))[d.worker.address]).to.equal(usd(90));
  });

  it("bribes to be unclear: two of three seats force the split for what they forgo, 30 in three panels", async () => {
    const d = await caseAt("Waiting");
    const jurors = await wealthOf(d, d.jurors);
    const worker = await wealthOf(d, [d.worker]);
    for (let panel = 0n; panel < 3n; ++panel) await vote(d, [Unclear, Unclear, Client], panel);
    await d.pool.rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Split"));
    for (const change of Object.values(await gained(d, jurors))) expect(change).to.equal(0n);
    // Six seats without the 5 that each would have won with the panel.
    expect((await gained(d, worker))[d.worker.address]).to.equal(usd(90));
    expect(6n * (bondOfCase(d) / 4n)).to.equal(usd(30));
  });
});

describe("vote buying with p+epsilon", () => {
  /** What a juror of the first panel has won when the panel voted so and seven decided for the worker. */
  async function firstPanel(votes: Vote[]): Promise<bigint[]> {
    const d = await caseAt("Waiting");
    await drawPanel(d, 1n);
    const panel = await panelOf(d);
    await revealVotes(d, await commitVotes(d, votes));
    const before = await wealthOf(d, panel);
    const loser = votes.filter((one) => one === Client).length > 1 ? "worker" : "client";
    await appealTo(d, 1n, loser, all(Worker), 6n);
    const seven = new Set((await panelOf(d)).map(({ address }) => address));
    await passWindow(d);
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    // Who sat in the second panel too has won 5 there.
    return panel.map(({ address }) => changes[address]! - (seven.has(address) ? usd(5) : 0n));
  }

  it("a panel of three whom an appeal sets right: the promise must be 50 a seat, 150 in all, and is due", async () => {
    const bribed = await firstPanel([Client, Client, Client]);
    expect(bribed).to.deep.equal([-usd(15), -usd(15), -usd(15)]);
    const withOneHonest = await firstPanel([Client, Client, Worker]);
    expect(withOneHonest).to.deep.equal([-usd(15), -usd(15), usd(35)]);
    expect(3n * (withOneHonest[2]! - bribed[2]!)).to.equal(usd(150));
  });

  it("a panel of fifteen: 33.13 a seat, 497 in all, of which 232 and bonds of 140 are due when eight resist", async () => {
    const d = await caseAt("Waiting");
    await vote(d, [Worker, Worker, Worker]);
    const client = await wealthOf(d, [d.client]);
    await appealTo(d, 1n, "client", all(Worker));
    await appealCase(d, "client", 2n);
    await answerCase(d, "worker", 2n);
    await drawPanel(d, 9n);
    const panel = await panelOf(d);
    const earlier = await earlierSeats(d);
    const before = await wealthOf(d, panel);
    await revealVotes(
      d,
      await commitVotes(
        d,
        panel.map((_, seat) => (seat < 7 ? Client : Worker)),
      ),
    );
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    const here = panel.map(({ address }) => changes[address]! - usd(5) * BigInt(earlier[address] ?? 0));
    expect(here.slice(0, 7)).to.deep.equal(Array.from({ length: 7 }, () => -usd(15)));
    expect(here.slice(7)).to.deep.equal(Array.from({ length: 8 }, () => usd(5) + usd(7 * 15) / 8n));
    const promise = here[7]! - here[0]!;
    expect([promise, 7n * promise, 15n * promise]).to.deep.equal([33_125_000n, 231_875_000n, 496_875_000n]);
    expect((await gained(d, client))[d.client.address]).to.equal(-usd(120));
  });

  /** How many seats of the panels before the present one each juror had, all of them on the winning side. */
  async function earlierSeats(d: Dispute): Promise<Record<string, number>> {
    const { panels } = await d.pool.caseOf(d.jobId);
    const count: Record<string, number> = {};
    for (let panel = 0n; panel < panels - 1n; ++panel) {
      for (const { juror } of await d.pool.panelOf(d.jobId, panel)) count[juror] = (count[juror] ?? 0) + 1;
    }
    return count;
  }
});

describe("attacks on the draw", () => {
  it("stake moved between request and draw: nothing that weighs or frees a seat moves once randomness is asked for", async () => {
    const d = await caseAt("Drawing");
    const juror = d.jurors[0]!;
    await depositFor(d, juror.address, MIN_STAKE);
    const weight = await d.pool.totalWeight();
    for (const seeded of [false, true]) {
      if (seeded) await fulfil(d, 1n);
      const { pool } = d;
      const moves = [
        pool.connect(juror).stake(juror.address, MIN_STAKE, 0n, UNSIGNED),
        pool.connect(juror).retire(juror.address, 0n, UNSIGNED),
        pool.reweigh(juror.address),
        pool.collect(juror.address),
      ];
      for (const move of moves) await expect(move).to.be.revertedWithCustomError(pool, "StakesFrozen");
    }
    expect(await d.pool.totalWeight()).to.equal(weight);
  });

  it("one person with many seats: one account has one seat, however heavy, and splitting a stake gains no weight", async () => {
    const court = await loadCourt();
    const before = await court.pool.totalWeight();
    await stakeAs(court, court.stranger, usd(1_000_000));
    const d = await newCase(court, "Drawing");
    await fulfil(d, 1n);
    await d.pool.draw(d.terms);
    const jurors = (await d.pool.panelOf(d.jobId, 0n)).map(({ juror }) => juror);
    expect(jurors.filter((juror) => juror === court.stranger.address)).to.have.length(1);
    const split = await loadCourt();
    for (const account of [split.stranger, split.matcher, split.operator]) await stakeAs(split, account, usd(333.3));
    // 999.9 in one account weigh 999.
    expect((await split.pool.totalWeight()) - before).to.equal(999n);
  });

  it("many accounts: the seats of a panel go by stake, so half of all stakes take two of three seats in 45 of 100 cases", async () => {
    const court = await loadCourt();
    const accounts = [court.stranger, court.matcher, court.operator, court.treasury];
    for (const account of accounts) await stakeAs(court, account, usd(500));
    const d = await newCase(court, "Drawing");
    const snapshot = await networkHelpers.takeSnapshot();
    const addresses = accounts.map(({ address }) => address);
    let captured = 0;
    for (let seed = 0n; seed < 200n; ++seed) {
      await fulfil(d, seed);
      await d.pool.draw(d.terms);
      const panel = await d.pool.panelOf(d.jobId, 0n);
      if (panel.filter(({ juror }) => addresses.includes(juror)).length >= 2) ++captured;
      await snapshot.restore();
    }
    // 2,000 of 4,000 USDC, in four accounts: 91 of 200, give or take five standard deviations.
    expect(captured).to.be.within(55, 126);
  });

  it("arbitrator who is party: client, worker and verifier never judge their own case, however much they stake", async () => {
    const court = await loadCourt();
    for (const party of [court.client, court.worker, court.verifier]) await stakeAs(court, party, usd(1_000_000));
    const d = await newCase(court, "Appealing");
    await appealCase(d, "client", 1n);
    await answerCase(d, "worker", 1n);
    await drawPanel(d, 2n);
    for (const panel of [0n, 1n]) {
      const jurors = (await d.pool.panelOf(d.jobId, panel)).map(({ juror }) => juror);
      for (const party of [d.client, d.worker, d.verifier]) expect(jurors).to.not.include(party.address);
    }
  });

  it("a draw's order chosen by an attacker: it can move only who has stake for one of two seats", async () => {
    const court = await loadCourt();
    for (const juror of court.jurors.slice(8)) await court.pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    // Both cases risk all of a least stake, so nobody can sit in both.
    const cases = [
      await newCase(court, "Waiting", { reward: usd(500) }),
      await newCase(court, "Waiting", { reward: usd(500), salt: id("second") }),
    ] as const;
    await requestDraw(...cases);
    const snapshot = await networkHelpers.takeSnapshot();
    /** The panels of the first and the second case, when this one is drawn before the other. */
    const drawn = async (seed: bigint, first: 0 | 1): Promise<[string[], string[]]> => {
      await fulfil(court, seed);
      for (const index of [first, 1 - first]) await court.pool.draw(cases[index]!.terms);
      const [one, other] = await Promise.all(cases.map(async ({ jobId }) => court.pool.panelOf(jobId, 0n)));
      await snapshot.restore();
      return [one!.map(({ juror }) => juror), other!.map(({ juror }) => juror)];
    };
    let moved = 0;
    for (let seed = 1n; seed <= 20n; ++seed) {
      const [before, after] = [await drawn(seed, 0), await drawn(seed, 1)];
      // By itself a case has the panel that it has when it is drawn first.
      const own = [before[0], after[1]];
      const wantedTwice = own[0]!.filter((juror) => own[1]!.includes(juror));
      for (const panels of [before, after]) {
        expect(panels[0].filter((juror) => panels[1].includes(juror))).to.deep.equal([]);
        for (const index of [0, 1] as const) {
          const alone = own[index]!.filter((juror) => !wantedTwice.includes(juror));
          expect(panels[index]).to.include.members(alone);
        }
      }
      if (wantedTwice.length > 0) ++moved;
    }
    expect(moved).to.be.greaterThan(0);
  });
});

describe("attacks by delay and by money", () => {
  it("griefing by disputes: who appeals a lost case twice, all in the last second, pays 140 for 33 hours, 101 a day", async () => {
    const d = await caseAt("Answering");
    const opened = await blockTime();
    const before = await wealthOf(d, [d.worker]);
    const untilLast = async () => nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    await answerCase(d);
    for (const round of [0n, 1n, 2n]) {
      if (round > 0n) {
        await untilLast();
        await appealCase(d, "worker", round);
        await answerCase(d, "client", round);
      }
      await drawPanel(d, 3n);
      const votes = (await panelOf(d)).map(() => Client);
      await untilLast();
      const committed = await commitVotes(d, votes);
      await untilLast();
      await revealVotes(d, committed);
    }
    await d.pool.rule(d.terms);
    const lived = (await blockTime()) - opened;
    // The dispute's own bond was paid before.
    const cost = usd(20) - (await gained(d, before))[d.worker.address]!;
    expect(cost).to.equal(usd(140));
    expect(lived > 32n * HOUR && lived < 33n * HOUR).to.equal(true);
    expect((cost * DAY) / lived > usd(101)).to.equal(true);
  });

  it("griefing by a hopeless dispute: it costs the bond of 20, of which 15 are the jurors' and 5 the other side's", async () => {
    const d = await caseAt("Answering");
    const before = await wealthOf(d, [d.worker, d.client]);
    await answerCase(d);
    await vote(d, [Client, Client, Client]);
    await passWindow(d);
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    expect(changes[d.worker.address]).to.equal(0n);
    // Its money back, and 5 of the worker's bond that the jurors leave.
    expect(changes[d.client.address]).to.equal(usd(102.5) + usd(5));
  });

  it("sham cases that hold up draws: nothing but gas for 18 hours while nobody draws them", async () => {
    const d = await caseAt("Undecided", { reward: 1n });
    const before = await wealthOf(d, [d.worker, d.client]);
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    expect(changes[d.worker.address]! + changes[d.client.address]!).to.equal(usd(10) + 1n);
    await expectWhole(d);
  });

  it("sham cases that hold up draws: 3.75 and five minutes each where anybody draws them", async () => {
    const d = await caseAt("Waiting", { reward: 1n });
    const before = await wealthOf(d, [d.worker, d.client]);
    const honest = await newCase(d, "Waiting", { salt: id("honest") });
    await requestDraw(d);
    await fulfil(d, 1n);
    await expect(d.pool.requestDraw([honest.jobId])).to.be.revertedWithCustomError(d.pool, "StakesFrozen");
    // The remedy is anybody's: to draw the sham case, too. Five minutes later the next draw may be asked for.
    await d.pool.connect(d.stranger).draw(d.terms);
    const drawnAt = await blockTime();
    await nextBlockAt(drawnAt + STAKING_WINDOW + 1n);
    await d.pool.requestDraw([honest.jobId]);
    expect(await phaseOf(honest)).to.equal("Drawing");
    // And then it has a panel to pay: 3.75 of its bonds.
    await revealVotes(d, await commitVotes(d, [Client, Client, Client]));
    await passWindow(d);
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    // The honest job took 102.5 and two bonds of 20 meanwhile; the sham one gave its reward back, one base unit.
    const honestly = usd(102.5 + 20 + 20) - 1n;
    expect(changes[d.worker.address]! + changes[d.client.address]! + honestly).to.equal(usd(10) - usd(3.75));
  });

  it("free stake used up: to keep three jurors of least stakes busy with a case of 500 costs 25 each", async () => {
    const d = await caseAt("Committing", { reward: usd(500) });
    const before = await wealthOf(d, [d.worker, d.client]);
    for (const juror of await panelOf(d)) expect((await d.pool.jurorOf(juror.address)).locked).to.equal(MIN_STAKE);
    await revealVotes(d, await commitVotes(d, [Client, Client, Client]));
    await passWindow(d);
    await d.pool.rule(d.terms);
    const changes = await gained(d, before);
    // 512.5 are the job's own; both bonds of 100 come back but for the fees.
    expect(changes[d.worker.address]! + changes[d.client.address]!).to.equal(usd(512.5 + 200 - 3 * 25));
  });

  it("bond exhaustion: who can't match an appeal of 40 loses a case that it won, and its bond; a third party's deposit saves it", async () => {
    for (const helped of [false, true]) {
      const d = await caseAt("Waiting");
      await vote(d, [Worker, Worker, Worker]);
      const poor = await d.pool.balance(d.worker.address);
      await d.pool.connect(d.worker).withdraw(d.worker.address, poor - usd(39), 0n, UNSIGNED);
      const before = await wealthOf(d, [d.client, d.worker]);
      await appealCase(d, "client", 1n);
      await expect(answerCase(d, "worker", 1n))
        .to.be.revertedWithCustomError(d.pool, "BalanceTooLow")
        .withArgs(d.worker.address, usd(39), usd(40));
      if (helped) {
        await depositFor(d, d.worker.address, usd(1));
        await answerCase(d, "worker", 1n);
        await drawPanel(d, 3n);
        await revealVotes(d, await commitVotes(d, all(Worker)(7)));
      }
      await passWindow(d);
      await d.pool.rule(d.terms);
      const changes = await gained(d, before);
      // The richer one risks 60 and, if it goes through, has its 102.5 and 25 of bonds back: its own 20, and 5 of the poor one's.
      expect(changes[d.client.address]).to.equal(helped ? -usd(40) : usd(102.5) + usd(25));
      expect(changes[d.worker.address]).to.equal(helped ? usd(100 + 1 - 40 + 120 - 50) : 0n);
    }
  });

  it("delay past the backstop: the escrow splits, and the pool still gives back bonds and stakes", async () => {
    const d = await caseAt("Committing");
    await networkHelpers.time.increaseTo(await untilOf(d));
    await d.escrow.connect(d.stranger).settle(d.terms);
    await d.pool.connect(d.stranger).rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Split"));
    for (const locked of Object.values((await ledgerOf(d)).locked)) expect(locked).to.equal(0n);
    await expectWhole(d);
  });

  it("too few jurors: an appeal beyond the pool's size undoes nothing and costs the loser its bonds of 60", async () => {
    const court = await loadCourt();
    for (const juror of court.jurors.slice(6)) await court.pool.connect(juror).retire(juror.address, 0n, UNSIGNED);
    const d = await newCase(court, "Appealing");
    const before = await wealthOf(d, [d.client]);
    await appealCase(d, "client", 1n);
    await answerCase(d, "worker", 1n);
    for (let redraw = 0; redraw < 3; ++redraw) {
      await requestDraw(d);
      await fulfil(d, 1n);
      await d.pool.draw(d.terms);
    }
    await d.pool.rule(d.terms);
    expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Paid"));
    // Twenty were bonded before.
    expect((await gained(d, before))[d.client.address]).to.equal(-usd(40));
  });
});

describe("signature reuse", () => {
  it("across jobs: no word of one case moves another", async () => {
    const d = await caseAt("Answering");
    const other = await newCase(d, "Answering", { salt: id("other") });
    const answer = await signedForPool(d, d.client, "Answer", { jobId: d.jobId, round: 0n });
    await expect(other.pool.answer(other.terms, d.client.address, NEVER, answer)).to.be.revertedWithCustomError(
      d.pool,
      "SignatureInvalid",
    );
  });

  it("across rounds and panels: neither an appeal nor a commitment counts a second time", async () => {
    const d = await caseAt("Committing");
    const [juror] = await panelOf(d);
    const pool = await d.pool.getAddress();
    const ballot = { chainId: d.chainId, pool, jobId: d.jobId, panel: 0n, seat: 0n };
    const commitment = commitmentOf(ballot, Worker, id("salt"));
    const fields = { jobId: d.jobId, panel: 0n, seat: 0n, commitment };
    const signature = await signedForPool(d, juror!, "Commit", fields);
    await passWindow(d);
    await d.pool.tally(d.jobId);
    // The same juror on the same seat of the next panel.
    await stakeByWord(d, juror!, usd(5_000_000));
    await drawPanel(d);
    const seat = (await panelOf(d)).indexOf(juror!);
    expect(seat).to.be.greaterThan(-1);
    await expect(
      d.pool.commit(d.jobId, [{ seat: BigInt(seat), commitment, validUntil: NEVER, signature }]),
    ).to.be.revertedWithCustomError(d.pool, "SignatureInvalid");
  });

  it("across contracts: a word for another contract is none for the pool", async () => {
    const d = await jobInCourt(await loadCourt(), "Rejected");
    await openCase(d);
    const digestOfAnotherPool = { ...d.poolDomain, verifyingContract: await d.escrow.getAddress() };
    const signature = await signedForPool({ ...d, poolDomain: digestOfAnotherPool }, d.client, "Answer", {
      jobId: d.jobId,
      round: 0n,
    });
    await expect(d.pool.answer(d.terms, d.client.address, NEVER, signature)).to.be.revertedWithCustomError(
      d.pool,
      "SignatureInvalid",
    );
  });
});
