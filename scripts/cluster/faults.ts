import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../stack/until.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import type { Fault, Play } from "./scenario.ts";
import type { World } from "./world.ts";

const takeoverWithinMs = 30_000;
/** Longer than the lease lasts, so that another has long taken over when the frozen one wakes. */
const frozenMs = 14_000;

/** One gateway, which is not the one that signs, loses its power. */
export async function killOne({ world, calmMs }: Play): Promise<Fault> {
  const holder = await leaseHolder(world);
  const index = world.gateways.findIndex((gateway) => gateway !== holder);
  const from = performance.now();
  await world.gateways[index]?.kill();
  const to = performance.now();
  await sleep(calmMs);
  await world.replace(index);
  return { windows: [{ from, to }] };
}

/** The gateway that signs loses its power. */
export async function killHolder({ world, calmMs }: Play): Promise<Fault> {
  const holder = await leaseHolder(world);
  const held = await leasesOf(world);
  const from = performance.now();
  await holder.kill();
  const to = performance.now();
  const takeoverMs = await takenOver(world, held, from);
  await sleep(calmMs);
  await world.replace(world.gateways.indexOf(holder));
  return { windows: [{ from, to }], takeoverMs };
}

/** The gateway that signs stands still, in whatever it is at, and later goes on as if nothing had been. */
export async function freezeHolder({ world, calmMs }: Play): Promise<Fault> {
  const holder = await leaseHolder(world);
  const held = await leasesOf(world);
  const from = performance.now();
  holder.freeze();
  try {
    while (world.balancer.ready().includes(holder.port)) await sleep(20);
    const to = performance.now();
    const takeoverMs = await takenOver(world, held, from);
    await sleep(Math.max(0, from + frozenMs - performance.now()));
    return { windows: [{ from, to }], takeoverMs };
  } finally {
    holder.thaw();
    await sleep(calmMs);
  }
}

/** Each gateway is drained and replaced by one of newer code, one after another, old and new side by side meanwhile. */
export async function upgradeAll({ world, calmMs }: Play, code: string): Promise<Fault> {
  for (const [index, gateway] of world.gateways.entries()) {
    await gateway.drain();
    await world.replace(index, code);
    await sleep(calmMs);
    await until(`all gateways are ready beside the newer ${gateway.name}`, () =>
      Promise.resolve(world.balancer.ready().length === world.gateways.length ? true : undefined),
    );
  }
  // Nobody's request has to suffer from what was announced.
  return { windows: [] };
}

/** The gateway that sends the relayer's transactions, by its own word. */
async function leaseHolder(world: World): Promise<GatewayProcess> {
  for (;;) {
    const words = world.gateways.map((gateway) => ({ gateway, at: gateway.tookLeaseAt }));
    const newest = words.filter(({ gateway }) => gateway.alive).sort((a, b) => b.at - a.at)[0];
    if (newest !== undefined && newest.at > 0) return newest.gateway;
    await sleep(50);
  }
}

type Leases = ReadonlyMap<string, string>;

async function leasesOf(world: World): Promise<Leases> {
  const rows = await world.query("select name, holder from leases");
  return new Map(rows.map(({ name, holder }) => [String(name), String(holder)]));
}

/** Waits until others hold what the lost process held. @returns since the fault, milliseconds */
async function takenOver(world: World, held: Leases, faultAt: number): Promise<number> {
  const name = [...held.keys()].find((lease) => lease.startsWith("signer:"));
  if (name === undefined) throw new Error("nobody holds the signer's lease");
  while (performance.now() < faultAt + takeoverWithinMs) {
    const now = await leasesOf(world);
    if (now.get(name) !== held.get(name)) return performance.now() - faultAt;
    await sleep(20);
  }
  throw new Error(`nobody took the signer's lease over within ${takeoverWithinMs / 1_000} s`);
}
