import { type Kysely, sql } from "kysely";

/**
 * Most steps of jobs in two statements and no more round trips: `due_jobs` reads what their candidates are found by, and
 * `offer_jobs` reserves those and makes the offers. Neither has to be told what the packet says: what a worker may see of it
 * before acceptance is written with the job.
 *
 * No condition except the ids of jobs may be looked up in an index, see 0016: with a `random_page_cost` of 1.1, which suits
 * SSDs, the kept plan of `lock_due_jobs` took the index of open jobs by their status, and read them all to lock a few. Nor
 * may `not exists` stand there: the plan could read a table as a whole for it, once that is small; a count is looked up.
 */
const statements = [
  // What may be told of the packet before acceptance (handoff/redact.ts). Null: made by an earlier gateway.
  sql`alter table jobs add column preview jsonb`,
  // Of an offer of a job without a preview only.
  sql`alter table offers alter column packet set default '{}'`,

  // Whether a job looks for a worker and its time has come; in a form that no index knows.
  sql`create function is_due(job jobs, chain_seconds int8) returns boolean language sql stable as $$
    select coalesce(
      job.status = 'open' and job.chain_status = 'open' and job.cancel_requested_at is null
        and job.deadline_seconds > chain_seconds and job.next_wave_at <= now(),
      false
    )
  $$`,

  // As before; what it finds, it finds by the ids alone.
  sql`create or replace function lock_due_jobs(ids text[], chain_seconds int8) returns table (
      id text, round int4, skills text[], languages text[], certifications text[], countries_allow text[],
      countries_deny text[], min_reputation numeric, pool_id text, tier text, domain text, terms jsonb, wave int4,
      unmatched_at timestamptz, request jsonb, packet jsonb, review boolean, barred text[],
      missed text[], until timestamptz, workers text[]
    ) language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
    #variable_conflict use_column
    declare
      due text[];
      late text[];
    begin
      due := array(
        select jobs.id from jobs
        where jobs.id = any (ids) and is_due(jobs, chain_seconds)
        order by jobs.id
        for update
      );
      late := array(
        select offer.id from unnest(due) job (id)
        cross join lateral (
          select id from offers where job_id = job.id and expires_at <= now() and coalesce(status = 'pending', false)
        ) offer
      );
      if late <> '{}' then
        with ended as (
          update offers set status = 'timeout', reason = 'no answer in time', decided_at = now()
          where id = any (late) and coalesce(status = 'pending', false)
          returning id
        )
        select array_agg(id) into late from ended;
      end if;
      return query
        select job.id, job.round, job.skills, job.languages, job.certifications, job.countries_allow,
          job.countries_deny, job.min_reputation, job.pool_id, job.tier, job.domain, job.terms, job.wave,
          job.unmatched_at, job.request, job.packet, reviewed.review,
          case when reviewed.review then barred_from_review(job.id) else '{}' end,
          offered.missed, offered.until, offered.workers
        from jobs job
        cross join lateral (select count(*) > 0 as review from reviews where job_id = job.id) reviewed
        cross join lateral (
          select coalesce(array_agg(worker_id) filter (where id = any (late)), '{}') as missed,
            min(expires_at) filter (where status = 'pending') as until,
            coalesce(array_agg(worker_id) filter (where round = job.round or status = 'accepted'), '{}') as workers
          from offers
          where job_id = job.id
        ) offered
        where job.id = any (due);
    end
  $$`,

  // Those of these jobs whose next wave is due and can be made at once: nobody is being asked, it is no review, and the job
  // has a preview. `workers`: who was asked in this round; `endpoints`: who wants to hear of the offers.
  sql`create function due_jobs(ids text[], chain_seconds int8) returns table (
      id text, round int4, skills text[], languages text[], certifications text[], countries_allow text[],
      countries_deny text[], min_reputation numeric, pool_id text, tier text, domain text, terms jsonb, wave int4,
      workers text[], endpoints text[]
    ) language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
    #variable_conflict use_column
    begin
      return query
        select job.id, job.round, job.skills, job.languages, job.certifications, job.countries_allow,
          job.countries_deny, job.min_reputation, job.pool_id, job.tier, job.domain, job.terms, job.wave,
          offered.workers, endpoints_for('job.offered', job.id, job.client_id)
        from jobs job
        cross join lateral (
          select coalesce(array_agg(worker_id) filter (where round = job.round or status = 'accepted'), '{}') as workers,
            coalesce(bool_or(status = 'pending'), false) as pending
          from offers
          where job_id = job.id
        ) offered
        where job.id = any (ids) and not offered.pending
          and is_due(job, chain_seconds) and preview is not null
          and (select count(*) from reviews where job_id = job.id) = 0;
    end
  $$`,

  // Locks those of these jobs that are as `due_jobs` gave them, in one order, so that no two groups wait for each other.
  // Then, for each in turn: where as many as it wants are free of the workers named for it, they get its offers, the job
  // its event with the deliveries, and its next wave. Of the others nothing is written and nothing returned. Who may be
  // taken is the word of `reserve_together`; nobody is given to two of the jobs.
  sql`create function offer_jobs(wanted jsonb, chain_seconds int8) returns table (job text, workers text[])
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
        -- By the clock: the locks may have been waited for, and that is not the worker's time to answer.
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
