/** A process that has workers of the database in its first argument come and go, so many a second, until told to stop. */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { pino } from "pino";
import { openPostgres } from "../../packages/gateway/src/database/open.ts";
import { lockWorkers, syncProfiles } from "../../packages/gateway/src/workers/places.ts";

const BATCH = 100;
const [url = "", rate = ""] = process.argv.slice(2);
const database = openPostgres(url, 2, pino({ level: "silent" }));
const { db } = database;
const { rows } = await sql<{ id: string }>`
  select id from workers where presence = 'online' order by random() limit 100000
`.execute(db);
const stop = new AbortController();
process.on("message", () => {
  stop.abort();
});
process.send?.("ready");

const begun = performance.now();
let changed = 0;
while (!stop.signal.aborted) {
  const ids = rows.slice(changed % rows.length, (changed % rows.length) + BATCH).map(({ id }) => id);
  // All go, then all come back, and so on. In the order in which whoever locks many workers does.
  await db.transaction().execute(async (trx) => {
    await lockWorkers(trx, ids);
    await sql`
      update workers
      set presence = case when presence = 'online' then 'away' else 'online' end, presence_at = now(),
        idle_since = case when presence = 'online' then idle_since else now() end
      where id = any (${ids}::text[])
    `.execute(trx);
    await syncProfiles(trx, ids);
  });
  changed += BATCH;
  const aheadMs = (changed / Number(rate)) * 1000 - (performance.now() - begun);
  if (aheadMs > 0) await sleep(aheadMs);
}
process.send?.(changed / ((performance.now() - begun) / 1000));
await database.close();
process.disconnect();
