import { likenessOf, type Sketch } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Database } from "../context.ts";

/** Which of its pieces stood in evidence of other jobs that was handed in before: a column of a select from evidence. */
export const seenBefore = sql<string[]>`array(
  select distinct piece from evidence earlier, unnest(earlier.fingerprints) as piece
  where earlier.fingerprints && evidence.fingerprints and earlier.job_id <> evidence.job_id
    and (earlier.created_at, earlier.id) < (evidence.created_at, evidence.id)
    and piece = any (evidence.fingerprints)
)`;

/** What is settled of evidence when it is first looked at. */
export interface Look {
  evidenceId: string;
  reviewers: number;
  /** Undefined where they are kept already. */
  sketches: readonly Sketch[] | undefined;
}

/** Keeps how many are to review evidence and what it looks like. The first word stands. */
export async function keepLooks(db: Database, looks: readonly Look[]): Promise<undefined[]> {
  const rows = looks.map(({ evidenceId, reviewers }) => ({ id: evidenceId, reviewers }));
  const sketches = looks.flatMap(({ evidenceId, sketches = [] }) =>
    sketches.map(({ sketch, ...own }) => ({ id: evidenceId, sketch: Buffer.from(sketch).toString("hex"), ...own })),
  );
  await sql`
    with look as (
      select evidence.id, max(given.reviewers) as reviewers
      from evidence join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id text, reviewers int4) using (id)
      group by evidence.id
    ), held as (
      select id from evidence where id in (select id from look) order by id for no key update
    ), kept as (
      insert into evidence_sketches (evidence_id, item, kind, sketch, keys)
      select id, item, kind, decode(sketch, 'hex'), keys
      from jsonb_to_recordset(${JSON.stringify(sketches)}::jsonb)
        as given (id text, item int4, kind text, sketch text, keys int4[])
      on conflict do nothing
    )
    update evidence
    set reviewers = coalesce(evidence.reviewers, look.reviewers), sketched_at = coalesce(evidence.sketched_at, now())
    from look join held using (id) where evidence.id = look.id`.execute(db);
  return looks.map(() => undefined);
}

/** What was kept of how evidence looks. */
export function keptSketches(db: Database, evidenceId: string): Promise<Sketch[]> {
  return db
    .selectFrom("evidence_sketches")
    .select(["item", "kind", "sketch", "keys"])
    .where("evidence_id", "=", evidenceId)
    .orderBy("item")
    .execute();
}

/**
 * Of each key so many of the newest are compared. Unlike texts share few keys; what more than this share is a template,
 * and those are near-duplicates of any of it.
 */
const comparedPerKey = 100;

/** A piece of evidence of which near-duplicates are looked for. */
export type Wanted = { evidenceId: string } & Pick<Sketch, "kind" | "sketch" | "keys">;

/**
 * @returns for each the similarity to the most similar piece of evidence of other jobs that was handed in before;
 * undefined where none is a near-duplicate
 */
export async function greatestLikenesses(db: Database, wanted: readonly Wanted[]): Promise<(number | undefined)[]> {
  const pieces = wanted.map(({ evidenceId, kind, keys }, place) => ({ place, id: evidenceId, kind, keys }));
  // With limits inside, so that each step is a few probes of an index, whatever the planner thinks of how much comes of it.
  const { rows } = await sql<{ place: number; sketch: Uint8Array }>`
    with own as materialized (
      select piece.place, piece.kind, piece.keys, evidence.number, evidence.job_id
      from jsonb_to_recordset(${JSON.stringify(pieces)}::jsonb)
        as piece (place int4, id text, kind text, keys int4[]) join evidence using (id)
    ), near as materialized (
      select distinct own.place, own.kind, own.job_id, band.number, band.item
      from own cross join unnest(own.keys) as wanted (key) cross join lateral (
        select number, item from evidence_bands
        where key = wanted.key and number < own.number
        order by number desc limit ${sql.lit(comparedPerKey)}
      ) band
    )
    select distinct near.place, earlier.sketch from near cross join lateral (
      select s.sketch from evidence e join evidence_sketches s on s.evidence_id = e.id and s.item = near.item
      where e.number = near.number and e.job_id <> near.job_id and s.kind = near.kind
      limit 1
    ) earlier`.execute(db);
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return wanted.map(({ kind, sketch }, place) => {
    const similarities = (byPlace.get(place) ?? [])
      .map((row) => likenessOf(kind, sketch, row.sketch))
      .filter((similarity) => similarity !== undefined);
    return similarities.length === 0 ? undefined : Math.max(...similarities);
  });
}
