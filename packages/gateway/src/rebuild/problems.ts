import { sql } from "kysely";
import type { Database } from "../context.ts";

/** @returns a line about each piece of evidence and each reason that the chain has a hash of and the rows have not */
export async function missingDocuments(db: Database): Promise<string[]> {
  const { rows: evidence } = await sql<{ id: string; hash: string }>`
    select distinct j.id, e.args ->> 'evidenceHash' as hash
    from chain_events e join jobs j on j.chain_job_id = e.chain_job_id
    where e.args ? 'evidenceHash' and e.name in ('Submitted', 'Completed')
      and not exists (select 1 from evidence ev where ev.job_id = j.id and ev.evidence_hash = e.args ->> 'evidenceHash')
    order by 1`.execute(db);
  const { rows: reasons } = await sql<{ id: string; hash: string }>`
    select distinct j.id, e.args ->> 'reasonsHash' as hash
    from chain_events e join jobs j on j.chain_job_id = e.chain_job_id
    where e.args ? 'reasonsHash' and e.args ->> 'reasonsHash' !~ '^0x0+$'
      and not exists (select 1 from verdicts v where v.job_id = j.id and v.reasons_hash = e.args ->> 'reasonsHash')
    order by 1`.execute(db);
  const { rows: statements } = await sql<{ id: string; hash: string }>`
    select distinct j.id, coalesce(e.args ->> 'statementHash', e.args ->> 'evidenceHash') as hash
    from chain_events e join jobs j on j.chain_job_id = e.chain_job_id
    where (e.name = 'Disputed' or e.name = 'EvidenceAdded')
      and not exists (
        select 1 from case_documents d
        where d.job_id = j.id and d.hash = coalesce(e.args ->> 'statementHash', e.args ->> 'evidenceHash'))
    order by 1`.execute(db);
  return [
    ...evidence.map(({ id, hash }) => `job ${id}: no record of the evidence ${hash}`),
    ...reasons.map(({ id, hash }) => `job ${id}: no record of the verdict's reasons ${hash}`),
    ...statements.map(({ id, hash }) => `job ${id}: no record of the case document ${hash}`),
  ];
}
