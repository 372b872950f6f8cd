import { type Kysely, sql } from "kysely";

/** Matching for many jobs in one transaction, and a worker who comes, goes or is asked written with less. */
const statements = [
  // Whether a profile is available changes all the time. No index may name it, or each change is a new entry in all of them.
  sql`create index profiles_best on profiles (tier, reputation desc) where active`,
  sql`drop index profiles_best_available`,
  sql`drop index profiles_tags_available`,

  // As before, in one write of the worker's row and without making tags anew, which places don't change.
  sql`create or replace function recount_places(ids text[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan as $$
    begin
      -- In a statement of its own: the one that counts must see what was committed before the lock was given.
      perform from workers where id = any (ids) order by id for no key update;
      update workers w
      set load = counted.load,
          offered = counted.offered,
          idle_since = case when w.load > 0 and counted.load = 0 then now() else w.idle_since end,
          revision = w.revision + 1
      from (
        select distinct id,
          (select count(*) from jobs where worker_id = one.id and status in ('accepted', 'submitted')) as load,
          (select count(*) from offers where worker_id = one.id and status = 'pending') as offered
        from unnest(ids) one (id)
      ) counted
      where w.id = counted.id;
      update profiles p
      set available = not p.available
      from workers w
      where w.id = any (ids) and p.worker_id = w.id and p.deleted_at is null
        and p.available <> (p.active and w.presence = 'online' and w.load + w.offered < w.capacity);
      insert into worker_changes (worker_id) select distinct unnest(ids);
    end
  $$`,

  // For each of these jobs in turn, locks the first of the workers named for it that are what a reader took them for, free,
  // and neither a party to the job nor asked before. Nobody is given to two of them, and whoever another transaction holds
  // is passed over.
  sql`create function reserve_together(wanted jsonb, given text[]) returns table (job text, worker text) language plpgsql
    set plan_cache_mode = force_generic_plan as $$
    declare
      one record;
      taken text[] := given;
      reserved text[];
    begin
      for one in
        select * from jsonb_to_recordset(wanted)
          as one (id text, round int4, parties text[], count int4, workers text[], revisions int8[])
      loop
        reserved := array(
          select w.id
          from unnest(one.workers, one.revisions) with ordinality named (id, revision, place)
          join workers w on w.id = named.id and w.revision = named.revision
          where w.presence = 'online' and w.load + w.offered < w.capacity
            and w.id <> all (taken) and w.address <> all (one.parties)
            and not exists (
              select from offers o
              where o.job_id = one.id and o.worker_id = named.id and (o.round = one.round or o.status = 'accepted')
            )
          order by named.place
          limit one.count
          for no key update of w skip locked
        );
        taken := taken || reserved;
        return query select one.id, unnest(reserved);
      end loop;
    end
  $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
