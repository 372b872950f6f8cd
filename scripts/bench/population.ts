import { type Kysely, sql } from "kysely";
import { domainOf } from "@hireforhumans/protocol";
import type { Database } from "../../packages/gateway/src/context.ts";
import type { Schema } from "../../packages/gateway/src/database/schema.ts";

export interface PopulationSize {
  workers: number;
  /** Of them on line, each with a free place. */
  online: number;
}

/** Few domains, skills and languages are everybody's, most are somebody's: the n-th is the rarer the larger n is. */
export const domains = Array.from({ length: 24 }, (_, index) => `domain_${index}`);
const SKILLS = 500;
const POOLS = 200;
const languages = ["en", "es", "de", "fr", "pt", "hi", "zh", "ar", "ja", "it", "ru", "pl", "nl", "tr", "ko", "vi"];
const countries = "US IN GB PH DE BR NG FR ES PK KE CA MX ID IT PL EG BD ZA UA AR CO VN TR RO PT NL JP KR SE".split(
  " ",
);

/**
 * Fills an empty database with workers as a large market has them, by the server itself: skills, languages, domains and
 * countries of skewed popularity, two fifths newcomers, one in eight certified, one in twenty in a client's pool, one in
 * seven with a second profile.
 * @param clientId The owner of the pools.
 */
export async function makePopulation(
  db: Database,
  clientId: string,
  { workers, online }: PopulationSize,
): Promise<void> {
  await db.connection().execute(async (one) => {
    await sql`set statement_timeout = 0`.execute(one);
    await sql`set maintenance_work_mem = '512MB'`.execute(one);
    await withoutIndexes(one, async () => {
      await insertWorkers(one, workers, online);
      await insertProfiles(one, clientId, workers);
    });
    for (const table of ["workers", "profiles", "reputations"]) {
      await sql`vacuum analyze ${sql.table(table)}`.execute(one);
    }
  });
}

async function insertWorkers(db: Kysely<Schema>, workers: number, online: number): Promise<void> {
  await sql`
    insert into workers (id, address, country, presence, idle_since, capacity)
    select 'wrk_' || lpad(i::text, 8, '0'), '0x' || lpad(to_hex(i), 40, '0'),
      case when random() < 0.95 then (${countries}::text[])[1 + floor(${countries.length}::int * power(random(), 2))::int] end,
      -- 1,000,003 is prime, so this takes evenly spread workers, and exactly so many.
      case when (i::int8 * 1000003) % ${workers}::int < ${online}::int then 'online' when random() < 0.3 then 'away' else 'offline' end,
      now() - make_interval(secs => 7200 * power(random(), 2)),
      case when random() < 0.8 then 1 else 1 + floor(4 * random())::int end
    from generate_series(1, ${workers}::int) i
  `.execute(db);
}

async function insertProfiles(db: Kysely<Schema>, clientId: string, workers: number): Promise<void> {
  await sql`
    insert into pools (id, client_id, name)
    select 'pol_' || i, ${clientId}, 'pool ' || i from generate_series(1, ${POOLS}::int) i
  `.execute(db);
  await sql`
    insert into profiles (id, worker_id, domain, skills, languages, certifications, pools, reputation)
    select 'prf_' || lpad(i::text, 8, '0') || '_' || part, 'wrk_' || lpad(i::text, 8, '0'),
      -- By the worker's number, not by chance: a second profile must be in another domain than the first.
      (${domains}::text[])[1 + (floor(${domains.length}::int * power((i::int8 * 2654435761 % 4294967296) / 4294967296.0, 2))::int + part * 7)
        % ${domains.length}::int],
      case when random() < 0.9 then array(
        select distinct 'skill_' || floor(${SKILLS}::int * power(random(), 3)) from generate_series(1, 1 + (i + part) % 6)
      ) else '{}' end,
      array(
        select distinct on (language) language
        from unnest(array[
          (${languages}::text[])[1 + floor(${languages.length}::int * power(random(), 3))::int],
          (${languages}::text[])[1 + floor(${languages.length}::int * power(random(), 3))::int]
        ]) language where i > 0
      ),
      case when random() < 0.12 then array['certification_' || floor(20 * power(random(), 2))] else '{}' end,
      case when random() < 0.05 then array['pol_' || 1 + floor(${POOLS}::int * power(random(), 2))] else '{}' end,
      case when random() < 0.4 then 0.5 else round((0.3 + 0.7 * random())::numeric, 6) end * 1000000000000000000
    from generate_series(1, ${workers}::int) i
    cross join lateral generate_series(0, case when i % 7 = 0 then 1 else 0 end) part
  `.execute(db);
  await sql`
    insert into reputations (address, domain_hash, score, successes, failures, block_number)
    select w.address, d.hash, p.reputation, 1, 1, 1
    from profiles p join workers w on w.id = p.worker_id
    join unnest(${domains}::text[], ${domains.map(domainOf)}::text[]) d (name, hash) on d.name = p.domain
    where p.reputation <> 500000000000000000
  `.execute(db);
  await sql`
    update profiles p
    set tags = tags_of(p.skills, p.languages, p.certifications, p.pools, w.country), available = w.presence = 'online'
    from workers w where w.id = p.worker_id
  `.execute(db);
  await sql`vacuum full profiles`.execute(db);
}

/** One pass over sorted rows makes an index in a fraction of the time that adding row after row takes. */
async function withoutIndexes(db: Kysely<Schema>, load: () => Promise<void>): Promise<void> {
  const { rows } = await sql<{ name: string; definition: string }>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid in ('workers'::regclass, 'profiles'::regclass, 'reputations'::regclass)
      and not exists (select 1 from pg_constraint where conindid = indexrelid)
  `.execute(db);
  for (const { name } of rows) await sql`drop index ${sql.ref(name)}`.execute(db);
  await load();
  for (const { definition } of rows) await sql.raw(definition).execute(db);
}
