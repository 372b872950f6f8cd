import { type JobCreate, termsToJson } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Trx } from "../context.ts";
import type { PreparedJob } from "./prepare.ts";
import type { CreatedJob } from "./present.ts";

/** Whose job it is, what asked for it, and what was made of that. */
export interface NewJob {
  clientId: string;
  /** Null: the gateway's own (a review). */
  keyId: string | null;
  body: JobCreate;
  job: PreparedJob;
  availability: { estimated_match_time: number; workers_available: number };
}

/**
 * Writes the rows of prepared jobs, whose sequence counts `job.created` already: `tellCreated`, and their fundings, are the
 * caller's. All come in one parameter, so that the statement is the same for any number of them.
 * @returns them in their order
 */
export async function insertJobs(trx: Trx, jobs: readonly NewJob[]): Promise<CreatedJob[]> {
  const rows = jobs.map(rowOf);
  const { rows: written } = await sql<Written>`
    insert into jobs (
      id, client_id, key_id, chain_job_id, terms, request, packet, preview, status, deadline_seconds, reward, fee, category, domain,
      skills, languages, certifications, countries_allow, countries_deny, min_reputation, pool_id, tier,
      estimated_match_seconds, workers_available, sequence
    )
    select
      id, client_id, key_id, chain_job_id, terms, request, packet, preview, 'funding', deadline_seconds, reward, fee, category, domain,
      skills, languages, certifications, countries_allow, countries_deny, min_reputation, pool_id, tier,
      estimated_match_seconds, workers_available, 1
    from jsonb_to_recordset(${JSON.stringify(rows.map(toJson))}::jsonb) as job (
      id text, client_id text, key_id text, chain_job_id text, terms jsonb, request jsonb, packet jsonb, preview jsonb,
      deadline_seconds int8, reward int8, fee int8, category text, domain text, skills text[], languages text[],
      certifications text[], countries_allow text[], countries_deny text[], min_reputation numeric, pool_id text, tier text,
      estimated_match_seconds int4, workers_available int4
    )
    returning id, terms, request, created_at`.execute(trx);
  const byId = new Map(written.map((row) => [row.id, row]));
  return rows.flatMap((row) => {
    const own = byId.get(row.id);
    return own === undefined ? [] : [{ ...row, ...own }];
  });
}

/** JSON as it was stored: its members have an order of their own there, and the same answer comes again from there. */
type Written = Pick<CreatedJob, "id" | "terms" | "request" | "created_at">;

const toJson = (row: ReturnType<typeof rowOf>) => ({
  ...row,
  deadline_seconds: row.deadline_seconds.toString(),
  reward: row.reward.toString(),
  fee: row.fee.toString(),
});

function rowOf({ clientId, keyId, body, job, availability }: NewJob) {
  const { id, chainJobId, terms, packet, preview, requirements, reward, fee } = job;
  return {
    id,
    client_id: clientId,
    key_id: keyId,
    chain_job_id: chainJobId,
    terms: termsToJson(terms),
    request: {
      description: packet.goal,
      requirements: body.requirements ?? [],
      fallback: body.fallback ?? "wait",
      metadata: body.metadata ?? {},
      state: packet.state,
    },
    packet,
    preview,
    deadline_seconds: terms.deadline,
    reward,
    fee,
    category: body.category,
    domain: requirements.domain,
    skills: [...requirements.skills],
    languages: [...requirements.languages],
    certifications: requirements.certifications,
    countries_allow: requirements.countriesAllow,
    countries_deny: requirements.countriesDeny,
    min_reputation: requirements.minReputation.toString(),
    pool_id: requirements.poolId,
    tier: requirements.tier,
    estimated_match_seconds: Math.round(availability.estimated_match_time * 60),
    workers_available: availability.workers_available,
  };
}
