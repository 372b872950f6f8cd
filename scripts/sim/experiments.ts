import { Vote, panelSizes } from "@hireforhumans/protocol";
import { absent, alwaysUnclear, alwaysWorker, corrupt, diligent, guessing, type Behaviour } from "./behaviours.ts";
import { wrongShare } from "./closed-forms.ts";
import { BOND, JURORS, REWARD, playCase, wrongSide, type Appeals, type CasePlayed, type SeatPlayed } from "./play.ts";
import { randomOf } from "./random.ts";

/** Bonds a briber adds to what an honest vote would have earned. */
const EPSILON = 0.05;

/** How right panels are, by size: the share that decides wrongly, 0 to 1, as played and as calculated. */
export interface PanelsPoint {
  accuracy: number;
  /** The attacker's part of the stake, 0 to 1. */
  attacker: number;
  bySize: { seats: number; wrong: number; exact: number }[];
  /** Where only the wronged side appeals, always and to the last panel. */
  wrongIfWrongedAppeals: number;
}

/** What a seat of this behaviour earns among diligent jurors, in bonds. */
export interface JurorsPoint {
  appeals: Appeals;
  behaviour: string;
  accuracy: number;
  profit: number;
}

/** Jurors who always vote for the worker among diligent ones; profits of a seat in bonds. */
export interface HabitPoint {
  appeals: Appeals;
  /** Their part of the stake, 0 to 1. */
  habitual: number;
  wrong: number;
  diligentProfit: number;
  habitualProfit: number;
}

/** A p+epsilon bribe: whoever votes for the wrong side and loses gets what an honest vote would have earned, and more. */
export interface BribePoint {
  appeals: Appeals;
  /** Takers' part of the stake, 0 to 1. */
  takers: number;
  wrong: number;
  /** Of the briber, in rewards. */
  briberProfit: number;
  /** Of a seat, in bonds. */
  honestProfit: number;
  takerProfit: number;
  /** Of a taker's seat whose briber does not pay. */
  cheatedProfit: number;
}

/** What the side that should lose gains by a dispute, in rewards, if it also owns this part of the stake. */
export interface DisputePoint {
  appeals: Appeals;
  accuracy: number;
  attacker: number;
  profit: number;
}

export interface Figures {
  cases: number;
  panels: PanelsPoint[];
  jurors: JurorsPoint[];
  habits: HabitPoint[];
  bribes: BribePoint[];
  disputes: DisputePoint[];
}

/** What a point plays: so many cases with jurors chosen by position and seat. */
type Play = (appeals: Appeals, behaviourOf: (position: number, seat: number) => Behaviour) => CasePlayed[];

interface Experiment<P> {
  /** Of all cases, 0 to 1. */
  share: number;
  points: ((play: Play) => P)[];
}

export const accuracies = [0.6, 0.7, 0.8, 0.9, 0.95] as const;
export const attackedAccuracies = [0.7, 0.8, 0.9] as const;
export const diligentAccuracy = 0.8;
export const behaviours = { diligent, guessing, "always unclear": alwaysUnclear, absent };
const oneSided: Appeals[] = ["nobody", "wronged side"];

/** Plays at least so many cases in all. The same seed gives the same figures. */
export function runExperiments(cases: number, seed: string): Figures {
  let played = 0;
  const run = <P>(name: string, { share, points }: Experiment<P>): P[] => {
    const each = Math.ceil((cases * share) / points.length);
    return points.map((point, index) =>
      point((appeals, behaviourOf) => {
        const setting = { random: randomOf(seed, `${name} ${index}`), seed: `${seed}/${name}`, appeals, behaviourOf };
        const first = played;
        played += each;
        return Array.from({ length: each }, (_, number) => playCase(first + number, setting));
      }),
    );
  };
  const panels = run("panels", panelsExperiment);
  const jurors = run("jurors", jurorsExperiment);
  const habits = run("habits", habitsExperiment);
  const bribes = run("bribes", bribesExperiment);
  const disputes = run("disputes", disputesExperiment);
  return { cases: played, panels, jurors, habits, bribes, disputes };
}

const panelsExperiment: Experiment<PanelsPoint> = {
  share: 0.3,
  points: [
    ...range(0.4, 0.95, 0.05).map((accuracy) => panelsPoint(accuracy, 0)),
    ...attackedAccuracies.flatMap((accuracy) => range(0.05, 0.5, 0.05).map((part) => panelsPoint(accuracy, part))),
  ],
};

function panelsPoint(accuracy: number, attacker: number): (play: Play) => PanelsPoint {
  return (play) => {
    const played = play("both sides", partly(attacker, corrupt, diligent(accuracy)));
    const attackers = countOf(attacker);
    const bySize = panelSizes.map((seats, round) => ({
      seats,
      wrong: shareOf(played, (each) => each.decisions[round] === wrongSide(each)),
      exact: wrongShare({ seats, accuracy, jurors: JURORS, attackers }),
    }));
    const wrongIfWrongedAppeals = shareOf(played, (each) => each.decisions.every((vote) => vote === wrongSide(each)));
    return { accuracy, attacker, bySize, wrongIfWrongedAppeals };
  };
}

/** The first seat of each panel behaves so, the others are diligent. */
const jurorsExperiment: Experiment<JurorsPoint> = {
  share: 0.35,
  points: oneSided.flatMap((appeals) =>
    Object.entries(behaviours).flatMap(([name, behaviour]) =>
      accuracies.map((accuracy) => (play: Play) => {
        const observed = name === "diligent" ? diligent(accuracy) : (behaviour as Behaviour);
        const played = play(appeals, (_, seat) => (seat === 0 ? observed : diligent(accuracy)));
        return { appeals, behaviour: name, accuracy, profit: seatProfit(played, ({ seat }) => seat === 0) };
      }),
    ),
  ),
};

const habitsExperiment: Experiment<HabitPoint> = {
  share: 0.1,
  points: oneSided.flatMap((appeals) =>
    range(0, 0.9, 0.1).map((habitual) => (play: Play) => {
      const played = play(appeals, partly(habitual, alwaysWorker, diligent(diligentAccuracy)));
      const isHabitual = isPart(habitual);
      return {
        appeals,
        habitual,
        wrong: wrongRulings(played),
        diligentProfit: seatProfit(played, ({ position }) => !isHabitual(position)),
        habitualProfit: seatProfit(played, ({ position }) => isHabitual(position)),
      };
    }),
  ),
};

const bribesExperiment: Experiment<BribePoint> = {
  share: 0.1,
  points: oneSided.flatMap((appeals) =>
    range(0, 1, 0.1).map((takers) => (play: Play) => {
      const played = play(appeals, partly(takers, corrupt, diligent(diligentAccuracy)));
      const isTaker = isPart(takers);
      const bribes = played.map((each) => bribesOf(each, isTaker));
      const cheatedProfit = seatProfit(played, ({ position }) => isTaker(position));
      const takerSeats = played.flatMap(({ seats }) => seats).filter(({ position }) => isTaker(position)).length;
      return {
        appeals,
        takers,
        wrong: wrongRulings(played),
        briberProfit: mean(played.map((each, index) => sideProfit(each) - (bribes[index] ?? 0) * inRewards(BOND))),
        honestProfit: seatProfit(played, ({ position }) => !isTaker(position)),
        cheatedProfit,
        takerProfit: cheatedProfit + bribes.reduce((sum, bribe) => sum + bribe, 0) / takerSeats,
      };
    }),
  ),
};

/** In bonds. Nothing where the wrong side won: its takers are then among the winners. */
function bribesOf(played: CasePlayed, isTaker: (position: number) => boolean): number {
  if (played.winner === wrongSide(played)) return 0;
  return played.seats
    .filter(({ position }) => isTaker(position))
    .reduce((sum, { panel, profit }) => {
      const honest = played.seats.find((seat) => seat.panel === panel && seat.vote === played.truth);
      return sum + EPSILON + inBonds(honest?.profit ?? 0n) - inBonds(profit);
    }, 0);
}

const disputesExperiment: Experiment<DisputePoint> = {
  share: 0.15,
  points: oneSided.flatMap((appeals) =>
    accuracies.slice(0, 4).flatMap((accuracy) =>
      range(0, 0.5, 0.1).map((attacker) => (play: Play) => {
        const played = play(appeals, partly(attacker, corrupt, diligent(accuracy)));
        const isAttacker = isPart(attacker);
        const stakeProfit = mean(
          played.map(({ seats }) =>
            seats
              .filter(({ position }) => isAttacker(position))
              .reduce((sum, { profit }) => sum + inRewards(profit), 0),
          ),
        );
        return { appeals, accuracy, attacker, profit: mean(played.map(sideProfit)) + stakeProfit };
      }),
    ),
  ),
};

/** Of the side that should lose, in rewards: the reward it wrongly gets, and its bonds. */
function sideProfit(played: CasePlayed): number {
  const gain = wrongSide(played) === Vote.Client ? played.gains.client : played.gains.worker;
  return inRewards(gain) + (played.winner === wrongSide(played) ? 1 : 0);
}

function wrongRulings(played: CasePlayed[]): number {
  return shareOf(played, (each) => each.winner === wrongSide(each));
}

/** In bonds; not a number where nobody sat. */
function seatProfit(played: CasePlayed[], counts: (seat: SeatPlayed) => boolean): number {
  return mean(
    played
      .flatMap(({ seats }) => seats)
      .filter(counts)
      .map(({ profit }) => inBonds(profit)),
  );
}

/** The accounts of the lowest positions hold this part of the stake, since all stakes are equal. */
function partly(part: number, theirs: Behaviour, others: Behaviour): (position: number) => Behaviour {
  const isTheirs = isPart(part);
  return (position) => (isTheirs(position) ? theirs : others);
}

function isPart(part: number): (position: number) => boolean {
  const count = countOf(part);
  return (position) => position < count;
}

function countOf(part: number): number {
  return Math.round(part * JURORS);
}

function shareOf<T>(all: T[], counts: (each: T) => boolean): number {
  return all.filter(counts).length / all.length;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function inBonds(amount: bigint): number {
  return Number(amount) / Number(BOND);
}

function inRewards(amount: bigint): number {
  return Number(amount) / Number(REWARD);
}

/** Hundredths, so that sums of floats do not show. */
function range(from: number, to: number, step: number): number[] {
  const count = Math.round((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => Math.round((from + index * step) * 100) / 100);
}
