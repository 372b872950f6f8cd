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

/**
 * Takes workers who gave no sign of life for away; their open offers run out by themselves.
 * @returns how many
 */
export async function sweepStalePresence(db: Database): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const stale = await trx
      .selectFrom("workers")
      .select("id")
      .where("presence", "=", "online")
      .where("presence_at", "<", sql<Date>`now() - make_interval(secs => ${STALE_SECONDS})`)
      .orderBy("id")
      .limit(batchSize)
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
