import { type JobCreate, termsToJson } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { RecordOf } from "../records/record.ts";
import type { PreparedJob } from "./prepare.ts";

/**
 * Puts a job into the content store, before its funding can reach the chain: without its packet and its terms nobody
 * could work on it, judge it or move its money. A job that is then not made leaves a record that no chain event names.
 */
export async function recordJob(
  { records }: Pick<Context, "records">,
  body: JobCreate,
  job: PreparedJob,
  review: RecordOf<"job">["review"] = null,
): Promise<void> {
  const { packet, requirements } = job;
  await records.put({
    kind: "job",
    job_id: job.id,
    chain_job_id: job.chainJobId,
    terms: termsToJson(job.terms),
    packet,
    asked: {
      request: {
        description: packet.goal,
        requirements: body.requirements ?? [],
        fallback: body.fallback ?? "wait",
        metadata: body.metadata ?? {},
        state: packet.state,
      },
      category: body.category,
      domain: requirements.domain,
      skills: requirements.skills,
      languages: requirements.languages,
      certifications: requirements.certifications,
      countries_allow: requirements.countriesAllow,
      countries_deny: requirements.countriesDeny,
      pool_id: requirements.poolId,
      tier: requirements.tier,
    },
    review,
    created_at: new Date().toISOString(),
  });
}
