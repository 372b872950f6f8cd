import { bondOf, panelSizes, Vote, type Phase } from "@hireforhumans/protocol";
import { selectPanel, type Stake } from "./draw.ts";
import { opposite, outcomeOf, payoutOf, quarterOf, type Panel, type Payout } from "./payout.ts";

export const LAST_ROUND = panelSizes.length - 1;
const MAX_REDRAWS = 2;
const USDC_UNIT = 1_000_000n;

/** A case that runs. Time is not in it: who plays it decides when a window is over. */
export interface Case {
  /** 32 bytes. */
  readonly jobId: string;
  readonly client: string;
  readonly worker: string;
  readonly verifier: string;
  /** Of the first round, base units. */
  readonly bond: bigint;
  phase: Phase;
  round: number;
  redraws: number;
  standing: Vote;
  panels: Panel[];
}

export interface Dispute extends Pick<Case, "jobId" | "client" | "worker" | "verifier"> {
  /** Base units. */
  reward: bigint;
  disputant: string;
}

/** The arbitration pool without a chain: the same operations, draws and money. Amounts are base units. */
export class Pool {
  readonly stakes: Stake[];
  /** What owners gained since the beginning, so it may be below zero. */
  readonly balances = new Map<string, bigint>();
  burned = 0n;
  readonly #minStake: bigint;

  constructor(stakes: Stake[], minStake: bigint) {
    this.stakes = stakes;
    this.#minStake = minStake;
  }

  open({ reward, disputant, ...dispute }: Dispute): Case {
    const bond = bondOf(reward);
    this.#credit(disputant, -bond);
    const standing = disputant === dispute.client ? Vote.Worker : Vote.Client;
    return { ...dispute, bond, phase: "Answering", round: 0, redraws: 0, standing, panels: [] };
  }

  answer(current: Case): void {
    requirePhase(current, "Answering");
    const round = roundAsked(current);
    this.#credit(partyOf(current, current.standing), -(current.bond << BigInt(round)));
    current.phase = "Waiting";
    current.round = round;
  }

  /** A draw that was asked for before and chose no panel in its time has failed. */
  requestDraw(current: Case): void {
    if (current.phase === "Drawing") this.#redraw(current, "Undecided");
    if (current.phase === "Waiting") current.phase = "Drawing";
  }

  /** Draws a panel from the draw's random word, and locks what its seats risk. */
  draw(current: Case, word: bigint): void {
    requirePhase(current, "Drawing");
    const { jobId, bond, panels, client, worker, verifier } = current;
    const seats = panelSizes[current.round] ?? 0;
    const parties = [client, worker, verifier];
    const positions = selectPanel(this.stakes, { word, jobId, panel: panels.length, seats, risk: bond, parties });
    if (positions.length === 0) {
      // An appeal that the jurors are too few for does not undo what a panel decided.
      this.#redraw(current, current.round === 0 ? "Undecided" : "Appealing");
      return;
    }
    for (const position of positions) this.#stakeAt(position).locked += bond;
    panels.push({ positions, votes: positions.map(() => Vote.None), denounced: positions.map(() => false) });
    current.phase = "Committing";
  }

  denounce(current: Case, seat: number, denouncer: string): void {
    const { positions, denounced } = presentPanel(current);
    const stake = this.#stakeAt(positions[seat] ?? -1);
    const reward = quarterOf(current.bond);
    denounced[seat] = true;
    stake.locked -= reward;
    stake.amount -= reward;
    this.#credit(denouncer, reward);
  }

  reveal(current: Case, seat: number, vote: Vote): void {
    presentPanel(current).votes[seat] = vote;
  }

  tally(current: Case): void {
    const outcome = outcomeOf(presentPanel(current).votes);
    if (outcome === Vote.None) {
      this.#redraw(current, "Undecided");
      return;
    }
    current.standing = outcome;
    current.phase = "Appealing";
  }

  appeal(current: Case): void {
    requirePhase(current, "Appealing");
    const bond = current.bond << BigInt(current.round + 1);
    this.#credit(partyOf(current, opposite(current.standing)), -bond);
    current.phase = "Answering";
  }

  /** Ends the case. `split`: the escrow has split the reward before anybody asked for the ruling. */
  rule(current: Case, split = false): { winner: Vote; payout: Payout } {
    const { bond, round, panels, standing, phase } = current;
    const winner = split ? Vote.None : winnerOf(current);
    const unanswered = phase === "Answering" ? roundAsked(current) : undefined;
    const payout = payoutOf({ bond, round, panels, standing, unanswered, voting: phase === "Committing", winner });
    for (const { position, risk, slash, reward } of payout.seats.flat()) {
      const stake = this.#stakeAt(position);
      stake.locked -= risk;
      stake.amount += reward - slash;
    }
    this.burned += payout.burned;
    this.#credit(current.client, payout.client);
    this.#credit(current.worker, payout.worker);
    current.phase = "None";
    return { winner, payout };
  }

  /** Of a juror who has not retired. */
  reweigh(position: number): void {
    const stake = this.#stakeAt(position);
    stake.weight = stake.amount < this.#minStake ? 0 : Number(stake.amount / USDC_UNIT);
  }

  /** `end`: where a case goes that may not be drawn again. */
  #redraw(current: Case, end: Phase): void {
    const again = current.redraws < MAX_REDRAWS;
    if (again) ++current.redraws;
    current.phase = again ? "Waiting" : end;
  }

  #stakeAt(position: number): Stake {
    const stake = this.stakes[position];
    if (stake === undefined) throw new Error(`no juror at position ${position} of ${this.stakes.length}`);
    return stake;
  }

  #credit(owner: string, amount: bigint): void {
    this.balances.set(owner, (this.balances.get(owner) ?? 0n) + amount);
  }
}

export function presentPanel({ jobId, panels }: Case): Panel {
  const panel = panels.at(-1);
  if (panel === undefined) throw new Error(`no panel was drawn yet for ${jobId}`);
  return panel;
}

function winnerOf({ jobId, phase, standing }: Case): Vote {
  if (phase === "Undecided") return Vote.None;
  if (phase === "Answering") return opposite(standing);
  if (phase === "Appealing") return standing;
  throw new Error(`${jobId} is ${phase}: it can be ruled when Answering, Appealing or Undecided`);
}

function requirePhase({ jobId, phase }: Case, expected: Phase): void {
  if (phase !== expected) throw new Error(`${jobId} is ${phase}, not ${expected}`);
}

/** The round that an answer funds. */
function roundAsked({ panels, round }: Case): number {
  return panels.length === 0 ? 0 : round + 1;
}

export function partyOf({ client, worker }: Case, side: Vote): string {
  return side === Vote.Client ? client : worker;
}
