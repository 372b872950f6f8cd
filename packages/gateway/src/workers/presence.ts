import { sql } from "kysely";
import type { Context, Database } from "../context.ts";
import type { Presence } from "../database/schema.ts";
import { inGroups } from "../groups.ts";
import { syncProfiles } from "./places.ts";

/**
 * How long a worker counts as there without a sign of life. Browsers let a page in the background act once a minute, so
 * the console is heard at least every 60 s.
 */
const STALE_SECONDS = 90;
/** A sign of life is written at most this often. */
const SIGN_SECONDS = 15;

const batchSize = 200;

/** Takes a worker's word on whether it is there. Who comes back gets the oldest fitting job. */
export async function setPresence(ctx: Context, workerId: string, presence: Presence): Promise<void> {
  await ctx.db.transaction().execute(async (trx) => {
    await trx
      .updateTable("workers")
      .set({
        presence,
        presence_at: sql`now()`,
        misses: 0,
        idle_since: sql`case when presence <> 'online' then now() else idle_since end`,
      })
      .where("id", "=", workerId)
      .execute();
    await syncProfiles(trx, [workerId]);
    if (presence === "online") await ctx.queue.send(trx, "match", workerId);
  });
}

/** A call of the worker that only shows that it is there; it does not bring back one who is away. */
export type ShowSignOfLife = (workerId: string) => Promise<void>;

/** Those of one moment are written together. */
export function createSignsOfLife(db: Database): ShowSignOfLife {
  return inGroups(async (workerIds: string[]) => {
    // One whose row is held by another transaction is alive, and is heard of again soon.
    await sql`
      update workers set presence_at = now()
      where id in (
        select id from workers
        where id = any (${[...new Set(workerIds)]}::text[]) and presence = 'online'
          and presence_at < now() - make_interval(secs => ${SIGN_SECONDS})
        order by id for no key update skip locked
      )`.execute(db);
    return workerIds.map(() => undefined);
  });
}

/** The sweep comes every 15 s; where it did not for so long, signs of life may not have been taken either. */
const DEAF_AFTER_MS = 45_000;

/**
 * Takes workers who gave no sign of life for away; their open offers run out by themselves. Not those who could not give
 * one: nobody is taken for away until this process, and its database, have been there to hear them for as long.
 * @param nowMs of a clock that nobody sets
 * @returns how many
 */
export function createPresenceSweep(db: Database, nowMs = () => performance.now()): () => Promise<number> {
  let hearsSinceMs = nowMs();
  let sweptAtMs = hearsSinceMs;
  return async () => {
    const startedMs = nowMs();
    if (startedMs - sweptAtMs > DEAF_AFTER_MS) hearsSinceMs = startedMs;
    const swept = await sweepStale(db, startedMs - hearsSinceMs >= STALE_SECONDS * 1_000);
    sweptAtMs = startedMs;
    return swept;
  };
}

/** @param heard Whether they could be heard; where not, it is only seen whether the database is there. */
async function sweepStale(db: Database, heard: boolean): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const stale = await trx
      .selectFrom("workers")
      .select("id")
      .where("presence", "=", "online")
      .where("presence_at", "<", sql<Date>`now() - make_interval(secs => ${STALE_SECONDS})`)
      .orderBy("id")
      .limit(heard ? batchSize : 0)
      .forNoKeyUpdate()
      .skipLocked()
      .execute();
    if (stale.length === 0) return 0;
    const ids = stale.map(({ id }) => id);
    await trx.updateTable("workers").set({ presence: "away" }).where("id", "in", ids).execute();
    await syncProfiles(trx, ids);
    return ids.length;
  });
}
