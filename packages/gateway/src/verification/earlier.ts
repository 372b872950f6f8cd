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
    if (sketches.length > 0) {
      await trx
        .insertInto("evidence_sketches")
        .values(
          sketches.map(({ sketch, ...own }) => ({ evidence_id: evidenceId, sketch: Buffer.from(sketch), ...own })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await trx.updateTable("evidence").set({ sketched_at: new Date() }).where("id", "=", evidenceId).execute();
  });
  return sketches;
}

/**
 * Of each key so many of the newest are compared. Unlike texts share few keys; what more than this share is a template,
 * and those are near-duplicates of any of it.
 */
const comparedPerKey = 100;

/** @returns the similarity to the most similar piece of earlier evidence; undefined where none is a near-duplicate */
export async function greatestLikeness(
  db: Database,
  evidenceId: string,
  { kind, sketch, keys }: Pick<Sketch, "kind" | "sketch" | "keys">,
): Promise<number | undefined> {
  // With limits inside, so that each step is a few probes of an index, whatever the planner thinks of how much comes of it.
  const { rows } = await sql<{ sketch: Uint8Array }>`
    with own as materialized (select number, job_id from evidence where id = ${evidenceId}),
    near as materialized (
      select distinct band.number, band.item
      from own cross join unnest(${keys}::int4[]) as wanted (key) cross join lateral (
        select number, item from evidence_bands
        where key = wanted.key and number < own.number
        order by number desc limit ${sql.lit(comparedPerKey)}
      ) band
    )
    select distinct earlier.sketch from near cross join lateral (
      select s.sketch from evidence e join evidence_sketches s on s.evidence_id = e.id and s.item = near.item
      where e.number = near.number and e.job_id <> (select job_id from own) and s.kind = ${kind}
      limit 1
    ) earlier`.execute(db);
  const similarities = rows
    .map((row) => likenessOf(kind, sketch, row.sketch))
    .filter((similarity) => similarity !== undefined);
  return similarities.length === 0 ? undefined : Math.max(...similarities);
}
