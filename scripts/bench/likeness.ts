import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Kysely, sql } from "kysely";
import { pino } from "pino";
import { migrate } from "../../packages/gateway/src/database/migrate.ts";
import { openPostgres } from "../../packages/gateway/src/database/open.ts";
import type { Schema } from "../../packages/gateway/src/database/schema.ts";
import { greatestLikenesses } from "../../packages/gateway/src/verification/earlier.ts";
import { withDatabase } from "./bench-stack.ts";
import { type Figure, timesOf } from "./figures.ts";

type Kind = "unlike" | "copy" | "template";

/** One earlier text in so many is written from one template. */
const ofTemplate = 10;

/**
 * The search for near-duplicates among so many earlier texts, one after the other, in turn of a text like none, of one that
 * is there, and of one from a template by which a tenth of them was written. The earlier ones are random sketches, so
 * what share a key do so by chance, as unlike texts do.
 */
export function measureLikeness(serverUrl: string, earlier: number, searches: number): Promise<Figure[]> {
  return withDatabase(serverUrl, async (url = serverUrl) => {
    const begun = performance.now();
    await withOne(url, async (db) => {
      await migrate(db);
      await load(db, earlier);
    });
    const loaded = (performance.now() - begun) / 1000;
    // By a connection of its own, since loading leaves memory behind.
    return withOne(url, async (db) => {
      const times = await search(db, searches);
      const many = earlier.toLocaleString("en");
      const among = `among ${many}, PostgreSQL`;
      const template = `a text from a template of ${Math.floor(earlier / ofTemplate).toLocaleString("en")}`;
      return [
        ...timesOf("likeness.search", `near-duplicates of a text like none ${among}`, times.unlike, 50),
        ...timesOf("likeness.copy", `near-duplicates of a copy ${among}`, times.copy, 50),
        ...timesOf("likeness.template", `near-duplicates of ${template} ${among}`, times.template, 50),
        ...(await memoryOf(db, many)),
        { name: "likeness.load", what: `loading the ${many} sketches, for this measurement`, value: loaded, unit: "s" },
      ];
    });
  });
}

async function withOne<Result>(url: string, work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result> {
  const database = openPostgres(url, 1, pino({ level: "silent" }));
  try {
    return await work(database.db);
  } finally {
    await database.close();
  }
}

async function load(db: Kysely<Schema>, earlier: number): Promise<void> {
  // The jobs and workers of the evidence are no part of what is measured, and the database is dropped after it.
  for (const statement of [
    sql`set statement_timeout = 0`,
    sql`set maintenance_work_mem = '1GB'`,
    sql`alter table evidence drop constraint evidence_job_id_fkey, drop constraint evidence_worker_id_fkey`,
    sql`alter table evidence_sketches set unlogged`,
    sql`alter table evidence_bands set unlogged`,
    sql`alter table evidence_sketches disable trigger evidence_sketches_bands`,
    sql`drop index evidence_bands_by_key`,
    sql`insert into evidence (id, job_id, worker_id, round, bundle, evidence_hash, signature, valid_until_seconds)
      select 'evd_' || i, 'job_' || i, 'wrk', 0, '{}', '0x', '0x', 0 from generate_series(1, ${earlier}::int) i`,
    sql`create temporary table template as
      select decode(string_agg(md5(n::text), ''), 'hex') as sketch from generate_series(1, 8) n`,
    sql`insert into evidence_sketches (evidence_id, item, kind, sketch, keys)
      select 'evd_' || i, 0, 'text',
        case when i % ${sql.lit(ofTemplate)} = 0 then overlay(template.sketch placing decode(md5(i::text), 'hex') from i % 112 + 1)
          else decode(md5(i || 'a') || md5(i || 'b') || md5(i || 'c') || md5(i || 'd') || md5(i || 'e') || md5(i || 'f')
            || md5(i || 'g') || md5(i || 'h'), 'hex') end,
        case when i % ${sql.lit(ofTemplate)} = 0 then (select array_agg(k) from generate_series(1, 16) k)
          else (select array_agg((random() * 4294967295 - 2147483648)::int8::int4) from generate_series(1, 16) k where i > 0) end
      from generate_series(1, ${earlier}::int) i cross join template`,
    sql`insert into evidence_bands (key, item, number)
      select unnest(keys), item, number from evidence_sketches join evidence on evidence.id = evidence_id`,
    sql`create index evidence_bands_by_key on evidence_bands (key, number)`,
    sql`insert into evidence (id, job_id, worker_id, round, bundle, evidence_hash, signature, valid_until_seconds)
      values ('evd_own', 'job_own', 'wrk', 0, '{}', '0x', '0x', 0)`,
    sql`vacuum analyze evidence_sketches`,
    sql`vacuum analyze evidence_bands`,
    sql`vacuum analyze evidence`,
  ]) {
    await statement.execute(db);
  }
}

async function search(db: Kysely<Schema>, searches: number): Promise<Record<Kind, number[]>> {
  const written = (remainder: number) =>
    db
      .selectFrom("evidence_sketches")
      .select(["sketch", "keys"])
      .where(sql<boolean>`substr(evidence_id, 5)::int % ${sql.lit(ofTemplate)} = ${sql.lit(remainder)}`)
      .orderBy(sql`md5(evidence_id)`)
      .limit(searches)
      .execute();
  const [copies, fromTemplate] = [await written(1), await written(0)];
  const times: Record<Kind, number[]> = { unlike: [], copy: [], template: [] };
  for (let at = 0; at < searches; at++) {
    const unlike = { sketch: randomBytes(128), keys: Array.from({ length: 16 }, () => randomBytes(4).readInt32LE()) };
    const wanted = { unlike, copy: copies[at], template: fromTemplate[at] };
    for (const kind of ["unlike", "copy", "template"] as const) {
      const sketched = wanted[kind];
      if (sketched === undefined) continue;
      const begun = performance.now();
      const [found] = await greatestLikenesses(db, [{ evidenceId: "evd_own", kind: "text", ...sketched }]);
      times[kind].push(performance.now() - begun);
      if ((found === undefined) !== (kind === "unlike")) throw new Error(`a search of ${kind} found ${String(found)}`);
    }
  }
  return times;
}

async function memoryOf(db: Kysely<Schema>, many: string): Promise<Figure[]> {
  const { rows } = await sql<Record<"sketches" | "bands" | "index" | "shared", string> & { pid: number }>`select
    pg_total_relation_size('evidence_sketches')::text as sketches, pg_table_size('evidence_bands')::text as bands,
    pg_relation_size('evidence_bands_by_key')::text as index, pg_size_bytes(current_setting('shared_buffers'))::text as shared,
    pg_backend_pid() as pid`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("the database did not tell its sizes");
  const figure = (name: string, what: string, bytes: number): Figure => ({
    name: `likeness.${name}`,
    what,
    value: bytes / 1024 ** 2,
    unit: "MiB",
  });
  const backend = await ownMemoryOf(row.pid);
  return [
    figure("rows", `the sketches of ${many} texts, on disk`, Number(row.sketches)),
    figure("bands", "their keys, on disk", Number(row.bands)),
    figure("index", "the index of the keys, of which a search reads some pages", Number(row.index)),
    figure("buffers", "memory of PostgreSQL for all (shared_buffers)", Number(row.shared)),
    ...(backend === undefined ? [] : [figure("backend", "memory of the connection that searches", backend)]),
    figure("process", "memory of the process that searches", process.memoryUsage.rss()),
  ];
}

/** @returns undefined where the server runs elsewhere */
async function ownMemoryOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^Name:\s*postgres[\s\S]*^RssAnon:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
