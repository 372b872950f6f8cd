import { type Kysely, sql } from "kysely";

/**
 * How each gateway's index of candidates is kept up to date (matching/candidate-feed.ts) and its word is checked, and the
 * steps of matching that would take many statements each.
 */
const statements = [
  // Counts what matching sees of a worker: who goes by an older state is told so by it.
  sql`alter table workers add column revision int8 not null default 0`,
  // Presence and places change all the time; with room on its page a row is rewritten beside itself, without its indexes.
  sql`alter table workers set (fillfactor = 85)`,
  sql`alter table profiles set (fillfactor = 85)`,

  // Each row says: what matching sees of this worker has changed.
  sql`create table worker_changes (
    worker_id text not null,
    -- A number given when the row is written would be passed by readers before a slower transaction commits. By the
    -- transactions that have ended a reader knows what it can't have missed.
    transaction xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default now()
  )`,
  sql`create index worker_changes_by_transaction on worker_changes (transaction)`,

  // Brings tags and available of these workers' profiles in line with what they are made of, and tells it.
  sql`create function sync_profiles(ids text[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan as $$
    begin
      update workers set revision = revision + 1 where id = any (ids);
      update profiles p
      set tags = made.tags, available = made.available
      from (
        select p.id,
          tags_of(p.skills, p.languages, p.certifications, p.pools, w.country) as tags,
          p.active and w.presence = 'online' and w.load + w.offered < w.capacity as available
        from workers w
        join profiles p on p.worker_id = w.id and p.deleted_at is null
        where w.id = any (ids)
      ) made
      where p.id = made.id and (p.tags, p.available) is distinct from (made.tags, made.available);
      insert into worker_changes (worker_id) select unnest(ids);
    end
  $$`,

  // Counts anew which places of these workers are taken: by jobs in hand and by pending offers.
  sql`create function recount_places(ids text[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan as $$
    begin
      -- In a statement of its own: the one that counts must see what was committed before the lock was given.
      perform from workers where id = any (ids) order by id for no key update;
      update workers w
      set load = counted.load,
          offered = counted.offered,
          idle_since = case when w.load > 0 and counted.load = 0 then now() else w.idle_since end
      from (
        select id,
          (select count(*) from jobs where worker_id = one.id and status in ('accepted', 'submitted')) as load,
          (select count(*) from offers where worker_id = one.id and status = 'pending') as offered
        from unnest(ids) one (id)
      ) counted
      where w.id = counted.id;
      perform sync_profiles(ids);
    end
  $$`,

  // Locks the first of these workers that are what a reader took them for, free, and neither a party to the job nor asked
  // before. Whoever another transaction holds is passed over.
  sql`create function reserve_places(
      ids text[], revisions int8[], job text, job_round int4, parties text[], wanted int4
    ) returns setof text language plpgsql
    set plan_cache_mode = force_generic_plan as $$
    begin
      return query
      select w.id
      from unnest(ids, revisions) with ordinality named (id, revision, place)
      join workers w on w.id = named.id and w.revision = named.revision
      where w.presence = 'online' and w.load + w.offered < w.capacity and w.address <> all (parties)
        and not exists (
          select from offers o
          where o.job_id = job and o.worker_id = named.id and (o.round = job_round or o.status = 'accepted')
        )
      order by named.place
      limit wanted
      for no key update of w skip locked;
    end
  $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
