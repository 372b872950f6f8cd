import { type Random, randomOf } from "../sim/random.ts";
import { beginShifts, type Shifts } from "./people.ts";
import { playKill } from "./kills.ts";
import { type Outcome, playTrouble } from "./play.ts";
import { type Point, points } from "./points.ts";
import { type Trouble, troublesOf } from "./troubles.ts";
import { startWorld, type World } from "./world.ts";

export const engines = ["postgres", "embedded"] as const;
export type Engine = (typeof engines)[number];

/** One play of a campaign. */
export interface Case {
  /** From 1, the same for the same seed and form. */
  number: number;
  engine: Engine;
  /** A row of the table. */
  fault: string;
  title: string;
  /** Undefined: the fault is none of the deaths. */
  point: Point | undefined;
  play(world: World): Promise<Outcome>;
}

export interface Result extends Pick<Case, "number" | "engine" | "fault" | "title" | "point"> {
  outcome: Outcome;
}

export interface Form {
  /** Rows of deaths at each point on each engine: how many each has. */
  deathsOf: (point: Point, engine: Engine) => readonly number[];
  /** Plays of each trouble on each engine. */
  playsOf: (trouble: Trouble) => number;
  /** The most cases of each fault on each engine. Undefined: all. */
  most?: Readonly<Record<string, number>>;
}

/** Jobs at once in one play. */
const jobsAtOnce = 3;

export const gatewayDeaths = "kill -9 of the gateway";
export const oracleDeaths = "kill -9 of the oracle";

/** All cases of a form, in the order in which they are played, which the seed decides. */
export function casesOf(seed: string, { deathsOf, playsOf, most }: Form): Case[] {
  const random = randomOf(seed, "cases");
  const cases: Omit<Case, "number">[] = [];
  for (const engine of engines) {
    for (const point of points) {
      for (const [row, deaths] of deathsOf(point, engine).entries())
        cases.push(killCase(engine, point, deaths, randomOf(seed, `${engine} ${point.victim} ${point.name} ${row}`)));
    }
    for (const trouble of troublesOf(engine)) {
      for (let left = playsOf(trouble); left > 0; left -= 1)
        cases.push(troubleCase(engine, trouble, randomOf(seed, `${engine} ${trouble.title} ${left}`)));
    }
  }
  const played = new Map<string, number>();
  return shuffled(cases, random)
    .filter(({ fault, engine }) => {
      const group = `${fault}, ${engine}`;
      const count = (played.get(group) ?? 0) + 1;
      played.set(group, count);
      return most === undefined || count <= (most[fault] ?? 0);
    })
    .map((one, index) => ({ ...one, number: index + 1 }));
}

function killCase(engine: Engine, point: Point, deaths: number, random: Random): Omit<Case, "number"> {
  const title = `${point.victim} dies, ${point.name}`;
  return {
    engine,
    fault: point.victim === "gateway" ? gatewayDeaths : oracleDeaths,
    title,
    point,
    async play(world) {
      let sum: Outcome = { faults: 0, jobs: 0, lost: [], doubled: [], stuck: [], longestMs: 0 };
      // Jobs that are handled together come to a point once: where none came there a second time, the first has to do.
      for (let hit = random.integer(1, jobsAtOnce), empty = 0; sum.faults < deaths && empty < 2;) {
        const most = deaths - sum.faults;
        const outcome = await playKill(world, { point, title, jobs: jobsAtOnce, hit, most });
        if (outcome.faults === 0) [hit, empty] = [1, empty + 1];
        sum = bothOf(sum, outcome);
        if (isBad(sum)) break;
      }
      if (sum.faults < deaths)
        sum.stuck.push(`it died ${sum.faults} times there, expected ${deaths}: nothing came to its point`);
      return sum;
    },
  };
}

const bothOf = (one: Outcome, other: Outcome): Outcome => ({
  faults: one.faults + other.faults,
  jobs: one.jobs + other.jobs,
  lost: [...one.lost, ...other.lost],
  doubled: [...one.doubled, ...other.doubled],
  stuck: [...one.stuck, ...other.stuck],
  longestMs: Math.max(one.longestMs, other.longestMs),
});

const troubleCase = (engine: Engine, trouble: Trouble, random: Random): Omit<Case, "number"> => ({
  engine,
  fault: trouble.fault,
  title: trouble.title,
  point: undefined,
  play: (world) => playTrouble(world, trouble, jobsAtOnce, random),
});

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const rest = [...list];
  for (let last = rest.length - 1; last > 0; last -= 1) {
    const other = random.integer(0, last);
    [rest[last], rest[other]] = [rest[other] as T, rest[last] as T];
  }
  return rest;
}

export interface Running {
  /** Worlds of each engine that play at the same time. */
  worlds: number;
  /** No case is begun once it has aborted. */
  signal: AbortSignal;
  onResult: (result: Result) => Promise<void>;
}

/** Plays all cases; each world takes the next one of its engine. */
export async function run(cases: readonly Case[], { worlds, signal, onResult }: Running): Promise<void> {
  await Promise.all(
    engines.flatMap((engine) => {
      const queue = cases.filter((one) => one.engine === engine);
      signal.addEventListener("abort", () => queue.splice(0));
      return Array.from({ length: Math.min(worlds, queue.length) }, () => inWorlds(engine, queue, onResult));
    }),
  );
}

async function inWorlds(engine: Engine, queue: Case[], onResult: Running["onResult"]): Promise<void> {
  while (queue.length > 0) await inOneWorld(engine, queue, onResult);
}

/** Plays until there is nothing left, or something was found: what comes after it is played in a sound world. */
async function inOneWorld(engine: Engine, queue: Case[], onResult: Running["onResult"]): Promise<void> {
  const world = await startWorld({ engine });
  const shifts = beginShifts(world);
  try {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const outcome = await playOne(one, world, shifts);
      const { number, fault, title, point } = one;
      await onResult({ number, engine, fault, title, point, outcome });
      if (isBad(outcome)) return;
    }
  } finally {
    await shifts.stop();
    await world.stop();
  }
}

/** What is known of a case that could not be played to its end: a process that did not come back, say. */
const nothingPlayed: Outcome = { faults: 1, jobs: jobsAtOnce, lost: [], doubled: [], stuck: [], longestMs: 0 };

async function playOne(one: Case, world: World, shifts: Shifts): Promise<Outcome> {
  const outcome = await one.play(world).catch((error: unknown) => ({ ...nothingPlayed, stuck: [String(error)] }));
  outcome.stuck.push(...shifts.refusals.splice(0));
  if (outcome.faults === 0) outcome.stuck.push("the fault was never there");
  return outcome;
}

export const isBad = ({ lost, doubled, stuck }: Outcome): boolean =>
  lost.length > 0 || doubled.length > 0 || stuck.length > 0;
