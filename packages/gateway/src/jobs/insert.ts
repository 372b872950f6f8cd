import { type JobCreate, termsToJson } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import { type JobRow, jobColumns } from "./find.ts";
import type { PreparedJob } from "./prepare.ts";

/** Whose job it is, what asked for it, and what was made of that. */
export interface NewJob {
  clientId: string;
  /** Null: the gateway's own (a review). */
  keyId: string | null;
  body: JobCreate;
  job: PreparedJob;
  availability: { estimated_match_time: number; workers_available: number };
}

/** Writes the rows of prepared jobs; their events and their fundings are the caller's. @returns them in any order */
export async function insertJobs(trx: Trx, jobs: readonly NewJob[]): Promise<JobRow[]> {
  if (jobs.length === 0) return [];
  return trx.insertInto("jobs").values(jobs.map(rowOf)).returning(jobColumns).execute();
}

function rowOf({ clientId, keyId, body, job, availability }: NewJob) {
  const { id, chainJobId, terms, packet, requirements, reward, fee } = job;
  return {
    id,
    client_id: clientId,
    key_id: keyId,
    chain_job_id: chainJobId,
    terms: JSON.stringify(termsToJson(terms)),
    request: JSON.stringify({
      description: packet.goal,
      requirements: body.requirements ?? [],
      fallback: body.fallback ?? "wait",
      metadata: body.metadata ?? {},
      state: packet.state,
    }),
    packet: JSON.stringify(packet),
    status: "funding",
    deadline_seconds: terms.deadline,
    reward,
    fee,
    category: body.category,
    domain: requirements.domain,
    skills: [...requirements.skills],
    languages: [...requirements.languages],
    certifications: [...requirements.certifications],
    countries_allow: [...requirements.countriesAllow],
    countries_deny: [...requirements.countriesDeny],
    min_reputation: requirements.minReputation.toString(),
    pool_id: requirements.poolId,
    tier: requirements.tier,
    estimated_match_seconds: Math.round(availability.estimated_match_time * 60),
    workers_available: availability.workers_available,
  };
}
