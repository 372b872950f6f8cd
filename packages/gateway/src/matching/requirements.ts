import { type RawBuilder, type Selectable, sql } from "kysely";
import { type Tier, domainOf } from "@hireforhumans/protocol";
import type { Schema } from "../database/schema.ts";
import type { Requirements } from "../jobs/requirements.ts";
import { START_SCORE } from "./rank.ts";

type JobRow = Selectable<Schema["jobs"]>;

const NOBODY = "0x0000000000000000000000000000000000000000";

/** Of those who fit, the ones with the best reputation are ranked; ranking thousands would cost the time of the match. */
export const SHORTLIST = 200;

const tiers: readonly Tier[] = ["general", "technical", "compliance"];

/** As the column `tier` of profiles has it. */
export const tierNumber = (tier: Tier): number => tiers.indexOf(tier);

/** What a profile's tags must hold, as `tags_of` makes them. */
export const tagsAsked = ({ skills, languages, certifications, poolId, countriesAllow }: Requirements): string[] => [
  ...skills.map((skill) => `skill:${skill}`),
  ...languages.map((language) => `language:${language}`),
  ...certifications.map((certification) => `certification:${certification}`),
  ...(poolId === null ? [] : [`pool:${poolId}`]),
  ...(countriesAllow.length === 1 ? countriesAllow.map((country) => `country:${country}`) : []),
];

/** The columns of `jobs` from which `askedByJob` is made. */
export const askingColumns = [
  "id",
  "round",
  "skills",
  "languages",
  "certifications",
  "countries_allow",
  "countries_deny",
  "min_reputation",
  "pool_id",
  "tier",
  "domain",
  "terms",
] as const satisfies (keyof JobRow)[];

export type AskingRow = Pick<JobRow, (typeof askingColumns)[number]>;

/**
 * What is asked, as a row for SQL. Its values go in as constants, not as columns of a table: so the planner knows how
 * many profiles a job will find and reads either those (rare) or the best first (common).
 */
export function asked(requirements: Requirements): RawBuilder<unknown> {
  return askedRow({ ...requirements, jobId: null, round: 0, parties: [], onlyWorker: null });
}

export const requirementsOfJob = (job: AskingRow): Requirements => ({
  skills: job.skills,
  languages: job.languages,
  certifications: job.certifications,
  countriesAllow: job.countries_allow,
  countriesDeny: job.countries_deny,
  minReputation: BigInt(job.min_reputation),
  poolId: job.pool_id,
  tier: job.tier as Tier,
  domain: job.domain,
});

/** The only address that may take a job; null: anybody. */
export const onlyWorkerOf = ({ terms }: Pick<AskingRow, "terms">): string | null =>
  terms.worker === NOBODY ? null : terms.worker;

/** The addresses that must not get a job: its own parties, and those barred from a review. */
export function partiesOf({ terms, barred = [] }: Pick<AskingRow, "terms"> & { barred?: readonly string[] }): string[] {
  return [terms.client, terms.verifier, terms.arbiter, ...barred];
}

/**
 * What a job asks, and who is not to get it: its own parties, those barred from a review, and everyone but the worker it
 * names, if any.
 */
export function askedByJob(job: AskingRow & { barred?: readonly string[] }): RawBuilder<unknown> {
  return askedRow({
    ...requirementsOfJob(job),
    jobId: job.id,
    round: job.round,
    parties: partiesOf(job),
    onlyWorker: onlyWorkerOf(job),
  });
}

interface Asked extends Requirements {
  jobId: string | null;
  round: number;
  parties: readonly string[];
  onlyWorker: string | null;
}

function askedRow(row: Asked): RawBuilder<unknown> {
  return sql`(
    select ${row.jobId}::text as id, ${row.round}::int4 as round,
      ${row.skills}::text[] as skills, ${row.languages}::text[] as languages,
      ${row.certifications}::text[] as certifications, ${row.poolId}::text as pool_id,
      ${row.countriesAllow}::text[] as countries_allow, ${row.countriesDeny}::text[] as countries_deny,
      ${row.minReputation.toString()}::numeric as min_reputation, ${row.tier}::text as tier,
      ${row.domain}::text as domain, ${domainOf(row.domain)}::text as domain_hash,
      ${row.parties}::text[] as parties, ${row.onlyWorker}::text as only_worker
  )`;
}

/**
 * What jobs ask that look for somebody and that nobody is being asked about, in the same columns. Who is barred from a
 * review is not among the parties: finding them out for every review would cost more than the rest.
 */
export const askedByWaitingJobs = (chainSeconds: bigint): RawBuilder<unknown> => sql`(
  select id, round, funded_at, skills, languages, certifications, pool_id, countries_allow, countries_deny,
    min_reputation, tier, domain, terms ->> 'domain' as domain_hash,
    array[terms ->> 'client', terms ->> 'verifier', terms ->> 'arbiter'] as parties,
    nullif(terms ->> 'worker', ${sql.lit(NOBODY)}) as only_worker
  from jobs
  where next_wave_at is not null and status = 'open' and chain_status = 'open' and cancel_requested_at is null
    and deadline_seconds > ${chainSeconds}::int8
    and not exists (select 1 from offers where offers.job_id = jobs.id and offers.status = 'pending')
)`;

/**
 * The hard filters: every profile `p` of a worker `w` (with reputation `r` in the job's domain) that may take what `j`
 * asks. A job that has rules on countries is not offered to those whose country is unknown.
 */
export const fitting = (askedRows: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  ${askedRows} j
  join profiles p on p.active
    and p.tags @> tags_of(j.skills, j.languages, j.certifications, array_remove(array[j.pool_id], null),
      case when cardinality(j.countries_allow) = 1 then j.countries_allow[1] end)
    and p.tier >= array_position(array['general', 'technical', 'compliance'], j.tier) - 1
  join workers w on w.id = p.worker_id
    and (cardinality(j.countries_allow) = 0 or w.country = any (j.countries_allow))
    and (cardinality(j.countries_deny) = 0 or w.country <> all (j.countries_deny))
    and w.address <> all (j.parties)
    and (j.only_worker is null or w.address = j.only_worker)
  left join reputations r on r.address = w.address and r.domain_hash = j.domain_hash
  where p.deleted_at is null and coalesce(r.score, ${sql.lit(START_SCORE)}) >= j.min_reputation
    and not exists (
      select 1 from offers o
      where o.job_id = j.id and o.worker_id = w.id and (o.round = j.round or o.status = 'accepted')
    )
`;
