import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresServer } from "../stack/postgres.ts";
import { startRelay } from "./relay.ts";
import type { Fault, Play } from "./scenario.ts";
import type { World } from "./world.ts";

const standbyName = "standby";
/** So long before its end the primary reaches its standby no more, as in a network that dies with it. */
const isolatedMs = 1_000;
const noticedAfterMs = 1_000;

export interface Replication {
  /** Between the standby and its primary. */
  cut(): void;
  standby: PostgresServer;
}

/** Gives the database a standby. @param synchronous whether a commit waits until the standby shows it */
export async function addStandby(world: World, synchronous: boolean): Promise<Replication> {
  const relay = await startRelay(world.postgres.port);
  world.endings.add(() => relay.stop());
  const standby = await PostgresServer.createStandby(join(world.folder, standbyName), standbyName, relay.port);
  world.endings.add(() => standby.stop("immediate"));
  if (synchronous) {
    await world.postgres.query("alter system set synchronous_commit = 'remote_apply'");
    await world.postgres.query(`alter system set synchronous_standby_names = '${standbyName}'`);
    await world.postgres.query("select pg_reload_conf()");
  }
  const wanted = synchronous ? "sync" : "async";
  for (;;) {
    const [row] = await world.postgres.query("select sync_state from pg_stat_replication where state = 'streaming'");
    if (row?.["sync_state"] === wanted) break;
    await sleep(50);
  }
  return { standby, cut: () => relay.lead(undefined) };
}

/** The primary is cut off from its standby, goes on for a second, and dies; the standby is promoted in its place. */
export async function failOver({ world, calmMs }: Play, replication: Replication): Promise<Fault> {
  const from = performance.now();
  const { standby } = replication;
  replication.cut();
  await sleep(isolatedMs);
  const diedAt = performance.now();
  // Cut off first, so that nobody hears of its end from the server itself.
  world.databaseRelay.lead(undefined);
  await world.postgres.stop("immediate");
  await sleep(noticedAfterMs);
  await standby.promote();
  world.databaseRelay.lead(standby.port);
  world.postgres = standby;
  while (world.balancer.ready().length === 0) await sleep(20);
  const to = performance.now();
  await sleep(calmMs);
  return { windows: [{ from, to }], takeoverMs: to - diedAt };
}
