import { type Kysely, sql } from "kysely";

/**
 * A worker has the whole time of a wave to answer. `offer_jobs` counted it from `now()`, which is when its statement began,
 * and the statement waits for whoever holds one of its jobs: that wait was taken from the time to answer. Now it is counted
 * from when the offers are made, by one look at the clock for a job's offers, its event and its next wave.
 */
const statements = [
  // As before except for that.
  sql`create or replace function offer_jobs(wanted jsonb, chain_seconds int8) returns table (job text, workers text[])
    language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
    #variable_conflict use_column
    declare
      ids text[];
      seen text[];
      one record;
      taken text[] := '{}';
      place int4;
      ends timestamptz;
    begin
      select array_agg(id), array_agg(round || ':' || (wave - 1)) into ids, seen
      from jsonb_to_recordset(wanted) as asked (id text, round int4, wave int4);
      ids := array(
        select jobs.id from jobs
        where jobs.id = any (ids) and is_due(jobs, chain_seconds)
          and jobs.round || ':' || jobs.wave = seen[array_position(ids, jobs.id)]
        order by jobs.id
        for update
      );
      -- In a statement of its own: it must see what was committed before the locks were given.
      wanted := (
        select jsonb_agg(asked.job order by asked.place)
        from jsonb_array_elements(wanted) with ordinality asked (job, place)
        join jobs on jobs.id = asked.job ->> 'id'
        where jobs.id = any (ids)
          and to_jsonb(endpoints_for('job.offered', jobs.id, jobs.client_id)) = asked.job -> 'endpoints'
          and (select count(*) from offers where job_id = jobs.id and coalesce(status = 'pending', false)) = 0
      );
      if wanted is null then
        return;
      end if;
      for one in
        with reserved as (
          select job, array_agg(worker order by place) as workers
          from reserve_together(wanted, '{}') with ordinality reserved (job, worker, place)
          group by job
        )
        select asked.*, reserved.workers as given
        from jsonb_to_recordset(wanted) as asked (
          id text, round int4, count int4, workers text[], profiles text[], offers text[], wave int4, seconds float8,
          event text, endpoints text[], deliveries text[]
        )
        join reserved on reserved.job = asked.id and cardinality(reserved.workers) = asked.count
      loop
        taken := taken || one.given;
        ends := clock_timestamp() + make_interval(secs => one.seconds);
        insert into offers (id, job_id, worker_id, profile_id, round, wave, expires_at)
        select one.offers[nth], one.id, worker, one.profiles[array_position(one.workers, worker)], one.round, one.wave, ends
        from unnest(one.given) with ordinality chosen (worker, nth);
        update jobs
        set wave = one.wave, next_wave_at = ends, sequence = jobs.sequence + 1
        where jobs.id = one.id
        returning jobs.sequence into place;
        insert into job_events (id, job_id, sequence, type, once, data)
        values (
          one.event, one.id, place, 'job.offered', 'offered:' || one.offers[1],
          jsonb_build_object(
            'wave', one.wave, 'offers', one.count,
            'expires_at', to_char(ends at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
          )
        );
        perform pg_notify('job_events', one.id);
        if one.endpoints <> '{}' then
          insert into webhook_deliveries (id, endpoint_id, event_id, job_id, sequence)
          select delivery, endpoint, one.event, one.id, place
          from unnest(one.deliveries, one.endpoints) told (delivery, endpoint);
          perform pg_notify('webhooks', '');
        end if;
        job := one.id;
        workers := one.given;
        return next;
      end loop;
      if taken <> '{}' then
        perform recount_places(taken);
      end if;
    end
  $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
