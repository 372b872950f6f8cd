import type { ReviewWords } from "@hireforhumans/oracle";
import { type TermsJson, evidenceBundleSchema, parseTerms } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { keyedHash } from "./secret.ts";

/** What opens the salt of a review's terms to an oracle: known to this gateway's processes alone, see `reviewSaltOf`. */
export function openingOf(config: Pick<Config, "relayerPrivateKey" | "gatewaySecret">, reviewJobId: string): string {
  return `0x${keyedHash(config, "review opening", reviewJobId).toString("hex")}`;
}

interface Row {
  job_id: string;
  terms: TermsJson;
  bundle: unknown;
  signature: string;
  valid_until_seconds: bigint;
}

/** What reviewers signed, in the order of their answers on the evidence: an oracle elsewhere takes nobody else's word for it. */
export async function reviewWordsOf({ db, config }: Context, reviewIds: readonly string[]): Promise<ReviewWords[]> {
  if (reviewIds.length === 0) return [];
  const { rows } = await sql<Row>`
    select r.job_id, j.terms, e.bundle, e.signature, e.valid_until_seconds
    from reviews r
    join jobs j on j.id = r.job_id
    join evidence e on e.job_id = r.job_id and e.worker_id = r.worker_id and e.round = j.round
    where r.id = any (${reviewIds})
    order by array_position(${reviewIds}::text[], r.id)
  `.execute(db);
  return rows.map((row) => ({
    terms: parseTerms(row.terms),
    bundle: evidenceBundleSchema.parse(row.bundle),
    submit: { signature: row.signature, validUntilSeconds: row.valid_until_seconds },
    opening: openingOf(config, row.job_id),
  }));
}
