import { ONE_USDC, Vote, bondOf, type Phase } from "@hireforhumans/protocol";
import { id, toBeHex } from "ethers";
import type { Behaviour } from "./behaviours.ts";
import type { Stake } from "./draw.ts";
import { opposite, type Payout } from "./payout.ts";
import { LAST_ROUND, Pool, presentPanel, type Case } from "./pool.ts";
import type { Random } from "./random.ts";

export const JURORS = 200;
export const REWARD = 100n * ONE_USDC;
export const BOND = bondOf(REWARD);
const MIN_STAKE = 100n * ONE_USDC;
const CLIENT = "client";
const WORKER = "worker";

/** Who appeals a panel's decision against it. The other side always answers. */
export type Appeals = "nobody" | "wronged side" | "both sides";

/** One seat that voted. */
export interface SeatPlayed {
  position: number;
  panel: number;
  seat: number;
  vote: Vote;
  /** Base units. */
  profit: bigint;
}

export interface CasePlayed {
  truth: Vote;
  winner: Vote;
  /** What the panels decided, by round; a round of no decision is not here. */
  decisions: Vote[];
  seats: SeatPlayed[];
  payout: Payout;
  /** What the sides gained on their bonds, base units. */
  gains: { client: bigint; worker: bigint };
}

export interface Setting {
  random: Random;
  /** The random word of the draws, any text. */
  seed: string;
  appeals: Appeals;
  behaviourOf: (position: number, seat: number) => Behaviour;
}

/**
 * Plays a case of 100 USDC to its end in a pool of 200 jurors with 100 USDC each, which nobody else uses meanwhile. The
 * worker disputes, and is right in half of the cases.
 */
export function playCase(number: number, { random, seed, appeals, behaviourOf }: Setting): CasePlayed {
  const pool = new Pool(freshStakes(), MIN_STAKE);
  const truth = random.chance(0.5) ? Vote.Worker : Vote.Client;
  const word = BigInt(id(seed));
  const parties = { client: CLIENT, worker: WORKER, verifier: "verifier" };
  const current = pool.open({ jobId: toBeHex(number, 32), ...parties, reward: REWARD, disputant: WORKER });
  const decisions: Vote[] = [];
  pool.answer(current);
  while (current.phase === "Waiting") {
    pool.requestDraw(current);
    pool.draw(current, word);
    if (!isAt(current, "Committing")) continue;
    for (const [seat, position] of presentPanel(current).positions.entries()) {
      pool.reveal(current, seat, behaviourOf(position, seat)(truth, random));
    }
    pool.tally(current);
    if (!isAt(current, "Appealing")) continue;
    decisions.push(current.standing);
    const appealed = appeals === "both sides" || (appeals === "wronged side" && current.standing !== truth);
    if (!appealed || current.round === LAST_ROUND) break;
    pool.appeal(current);
    pool.answer(current);
  }
  const { panels } = current;
  const { winner, payout } = pool.rule(current);
  const seats = payout.seats.flatMap((paid, panel) =>
    paid.map(({ position, slash, reward }, seat) => ({
      position,
      panel,
      seat,
      vote: panels[panel]?.votes[seat] ?? Vote.None,
      profit: reward - slash,
    })),
  );
  const gainOf = (owner: string) => pool.balances.get(owner) ?? 0n;
  return { truth, winner, decisions, seats, payout, gains: { client: gainOf(CLIENT), worker: gainOf(WORKER) } };
}

/** Compared in a function, since the operations in between change it. */
function isAt({ phase }: Case, expected: Phase): boolean {
  return phase === expected;
}

function freshStakes(): Stake[] {
  const weight = Number(MIN_STAKE / ONE_USDC);
  return Array.from({ length: JURORS }, (_, position) => ({
    account: `juror ${position}`,
    amount: MIN_STAKE,
    locked: 0n,
    weight,
  }));
}

/** The side that should lose. */
export function wrongSide({ truth }: CasePlayed): Vote {
  return opposite(truth);
}
