import { setTimeout as sleep } from "node:timers/promises";
import { audit, type Findings, lookBefore } from "./audit.ts";
import { type Load, type Request, startLoad } from "./load.ts";
import { type People, signUpPeople } from "./people.ts";
import type { World } from "./world.ts";

/** A time in which what is asked for may be cut off or refused: from a fault until it is noticed. */
export interface Window {
  from: number;
  to: number;
}

/** What a fault did, as far as whoever made it knows. */
export interface Fault {
  windows: Window[];
  /** From the fault until another does what the lost one did, milliseconds; undefined where nothing is taken over. */
  takeoverMs?: number;
}

/** A line of the table. */
export interface Line {
  what: string;
  requests: number;
  /** First tries without the job as their answer: of those in flight at a fault, and of all others. */
  inFlight: number;
  refused: string[];
  findings: Findings;
  /** Between two jobs that were answered for, milliseconds. */
  longestGapMs: number;
  takeoverMs: number | undefined;
  /** What else went wrong: refusals of workers, processes that ended by themselves. */
  troubles: string[];
}

export interface Play {
  world: World;
  people: People;
  perSecond: number;
  /** How long the load goes on before a fault, and after it. */
  calmMs: number;
}

export async function beginPlay(world: World, options: { perSecond: number; calmMs: number }): Promise<Play> {
  return { world, people: await signUpPeople(world, 6), ...options };
}

/** Keeps up a load while `fault` does its worst, and looks at what is left of it. */
export async function underLoad(play: Play, what: string, fault: (load: Load) => Promise<Fault>): Promise<Line> {
  const { world, people, perSecond, calmMs } = play;
  const before = await lookBefore(world, people);
  const load = startLoad(world, perSecond);
  await sleep(calmMs);
  const { windows, takeoverMs } = await fault(load).finally(() => load.stop());
  const findings = await audit(world, people, load.requests, before);
  const failed = load.requests.filter(({ first }) => first !== "201");
  const caught = failed.filter((request) => windows.some((window) => overlaps(request, window)));
  return {
    what,
    requests: load.requests.length,
    inFlight: caught.length,
    refused: failed.filter((request) => !caught.includes(request)).map(({ first }) => first),
    findings,
    longestGapMs: longestGapOf(load.requests),
    takeoverMs,
    troubles: [...people.refusals.splice(0), ...world.faults.splice(0)],
  };
}

const overlaps = ({ sentAt, answeredAt }: Request, { from, to }: Window): boolean => sentAt <= to && answeredAt >= from;

function longestGapOf(requests: readonly Request[]): number {
  const times = requests.flatMap(({ createdAt }) => createdAt ?? []).sort((a, b) => a - b);
  return times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
}
