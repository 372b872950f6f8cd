import { Vote } from "@hireforhumans/protocol";
import { opposite } from "./payout.ts";
import type { Random } from "./random.ts";

/** How a juror votes in a case whose right ruling is `truth`. `Vote.None` does not reveal. */
export type Behaviour = (truth: Vote, random: Random) => Vote;

/** Looks at the evidence and is right this often, 0 to 1, whatever the others see. */
export function diligent(accuracy: number): Behaviour {
  return (truth, random) => (random.chance(accuracy) ? truth : opposite(truth));
}

export const guessing: Behaviour = (_, random) => (random.chance(0.5) ? Vote.Client : Vote.Worker);

export const alwaysWorker: Behaviour = () => Vote.Worker;

export const alwaysUnclear: Behaviour = () => Vote.Unclear;

export const absent: Behaviour = () => Vote.None;

/** Votes for the side that should lose: an attacker, or one who takes its bribe. */
export const corrupt: Behaviour = opposite;
