import { likenessOf, type Sketch, sketchesOf, type VerificationRequest } from "@hireforhumans/oracle";
import type { EvidenceBundle } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Context, Database } from "../context.ts";

/** Which of these pieces stood in evidence of other jobs that was handed in before this. */
export async function seenBefore(db: Database, evidenceId: string, fingerprints: string[]): Promise<string[]> {
  if (fingerprints.length === 0) return [];
  const { rows } = await sql<{ fingerprint: string }>`
    select distinct unnest(e.fingerprints) as fingerprint
    from evidence e join evidence own on own.id = ${evidenceId}
    where e.fingerprints && ${fingerprints} and e.job_id <> own.job_id
      and (e.created_at, e.id) < (own.created_at, own.id)`.execute(db);
  const seen = new Set(rows.map(({ fingerprint }) => fingerprint));
  return fingerprints.filter((fingerprint) => seen.has(fingerprint));
}

/**
 * Which pieces are near-duplicates of evidence of other jobs that was handed in before this. Keeps what this evidence
 * looks like first, so that of two that are verified at once the later one finds the earlier.
 */
export async function likeBefore(
  ctx: Pick<Context, "db" | "files">,
  evidenceId: string,
  bundle: EvidenceBundle,
): Promise<VerificationRequest["likeBefore"]> {
  const found: VerificationRequest["likeBefore"] = [];
  for (const sketch of await keptSketches(ctx, evidenceId, bundle)) {
    const similarity = await greatestLikeness(ctx.db, evidenceId, sketch);
    if (similarity !== undefined) found.push({ item: sketch.item, similarity });
  }
  return found;
}

async function keptSketches(
  { db, files }: Pick<Context, "db" | "files">,
  evidenceId: string,
  bundle: EvidenceBundle,
): Promise<Sketch[]> {
  const { sketched_at } = await db
    .selectFrom("evidence")
    .select("sketched_at")
    .where("id", "=", evidenceId)
    .executeTakeFirstOrThrow();
  if (sketched_at !== null) {
    return db
      .selectFrom("evidence_sketches")
      .select(["item", "kind", "sketch", "keys"])
      .where("evidence_id", "=", evidenceId)
      .orderBy("item")
      .execute();
  }
  const sketches = await sketchesOf(bundle, (sha256) => files.open(sha256));
  await db.transaction().execute(async (trx) => {
    for (const { item, kind, sketch, keys } of sketches) {
      await trx
        .insertInto("evidence_sketches")
        .values({ evidence_id: evidenceId, item, kind, sketch: Buffer.from(sketch), keys })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await trx.updateTable("evidence").set({ sketched_at: new Date() }).where("id", "=", evidenceId).execute();
  });
  return sketches;
}

/** @returns the similarity to the most similar piece of earlier evidence; undefined where none is a near-duplicate */
export async function greatestLikeness(
  db: Database,
  evidenceId: string,
  { kind, sketch, keys }: Pick<Sketch, "kind" | "sketch" | "keys">,
): Promise<number | undefined> {
  // Materialized, so that the planner reads the candidates by the index, whatever it thinks of the rest.
  const { rows } = await sql<{ sketch: Uint8Array }>`
    with candidates as materialized (
      select evidence_id, sketch from evidence_sketches where keys && ${keys}::int4[] and kind = ${kind}
    )
    select distinct c.sketch from candidates c
    join evidence e on e.id = c.evidence_id join evidence own on own.id = ${evidenceId}
    where e.job_id <> own.job_id and (e.created_at, e.id) < (own.created_at, own.id)`.execute(db);
  const similarities = rows
    .map((row) => likenessOf(kind, sketch, row.sketch))
    .filter((similarity) => similarity !== undefined);
  return similarities.length === 0 ? undefined : Math.max(...similarities);
}
