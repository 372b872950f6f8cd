import { type Kysely, sql } from "kysely";

/**
 * A step of many jobs in two statements, whose plans are kept: most of a step's time was planning and asking. A kept plan
 * is made when the tables may be empty, and must still be good when they are large: so the conditions that stand in
 * `coalesce` are not to be looked up in an index, which may name all jobs or offers that there are.
 */
const statements = [
  // The webhook endpoints that want an event of this type.
  sql`create function endpoints_for(event_type text, job text, client text) returns text[] language plpgsql stable
    set plan_cache_mode = force_generic_plan as $$
    begin
      return array(
        select e.id from webhook_endpoints e
        where e.deleted_at is null and e.client_id = client and e.job_id is null
          and (e.event_types = '{}' or event_type = any (e.event_types))
        union all
        select e.id from webhook_endpoints e
        where e.deleted_at is null and e.job_id = job
          and (e.event_types = '{}' or event_type = any (e.event_types))
      );
    end
  $$`,

  // Locks those of these jobs that look for a worker and whose time has come, in one order, so that no two groups wait for
  // each other; unanswered offers of theirs time out. `until`: how long the first of its offers runs that are still open;
  // `missed`: who did not answer; `workers`: who was asked in this round.
  sql`create function lock_due_jobs(ids text[], chain_seconds int8) returns table (
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
        where jobs.id = any (ids) and status = 'open' and chain_status = 'open' and cancel_requested_at is null
          and deadline_seconds > chain_seconds and coalesce(next_wave_at <= now(), false)
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
        cross join lateral (select exists (select from reviews where job_id = job.id) as review) reviewed
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

  // For each of these jobs in turn: where as many as it wants are free of the workers named for it, they get its offers, the
  // job its event and its next wave. Of the others nothing is written and nothing returned. Who may be taken is the
  // word of `reserve_together`; nobody is given to two of the jobs. The jobs' rows must be locked.
  sql`create function offer_together(wanted jsonb) returns table (
      "jobId" text, id text, sequence int4, endpoints text[], workers text[]
    ) language plpgsql set plan_cache_mode = force_generic_plan as $$
    #variable_conflict use_column
    declare
      one record;
      taken text[] := '{}';
      client text;
    begin
      for one in
        with reserved as (
          select job, array_agg(worker order by place) as workers
          from reserve_together(wanted, '{}') with ordinality reserved (job, worker, place)
          group by job
        )
        select asked.*, reserved.workers as given
        from jsonb_to_recordset(wanted) as asked (
          id text, round int4, count int4, workers text[], profiles text[], offers text[], packet jsonb, wave int4,
          seconds float8, event text
        )
        join reserved on reserved.job = asked.id and cardinality(reserved.workers) = asked.count
      loop
        taken := taken || one.given;
        insert into offers (id, job_id, worker_id, profile_id, round, wave, packet, expires_at)
        select one.offers[nth], one.id, worker, one.profiles[array_position(one.workers, worker)], one.round, one.wave,
          one.packet, now() + make_interval(secs => one.seconds)
        from unnest(one.given) with ordinality chosen (worker, nth);
        update jobs
        set wave = one.wave, next_wave_at = now() + make_interval(secs => one.seconds), sequence = jobs.sequence + 1
        where jobs.id = one.id
        returning jobs.sequence, client_id into sequence, client;
        insert into job_events (id, job_id, sequence, type, once, data)
        values (
          one.event, one.id, sequence, 'job.offered', 'offered:' || one.offers[1],
          jsonb_build_object(
            'wave', one.wave, 'offers', one.count,
            'expires_at', to_char(
              (now() + make_interval(secs => one.seconds)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
            )
          )
        );
        perform pg_notify('job_events', one.id);
        "jobId" := one.id;
        id := one.event;
        workers := one.given;
        endpoints := endpoints_for('job.offered', one.id, client);
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
