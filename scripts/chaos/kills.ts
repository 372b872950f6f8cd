import { setTimeout as sleep } from "node:timers/promises";
import { booksOf } from "./audit.ts";
import { Lost } from "./gate.ts";
import { type Outcome, outcomeOf, playJobs } from "./play.ts";
import type { Point } from "./points.ts";
import { confirmations, type World } from "./world.ts";

/** So long may all jobs be over without the process having come to its point. */
const graceMs = 5_000;

/**
 * Plays jobs at once, kills a process at a point of one of them, lets a new one go on, and looks at what became of all.
 * @param hit which of the jobs is at that point; fewer may come there one by one
 */
export async function playKill(world: World, point: Point, title: string, jobs: number, hit: number): Promise<Outcome> {
  const victim = world[point.victim];
  const before = await booksOf(world);
  const deaths = victim.deaths;
  let diedAt = Infinity;
  const death = victim.death().then(() => (diedAt = performance.now()));
  const disarm = await arm(world, point, hit);
  const played = await playJobs(world, point.life, title, jobs);
  if (victim.deaths === deaths) {
    // What waits for blocks to be final need not wait for the clock.
    await world.chain.mine(confirmations);
    await Promise.race([death, sleep(graceMs)]);
  }
  disarm();
  const faults = victim.deaths - deaths;
  if (faults === 0) await victim.kill();
  await Promise.all([world.gateway.ready(), world.oracle.ready()]);
  return outcomeOf(world, played, before, { faults, sinceMs: diedAt });
}

/** Lets the process die by itself where it can tell, else lets whoever it speaks with kill it. @returns what undoes that */
async function arm(world: World, { name, victim, moment }: Point, hit: number): Promise<() => void> {
  let left = hit;
  const strike = async (): Promise<void> => {
    if ((left -= 1) !== 0) return;
    await world[victim].kill();
    throw new Lost(`the ${victim} died`);
  };
  switch (moment.kind) {
    case "rpc": {
      const look = ({ body }: { body: string }) =>
        callsIn(body).some(({ method, params }) => method === moment.method && (moment.of?.test(params) ?? true))
          ? strike()
          : undefined;
      world.rpc[moment.edge] = look;
      return () => (world.rpc[moment.edge] = undefined);
    }
    case "oracle":
      world.oracleGate[moment.edge] = ({ path }) => (path === moment.path ? strike() : undefined);
      return () => (world.oracleGate[moment.edge] = undefined);
    case "webhook":
      world.receiver[moment.edge] = ({ type }) => (type === moment.type ? strike() : Promise.resolve());
      return () => (world.receiver[moment.edge] = undefined);
    default:
      await world[victim].tell({ point: name, victim, hit });
      return () => undefined;
  }
}

function callsIn(body: string): { method: string; params: string }[] {
  const calls = [JSON.parse(body) as unknown].flat() as { method: string; params: unknown }[];
  return calls.map(({ method, params }) => ({ method, params: JSON.stringify(params) }));
}
