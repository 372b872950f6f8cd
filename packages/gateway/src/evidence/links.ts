import {
  ApiError,
  type EvidenceBundle,
  type LinkKept,
  evidenceBundleSchema,
  packetSchema,
} from "@hireforhumans/protocol";
import type { LinkCopy } from "@hireforhumans/oracle";
import { sql } from "kysely";
import type { Context, Database, Trx } from "../context.ts";
import { type KeptPage, keepPage } from "./pages.ts";

/** As many as a bundle holds: who needs more is not handing in evidence. */
const MOST_COPIES = 50;
/** Once a minute while nothing is signed: as long as the verifier has, nearly. */
const MOST_TRIES = 50;
const AT_ONCE = 10;
/** For all links of one bundle, so that slow servers do not hold up others' evidence. */
const ALL_WITHIN_MS = 15_000;

/**
 * Keeps what stands at an address now, for a worker who wants to see what will be judged and sign that. The link in the
 * evidence then names its `sha256`.
 * @throws ApiError not_found, wrong_status, links_used_up
 */
export async function keepLink(
  ctx: Context,
  { id: workerId, address }: { id: string; address: string },
  jobId: string,
  url: string,
): Promise<LinkKept> {
  await requireInHand(ctx.db, workerId, jobId);
  await takePlace(ctx.db, workerId, jobId);
  // A process that dies meanwhile leaves a place taken, which is one page less for one worker and one job.
  let added = false;
  try {
    const kept = await keepPage(ctx, url);
    if (kept.copy !== null) {
      const { sha256, size_bytes: size, media_type } = kept.copy;
      const created_at = new Date().toISOString();
      await ctx.records.put({
        kind: "link_copy",
        job_id: jobId,
        worker: address,
        url,
        sha256,
        size,
        media_type,
        created_at,
      });
      const inserted = await ctx.db
        .insertInto("link_copies")
        .values({ job_id: jobId, worker_id: workerId, url, sha256, media_type })
        .onConflict((conflict) => conflict.doNothing())
        .returning("sha256")
        .executeTakeFirst();
      added = inserted !== undefined;
    }
    return { url, ...kept };
  } finally {
    if (!added) await giveBackPlace(ctx.db, workerId, jobId);
  }
}

/** Before anything is fetched, so that calls side by side get no more than calls one after the other. @throws ApiError links_used_up */
async function takePlace(db: Database, workerId: string, jobId: string): Promise<void> {
  const { rows } = await sql`
    insert into link_places (job_id, worker_id, taken)
    select ${jobId}, ${workerId}, count(*) + 1 from link_copies
    where job_id = ${jobId} and worker_id = ${workerId} having count(*) < ${MOST_COPIES}
    on conflict (job_id, worker_id) do update set taken = link_places.taken + 1 where link_places.taken < ${MOST_COPIES}
    returning taken`.execute(db);
  if (rows.length > 0) return;
  throw new ApiError(
    "links_used_up",
    `${MOST_COPIES} pages are kept for you and this job, or are being fetched; no more are.`,
  );
}

const giveBackPlace = (db: Database, workerId: string, jobId: string) =>
  db
    .updateTable("link_places")
    .set({ taken: sql<number>`taken - 1` })
    .where("job_id", "=", jobId)
    .where("worker_id", "=", workerId)
    .execute();

async function requireInHand(db: Database, workerId: string, jobId: string): Promise<void> {
  const job = await db
    .selectFrom("jobs")
    .select("status")
    .where("id", "=", jobId)
    .where("worker_id", "=", workerId)
    .executeTakeFirst();
  if (job === undefined)
    throw new ApiError("not_found", `There is no job ${jobId} that you accepted.`, { param: "id" });
  if (job.status !== "accepted") {
    throw new ApiError("wrong_status", `The job is ${job.status}; pages are kept while it is accepted.`);
  }
}

/**
 * Refuses links that name a copy which is none of this worker's, and, where the job asks for a link, a bundle of which no
 * link could ever be fetched: what is wrong can still be mended then. A server that is down refuses nothing.
 * @throws ApiError evidence_link_not_kept, evidence_link_not_allowed
 */
export async function requireUsableLinks(
  ctx: Context,
  workerId: string,
  { packet, bundle }: { packet: unknown; bundle: EvidenceBundle },
): Promise<void> {
  const links = linksOf(bundle);
  for (const { item, url, sha256 } of links) {
    if (sha256 === undefined || (await copyOf(ctx.db, workerId, bundle.job_id, url, sha256)) !== undefined) continue;
    throw notKept(`bundle.items.${item}`, url, sha256);
  }
  const { required_evidence, checks } = packetSchema.parse(packet).acceptance;
  const asked = required_evidence.includes("link") || checks.some(({ check }) => check === "link");
  if (!asked || links.length === 0) return;
  const [first] = links;
  let refusal: string | undefined;
  // One after the other: names that nobody resolves must not take up all that looks names up.
  for (const { url, sha256 } of links) {
    const problem = sha256 === undefined ? await ctx.network.refusalOf(url) : undefined;
    if (problem === undefined) return;
    refusal ??= problem;
  }
  throw new ApiError(
    "evidence_link_not_allowed",
    `The job asks for a link, and this one can't be looked at: ${refusal}. Nothing was handed in yet; send another.`,
    { param: `bundle.items.${first?.item}` },
  );
}

export const notKept = (param: string, url: string, sha256: string) =>
  new ApiError("evidence_link_not_kept", `What was kept of ${url.slice(0, 300)} for you is not ${sha256}.`, { param });

interface Link {
  item: number;
  url: string;
  sha256: string | undefined;
}

function linksOf({ items }: Pick<EvidenceBundle, "items">): Link[] {
  return items.flatMap((piece, item) =>
    piece.kind === "link" ? [{ item, url: piece.url, sha256: piece.sha256 }] : [],
  );
}

export async function copyOf(db: Database | Trx, workerId: string, jobId: string, url: string, sha256: string) {
  return db
    .selectFrom("link_copies")
    .select(["sha256", "media_type"])
    .where("job_id", "=", jobId)
    .where("worker_id", "=", workerId)
    .where("url", "=", url)
    .where("sha256", "=", sha256)
    .executeTakeFirst();
}

/**
 * Writes down which links of evidence are to be looked at, with the copies that are there.
 * @returns whether any has to be fetched
 */
export async function noteLinks(
  trx: Trx,
  workerId: string,
  evidenceId: string,
  bundle: EvidenceBundle,
): Promise<boolean> {
  let missing = false;
  for (const { item, url, sha256 } of linksOf(bundle)) {
    const copy = sha256 === undefined ? undefined : await copyOf(trx, workerId, bundle.job_id, url, sha256);
    missing ||= copy === undefined;
    await trx
      .insertInto("evidence_links")
      .values({ evidence_id: evidenceId, item, url, ...copy })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return missing;
}

/**
 * Fetches what the links of evidence lead to, where there is no copy yet, and has the evidence verified. The first copy
 * stands: a page that changes later, a second call and a crash in the middle change nothing.
 */
export async function keepLinks(ctx: Context, evidenceId: string): Promise<void> {
  const { bundle, worker_id } = await ctx.db
    .selectFrom("evidence")
    .select(["bundle", "worker_id"])
    .where("id", "=", evidenceId)
    .executeTakeFirstOrThrow();
  const evidence = evidenceBundleSchema.parse(bundle);
  const signed = new Map(linksOf(evidence).map(({ item, sha256 }) => [item, sha256]));
  // A gateway of before took evidence without noting its links, and a rebuilt database has lost the notes.
  await ctx.db.transaction().execute((trx) => noteLinks(trx, worker_id, evidenceId, evidence));
  const missing = await ctx.db
    .selectFrom("evidence_links")
    .select(["item", "url"])
    .where("evidence_id", "=", evidenceId)
    .where("sha256", "is", null)
    .where("tries", "<", MOST_TRIES)
    .orderBy("tries")
    .orderBy("item")
    .execute();
  const signal = AbortSignal.timeout(ALL_WITHIN_MS);
  for (let from = 0; from < missing.length && !signal.aborted; from += AT_ONCE) {
    await Promise.all(
      missing.slice(from, from + AT_ONCE).map(async ({ item, url }) => {
        const { copy, problem } = asSigned(await keepPage(ctx, url, signal), signed.get(item));
        await ctx.db
          .updateTable("evidence_links")
          .set({
            sha256: copy?.sha256 ?? null,
            media_type: copy?.media_type ?? null,
            problem,
            tries: sql<number>`tries + 1`,
            looked_at: sql<Date>`now()`,
          })
          .where("evidence_id", "=", evidenceId)
          .where("item", "=", item)
          .where("sha256", "is", null)
          .execute();
      }),
    );
  }
  await recordLinks(ctx, evidenceId);
  await ctx.queue.send(null, "verify", evidenceId);
}

/** Before the evidence is judged by them: of copies that were there first, so each is told as it stands. */
async function recordLinks({ db, records }: Context, evidenceId: string): Promise<void> {
  const links = await db
    .selectFrom("evidence_links")
    .innerJoin("files", "files.sha256", "evidence_links.sha256")
    .select(["item", "files.sha256", "files.size", "evidence_links.media_type"])
    .where("evidence_id", "=", evidenceId)
    .orderBy("item")
    .execute();
  await Promise.all(
    links.map(({ item, sha256, size, media_type }) =>
      records.put({
        kind: "evidence_link",
        evidence_id: evidenceId,
        item,
        sha256,
        size: Number(size),
        media_type: media_type ?? "",
      }),
    ),
  );
}

/** What the worker signed is judged, and nothing else that stands there now. */
function asSigned({ copy, problem }: KeptPage, sha256: string | undefined): Pick<KeptPage, "copy" | "problem"> {
  if (copy === null || sha256 === undefined || copy.sha256 === sha256) return { copy, problem };
  return { copy: null, problem: "what stands there now is not what the evidence names" };
}

/** Whether a link of the evidence is still worth a look, or none was noted yet. */
export const wantsLinks = sql<boolean>`(exists (
  select 1 from evidence_links l where l.evidence_id = evidence.id and l.sha256 is null and l.tries < ${sql.lit(MOST_TRIES)}
) or (
  evidence.bundle @> '{"items": [{"kind": "link"}]}'
  and not exists (select 1 from evidence_links l where l.evidence_id = evidence.id)
))`;

/** What was kept of evidence's links, as the oracle takes it: a column of a select from evidence. A link without an entry was not looked at yet. */
export const linkCopies = sql<LinkCopy[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('item', l.item, 'problem', case when l.sha256 is null then l.problem end,
    'copy', case when l.sha256 is not null then jsonb_build_object('sha256', l.sha256, 'mediaType', l.media_type,
      'sizeBytes', coalesce((select size from files where files.sha256 = l.sha256), 0)) end) order by l.item), '[]')
  from evidence_links l where l.evidence_id = evidence.id and (l.sha256 is not null or l.tries > 0)
)`;
