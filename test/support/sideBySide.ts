import { ONE_USDC, Vote, commitmentOf, jobIdOf, panelSizes, phases, type Terms } from "@hireforhumans/protocol";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id, type Interface } from "ethers";
import { opposite } from "../../scripts/sim/payout.ts";
import { LAST_ROUND, Pool, partyOf, presentPanel, type Case as SimulatedCase } from "../../scripts/sim/pool.ts";
import type { Random } from "../../scripts/sim/random.ts";
import { MIN_STAKE, STAKING_WINDOW, depositFor, fulfil, loadCourt, stakeAs, type Court } from "./court.ts";
import { EVIDENCE, STATEMENT, statusCode, verdict } from "./jobs.ts";
import { DAY, HOUR, networkHelpers } from "./network.ts";
import { NEVER, UNSIGNED } from "./signatures.ts";
import { defaultTerms } from "./terms.ts";
import { usdcAt } from "./usdc.ts";

/** A chain time in the future, so that jobs have the same ids, and so the same panels, whenever this runs alone. */
const BEGIN = 2_000_000_000n;
const DEPOSIT = 1_000_000n * ONE_USDC;
/** Calls in one transaction: fifteen draws of the largest panel stay well below a transaction's gas limit. */
const CALLS = 15;
const GAS = { gasLimit: 16_000_000n };

/** One case, on the chain and off it. */
interface Played {
  terms: Terms;
  jobId: string;
  simulated: SimulatedCase;
  /** Of the present panel, in the order in which the chain took them. */
  ballots: { seat: number; vote: Vote; salt: string; commitment: string }[];
  /** Nobody calls for this case any more until the escrow splits its reward. */
  forgotten: boolean;
}

/** The calls of one sender that are still to be sent. */
type Calls = Map<HardhatEthersSigner, string[]>;

/** Plays cases through the contract and through the simulation, with the same choices of everybody. */
export class SideBySide {
  readonly #court: Court;
  readonly #pool: Pool;
  readonly #random: Random;
  /** Of all jobs, unix seconds. */
  readonly #deadline: bigint;
  #jobs = 0;
  /** How often each came up, so that a test can see that nothing was left out. */
  readonly seen = {
    panelsOf3: 0,
    panelsOf7: 0,
    panelsOf15: 0,
    tooFewJurors: 0,
    appealsWithoutJurors: 0,
    undrawn: 0,
    undecided: 0,
    denounced: 0,
    appeals: 0,
    unanswered: 0,
    split: 0,
    spared: 0,
  };

  private constructor(court: Court, pool: Pool, random: Random, deadline: bigint) {
    this.#deadline = deadline;
    this.#court = court;
    this.#pool = pool;
    this.#random = random;
  }

  static async begin(random: Random): Promise<SideBySide> {
    const court = await loadCourt();
    await increaseTo(BEGIN);
    const deadline = BigInt(await networkHelpers.time.latest()) + 365n * DAY;
    const { usdc, escrow, jurors } = court;
    const stakes = [];
    for (const juror of jurors) {
      const more = BigInt(random.integer(1, 800_000_000));
      await stakeAs(court, juror, more);
      const amount = MIN_STAKE + more;
      stakes.push({ account: juror.address, amount, locked: 0n, weight: Number(amount / ONE_USDC) });
    }
    for (const party of jurors.slice(0, 9)) {
      await depositFor(court, party.address, DEPOSIT);
      await usdc.mint(party.address, DEPOSIT);
      await usdcAt(await usdc.getAddress(), party).approve(await escrow.getAddress(), DEPOSIT);
    }
    const pool = new Pool(stakes, MIN_STAKE);
    for (const { address } of jurors) pool.balances.set(address, await court.pool.balance(address));
    return new SideBySide(court, pool, random, deadline);
  }

  /** Plays so many cases at once, to their end. */
  async play(cases: number): Promise<void> {
    const played = await this.#open(cases);
    const active = () => played.filter(({ simulated, forgotten }) => simulated.phase !== "None" && !forgotten);
    while (active().length > 0) {
      await this.#answer(active());
      this.#forget(active(), 0.02);
      await this.#rule(active());
      const waiting = await this.#requestDraw(active());
      const voting = await this.#draw(waiting);
      await this.#commit(voting);
      await this.#denounce(voting);
      await this.#reveal(voting);
      await this.#appeal(voting.filter(({ forgotten }) => !forgotten));
    }
    await this.#split(played.filter(({ forgotten }) => forgotten));
    await this.#compare(played);
    await this.#reweigh();
  }

  async #open(cases: number): Promise<Played[]> {
    const { escrow, pool, chainId, jurors } = this.#court;
    const common = await defaultTerms({ client: "", verifier: "", arbiter: await pool.getAddress() });
    const steps = [0, 1, 2, 3].map((): Calls => new Map());
    const played: Played[] = [];
    for (let index = 0; index < cases; ++index) {
      const random = this.#random;
      const client = this.#oneOf(jurors.slice(0, 3));
      const worker = this.#oneOf(jurors.slice(3, 7));
      const verifier = this.#oneOf(jurors.slice(7, 9));
      const byClient = random.chance(0.4);
      const terms: Terms = {
        ...common,
        client: client.address,
        verifier: verifier.address,
        reward: BigInt(random.integer(1, random.pick([50_000_000, 200_000_000, 500_000_000, 500_000_000]))),
        reviewWindow: byClient ? DAY : 0n,
        deadline: this.#deadline,
        salt: id(`job ${++this.#jobs}`),
      };
      const jobId = jobIdOf(chainId, await escrow.getAddress(), terms);
      const encode: Interface = escrow.interface;
      const disputant = byClient ? client : worker;
      add(steps[0], client, encode.encodeFunctionData("fund", [terms]));
      add(steps[1], worker, encode.encodeFunctionData("accept", [terms, worker.address, NEVER, UNSIGNED]));
      add(steps[1], worker, encode.encodeFunctionData("submit", [terms, EVIDENCE, NEVER, UNSIGNED]));
      add(steps[2], verifier, encode.encodeFunctionData(byClient ? "release" : "reject", [terms, verdict, UNSIGNED]));
      const dispute = [terms, disputant.address, STATEMENT, NEVER, UNSIGNED, "0x"] as const;
      add(steps[3], disputant, encode.encodeFunctionData("dispute", [...dispute]));
      const parties = { client: client.address, worker: worker.address, verifier: verifier.address };
      const simulated = this.#pool.open({
        jobId,
        ...parties,
        reward: terms.reward,
        disputant: disputant.address,
      });
      played.push({ terms, jobId, simulated, ballots: [], forgotten: false });
    }
    for (const step of steps) await this.#send(escrow, step);
    return played;
  }

  /** Most sides answer. */
  async #answer(cases: Played[]): Promise<void> {
    const asked = cases.filter(({ simulated }) => simulated.phase === "Answering");
    const calls: Calls = new Map();
    for (const { terms, simulated } of asked) {
      if (!this.#random.chance(0.85)) continue;
      const by = this.#signer(partyOf(simulated, simulated.standing));
      add(calls, by, this.#encode("answer", [terms, by.address, NEVER, UNSIGNED]));
      this.#pool.answer(simulated);
    }
    await this.#send(this.#court.pool, calls);
  }

  #forget(cases: Played[], probability: number): void {
    for (const played of cases) played.forgotten = this.#random.chance(probability);
  }

  /** @returns the cases whose panel may be drawn */
  async #requestDraw(cases: Played[]): Promise<Played[]> {
    const waiting = cases.filter(({ simulated }) => ["Waiting", "Drawing"].includes(simulated.phase));
    if (waiting.length === 0) return [];
    await this.#pass(waiting);
    await increaseTo((await this.#court.pool.lottery()).until + STAKING_WINDOW);
    await this.#court.pool.requestDraw(
      waiting.map(({ jobId }) => jobId),
      GAS,
    );
    for (const { simulated } of waiting) this.#pool.requestDraw(simulated);
    return waiting.filter(({ simulated }) => simulated.phase === "Drawing");
  }

  /** @returns the cases that have a panel */
  async #draw(waiting: Played[]): Promise<Played[]> {
    if (waiting.length === 0) return [];
    const silent = this.#random.chance(0.1);
    const word = BigInt(id(`word ${this.#random.integer(0, 1e9)}`));
    const drawn = silent ? [] : waiting.filter(() => this.#random.chance(0.97));
    if (!silent) await fulfil(this.#court, word);
    await this.#sendAsRelayer(drawn.map(({ terms }) => this.#encode("draw", [terms])));
    for (const { simulated } of drawn) this.#pool.draw(simulated, word);
    this.seen.appealsWithoutJurors += drawn.filter(({ simulated }) => simulated.phase === "Appealing").length;
    this.seen.tooFewJurors += drawn.filter(({ simulated }) => simulated.phase !== "Committing").length;
    this.seen.undrawn += waiting.length - drawn.length;
    const voting = drawn.filter(({ simulated }) => simulated.phase === "Committing");
    for (const { jobId, simulated } of voting) await this.#comparePanel(jobId, simulated);
    return voting;
  }

  async #comparePanel(jobId: string, simulated: SimulatedCase): Promise<void> {
    const seats = await this.#court.pool.panelOf(jobId, BigInt(simulated.panels.length - 1));
    const expected = presentPanel(simulated).positions.map((position) => this.#pool.stakes[position]?.account);
    expect(
      seats.map(({ juror }) => juror),
      `panel ${simulated.panels.length} of ${jobId}`,
    ).to.deep.equal(expected);
    expect(expected).to.have.lengthOf(panelSizes[simulated.round] ?? 0);
    if (simulated.round === 0) this.seen.panelsOf3 += 1;
    if (simulated.round === 1) this.seen.panelsOf7 += 1;
    if (simulated.round === 2) this.seen.panelsOf15 += 1;
  }

  async #commit(voting: Played[]): Promise<void> {
    const { pool, chainId } = this.#court;
    const address = await pool.getAddress();
    const calls: Calls = new Map();
    for (const played of voting) {
      played.ballots = [];
      const panel = BigInt(played.simulated.panels.length - 1);
      // Some panels are of one mind, so that also large ones decide.
      const leaning = this.#random.pick([Vote.Client, Vote.Worker, undefined]);
      for (const [seat, position] of presentPanel(played.simulated).positions.entries()) {
        if (this.#random.chance(0.1)) continue;
        const vote =
          leaning !== undefined && this.#random.chance(0.7)
            ? leaning
            : this.#random.pick([Vote.Client, Vote.Worker, Vote.Unclear]);
        const salt = id(`salt ${seat}`);
        const ballot = { chainId, pool: address, jobId: played.jobId, panel, seat: BigInt(seat) };
        const commitment = commitmentOf(ballot, vote, salt);
        const word = { seat: BigInt(seat), commitment, validUntil: NEVER, signature: UNSIGNED };
        const juror = this.#signer(this.#pool.stakes[position]?.account ?? "");
        add(calls, juror, this.#encode("commit", [played.jobId, [word]]));
        played.ballots.push({ seat, vote, salt, commitment });
      }
    }
    const order = [...calls.keys()].map(({ address }) => address);
    for (const { simulated, ballots } of voting) {
      const rank = ({ seat }: { seat: number }) =>
        order.indexOf(this.#pool.stakes[presentPanel(simulated).positions[seat] ?? -1]?.account ?? "");
      ballots.sort((a, b) => rank(a) - rank(b));
    }
    await this.#send(pool, calls);
  }

  /** Lets out a vote of some panels that still commit, because somebody has not. */
  async #denounce(voting: Played[]): Promise<void> {
    const calls: string[] = [];
    for (const { terms, simulated, ballots } of voting) {
      const committing = ballots.length < presentPanel(simulated).positions.length;
      const ballot = ballots[0];
      if (!committing || ballot === undefined || !this.#random.chance(0.3)) continue;
      const denouncer = this.#oneOf(this.#court.jurors).address;
      calls.push(this.#encode("denounce", [terms, commitmentsOf(ballots), openingOf(ballot), denouncer]));
      this.#pool.denounce(simulated, ballot.seat, denouncer);
      this.seen.denounced += 1;
    }
    await this.#sendAsRelayer(calls);
  }

  /** Those whose panel is complete reveal first: their window began earlier. */
  async #reveal(voting: Played[]): Promise<void> {
    const complete = voting.filter(
      ({ simulated, ballots }) => ballots.length === presentPanel(simulated).positions.length,
    );
    const others = voting.filter((played) => !complete.includes(played));
    await this.#openVotes(complete);
    await this.#pass(others);
    await this.#openVotes(others);

    this.#forget(voting, 0.1);
    const counted: Played[] = [];
    const late: Played[] = [];
    for (const played of voting) {
      const phase = phases[Number((await this.#court.pool.caseOf(played.jobId)).phase)];
      if (phase === "Committing" || phase === "Revealing") {
        if (!played.forgotten) late.push(played);
      } else {
        counted.push(played);
      }
    }
    await this.#pass(late, HOUR);
    await this.#sendAsRelayer(late.map(({ jobId }) => this.#encode("tally", [jobId])));
    for (const { simulated } of [...counted, ...late]) {
      this.#pool.tally(simulated);
      if (simulated.phase !== "Appealing") this.seen.undecided += 1;
    }
  }

  async #openVotes(voting: Played[]): Promise<void> {
    const calls: string[] = [];
    for (const { jobId, simulated, ballots } of voting) {
      const { denounced } = presentPanel(simulated);
      const opened = ballots.filter(({ seat }) => denounced[seat] === false && this.#random.chance(0.95));
      for (const { seat, vote } of opened) this.#pool.reveal(simulated, seat, vote);
      if (opened.length > 0) calls.push(this.#encode("reveal", [jobId, commitmentsOf(ballots), opened.map(openingOf)]));
    }
    await this.#sendAsRelayer(calls);
  }

  async #appeal(cases: Played[]): Promise<void> {
    const calls: Calls = new Map();
    for (const { terms, simulated } of cases) {
      if (simulated.phase !== "Appealing" || simulated.round === LAST_ROUND || !this.#random.chance(0.7)) continue;
      const by = this.#signer(partyOf(simulated, opposite(simulated.standing)));
      add(calls, by, this.#encode("appeal", [terms, by.address, NEVER, UNSIGNED]));
      this.#pool.appeal(simulated);
      this.seen.appeals += 1;
    }
    await this.#send(this.#court.pool, calls);
  }

  /** Ends the cases that nobody answered or appealed, and those whose panels failed too often. */
  async #rule(cases: Played[]): Promise<void> {
    const ended = cases.filter(({ simulated }) => ["Answering", "Appealing", "Undecided"].includes(simulated.phase));
    await this.#pass(ended);
    await this.#sendAsRelayer(ended.map(({ terms }) => this.#encode("rule", [terms])));
    for (const { simulated } of ended) {
      if (simulated.phase === "Answering") this.seen.unanswered += 1;
      this.#pool.rule(simulated);
    }
  }

  /** The escrow's own end of a dispute that nobody ruled, and the pool's books after it. */
  async #split(forgotten: Played[]): Promise<void> {
    if (forgotten.length === 0) return;
    const { escrow, relayer, pool } = this.#court;
    await networkHelpers.time.increase(30n * DAY);
    const settle = forgotten.map(({ terms }) => escrow.interface.encodeFunctionData("settle", [terms]));
    await this.#send(escrow, new Map([[relayer, settle]]));
    await this.#send(pool, new Map([[relayer, forgotten.map(({ terms }) => this.#encode("rule", [terms]))]]));
    for (const { simulated } of forgotten) {
      this.seen.split += 1;
      if (simulated.phase === "Committing") this.seen.spared += 1;
      this.#pool.rule(simulated, true);
    }
  }

  async #compare(played: Played[]): Promise<void> {
    const { pool, jurors } = this.#court;
    for (const [position, { account, amount, locked, weight }] of this.#pool.stakes.entries()) {
      const juror = await pool.jurorOf(account);
      const expected = { stake: amount, locked, weight: BigInt(weight) };
      expect({ stake: juror.stake, locked: juror.locked, weight: juror.weight }, `juror ${position}`).to.deep.equal(
        expected,
      );
    }
    for (const { address } of jurors) {
      expect(await pool.balance(address), `balance of ${address}`).to.equal(this.#pool.balances.get(address));
    }
    expect(await pool.burned(), "burned").to.equal(this.#pool.burned);
    for (const { jobId } of played) {
      expect((await pool.caseOf(jobId)).phase, jobId).to.equal(0n);
      expect((await this.#court.escrow.job(jobId)).status, jobId).to.be.greaterThan(statusCode("Disputed"));
    }
  }

  async #reweigh(): Promise<void> {
    await increaseTo((await this.#court.pool.lottery()).until);
    await this.#sendAsRelayer(this.#court.jurors.map(({ address }) => this.#encode("reweigh", [address])));
    for (const position of this.#pool.stakes.keys()) this.#pool.reweigh(position);
  }

  /** Waits until the present windows of these cases are over, and `more` seconds. */
  async #pass(cases: Played[], more = 0n): Promise<void> {
    const untils = await Promise.all(cases.map(async ({ jobId }) => (await this.#court.pool.caseOf(jobId)).until));
    const last = untils.reduce((latest, until) => (until > latest ? until : latest), 0n);
    if (last > 0n) await increaseTo(last + more);
  }

  #encode(operation: string, values: unknown[]): string {
    const { interface: encoder }: { interface: Interface } = this.#court.pool;
    return encoder.encodeFunctionData(operation, values);
  }

  async #sendAsRelayer(calls: string[]): Promise<void> {
    await this.#send(this.#court.pool, new Map([[this.#court.relayer, calls]]));
  }

  async #send(contract: Court["pool"] | Court["escrow"], calls: Calls): Promise<void> {
    for (const [sender, all] of calls) {
      for (let from = 0; from < all.length; from += CALLS) {
        await contract.connect(sender).getFunction("multicall")(all.slice(from, from + CALLS), GAS);
      }
    }
  }

  #signer(address: string): HardhatEthersSigner {
    const found = this.#court.jurors.find((juror) => juror.address === address);
    if (found === undefined) throw new Error(`${address} is no juror of this test`);
    return found;
  }

  #oneOf(from: HardhatEthersSigner[]): HardhatEthersSigner {
    const [first, ...others] = from;
    if (first === undefined) throw new Error("nobody to choose from");
    return this.#random.pick([first, ...others]);
  }
}

function add(calls: Calls | undefined, sender: HardhatEthersSigner, call: string): void {
  calls?.set(sender, [...(calls.get(sender) ?? []), call]);
}

function commitmentsOf(ballots: Played["ballots"]) {
  return ballots.map(({ seat, commitment }) => ({ seat: BigInt(seat), commitment }));
}

function openingOf({ seat, vote, salt }: Played["ballots"][number]) {
  return { seat: BigInt(seat), vote, salt };
}

/** Lets the next block be after this unix second. */
async function increaseTo(time: bigint): Promise<void> {
  if (BigInt(await networkHelpers.time.latest()) <= time) await networkHelpers.time.increaseTo(time + 1n);
}
