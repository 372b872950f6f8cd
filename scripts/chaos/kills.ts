import { setTimeout as sleep } from "node:timers/promises";
import { booksOf } from "./audit.ts";
import { Lost } from "./gate.ts";
import { type Outcome, outcomeOf, playJobs } from "./play.ts";
import type { Mortal } from "./mortal.ts";
import type { Point } from "./points.ts";
import type { Order } from "./preload.ts";
import { confirmations, type World } from "./world.ts";

/** So long may all jobs be over without the process having come to its point. */
const graceMs = 5_000;

/** A process that dies again and again at one point of some jobs. */
export interface Deaths {
  point: Point;
  title: string;
  /** Jobs that are played at once. */
  jobs: number;
  /** Which of the jobs is at that point the first time; fewer may come there one by one. */
  hit: number;
  /** So often it may die. Later deaths are at the first job that comes there. */
  most: number;
}

/** Plays jobs at once, kills a process at a point of theirs, lets a new one go on, and looks at what became of all. */
export async function playKill(world: World, { point, title, jobs, hit, most }: Deaths): Promise<Outcome> {
  const victim = world[point.victim];
  const before = await booksOf(world);
  const deaths = victim.deaths;
  const faultsNow = () => victim.deaths - deaths;
  const disarm = await arm(world, point, hit, most);
  const played = await playJobs(world, point.life, title, jobs);
  if (faultsNow() === 0) {
    // What waits for blocks to be final need not wait for the clock.
    await world.chain.mine(confirmations);
    await Promise.race([victim.death(), sleep(graceMs)]);
  }
  await disarm();
  const faults = faultsNow();
  const sinceMs = faults > 0 ? victim.diedAt : Infinity;
  // Some steps are only taken by a process that begins.
  if (faults === 0) await victim.kill();
  await Promise.all([world.gateway.ready(), world.oracle.ready()]);
  return outcomeOf(world, played, before, { faults, sinceMs });
}

/** Lets the process die by itself where it can tell, else lets whoever it speaks with kill it. @returns what undoes that */
async function arm(
  world: World,
  { name, victim, moment }: Point,
  hit: number,
  most: number,
): Promise<() => Promise<void>> {
  let left = hit;
  let kills = 0;
  const strike = async (): Promise<void> => {
    if (kills === most || (left -= 1) > 0) return;
    kills += 1;
    await world[victim].kill();
    throw new Lost(`the ${victim} died`);
  };
  const done = Promise.resolve();
  switch (moment.kind) {
    case "rpc": {
      const look = ({ body }: { body: string }) =>
        callsIn(body).some(({ method, params }) => method === moment.method && (moment.of?.test(params) ?? true))
          ? strike()
          : undefined;
      world.rpc[moment.edge] = look;
      return () => ((world.rpc[moment.edge] = undefined), done);
    }
    case "oracle":
      world.oracleGate[moment.edge] = ({ path }) => (path === moment.path ? strike() : undefined);
      return () => ((world.oracleGate[moment.edge] = undefined), done);
    case "webhook":
      world.receiver[moment.edge] = ({ type }) => (type === moment.type ? strike() : done);
      return () => ((world.receiver[moment.edge] = undefined), done);
    default:
      return armWithin(world[victim], (nth) => ({ point: name, victim, hit: nth }), hit, most);
  }
}

/** Tells each process that comes after a dead one to die there, too. */
async function armWithin(
  victim: Mortal,
  orderOf: (hit: number) => Order,
  hit: number,
  most: number,
): Promise<() => Promise<void>> {
  let over = false;
  await victim.tell(orderOf(hit));
  const again = async (): Promise<void> => {
    for (let deaths = 1; deaths < most; deaths++) {
      await victim.death();
      if (over) return;
      await victim.tell(orderOf(1));
    }
  };
  void again();
  return async () => {
    over = true;
    await victim.tell("live");
  };
}

function callsIn(body: string): { method: string; params: string }[] {
  const calls = [JSON.parse(body) as unknown].flat() as { method: string; params: unknown }[];
  return calls.map(({ method, params }) => ({ method, params: JSON.stringify(params) }));
}
