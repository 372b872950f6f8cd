import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { pino } from "pino";
import { migrate } from "../../packages/gateway/src/database/migrate.ts";
import { openPostgres } from "../../packages/gateway/src/database/open.ts";
import { greatestLikeness } from "../../packages/gateway/src/verification/earlier.ts";
import { withDatabase } from "./bench-stack.ts";
import { type Figure, timesOf } from "./figures.ts";

/**
 * The search for near-duplicates among so many earlier texts, one after the other: half of the time of a text like none,
 * half of one that is there. The earlier ones are random sketches, so what share a key do so by chance, as unlike texts do.
 */
export function measureLikeness(serverUrl: string, earlier: number, searches: number): Promise<Figure[]> {
  return withDatabase(serverUrl, async (url) => {
    const database = openPostgres(url ?? serverUrl, 2, pino({ level: "silent" }));
    const { db } = database;
    try {
      await migrate(db);
      await db.connection().execute(async (one) => {
        await sql`set statement_timeout = 0`.execute(one);
        // The jobs and workers of the evidence are no part of what is measured.
        await sql`alter table evidence drop constraint evidence_job_id_fkey, drop constraint evidence_worker_id_fkey`.execute(
          db,
        );
        await sql`drop index evidence_sketches_keys`.execute(one);
        await sql`insert into evidence (id, job_id, worker_id, round, bundle, evidence_hash, signature, valid_until_seconds, created_at)
          select 'evd_' || i, 'job_' || i, 'wrk', 0, '{}', '0x', '0x', 0, now() - interval '1 day' * (i > 0)::int
          from generate_series(0, ${earlier}::int) i`.execute(one);
        await sql`insert into evidence_sketches (evidence_id, item, kind, sketch, keys)
          select 'evd_' || i, 0, 'text',
            decode((select string_agg(md5(i || ' ' || n || random()), '') from generate_series(1, 8) n), 'hex'),
            (select array_agg((random() * 4294967295 - 2147483648)::int8::int4) from generate_series(1, 16) k where i > 0)
          from generate_series(1, ${earlier}::int) i`.execute(one);
        await sql`create index evidence_sketches_keys on evidence_sketches using gin (keys) with (fastupdate = off)`.execute(
          db,
        );
        await sql`vacuum analyze evidence_sketches`.execute(one);
        await sql`analyze evidence`.execute(one);
      });
      const known = await db
        .selectFrom("evidence_sketches")
        .selectAll()
        .limit(searches / 2)
        .execute();
      const times: number[] = [];
      for (let search = 0; search < searches; search++) {
        const there = search % 2 === 0 ? known[search / 2] : undefined;
        const keys = there?.keys ?? Array.from({ length: 16 }, () => randomBytes(4).readInt32LE());
        const sketch = there?.sketch ?? randomBytes(128);
        const begun = performance.now();
        const found = await greatestLikeness(db, "evd_0", { kind: "text", sketch, keys });
        times.push(performance.now() - begun);
        if ((found !== undefined) !== (there !== undefined)) throw new Error(`search ${search} found ${String(found)}`);
      }
      const { rows } = await sql<{ rows: string; keys: string }>`select
        pg_table_size('evidence_sketches')::text as rows, pg_relation_size('evidence_sketches_keys')::text as keys`.execute(
        db,
      );
      const mebibytes = (bytes: string | undefined) => Number(bytes) / 1024 ** 2;
      const many = earlier.toLocaleString("en");
      return [
        ...timesOf("likeness.search", `near-duplicates of a text among ${many}, PostgreSQL`, times, 50),
        { name: "likeness.rows", what: `the sketches of ${many} texts`, value: mebibytes(rows[0]?.rows), unit: "MiB" },
        { name: "likeness.keys", what: "the index of their keys", value: mebibytes(rows[0]?.keys), unit: "MiB" },
        {
          name: "likeness.process",
          what: "memory of the process that searches",
          value: process.memoryUsage.rss() / 1024 ** 2,
          unit: "MiB",
        },
      ];
    } finally {
      await database.close();
    }
  });
}
