import type { Response } from "express";
import { pipeline } from "node:stream/promises";
import { ApiError } from "@hireforhumans/protocol";
import { sql } from "kysely";
import type { Context } from "../context.ts";
import { type Caller, isWorker } from "../http/caller.ts";

/**
 * Sends a file to the one who uploaded it, to the client whose job has it as evidence, to who has a review of it in hand,
 * or to whoever sits over a case to which it belongs: parties and drawn jurors.
 * @throws ApiError not_found, also where it exists but is somebody else's
 */
export async function sendFile(ctx: Context, caller: Caller, sha256: string, response: Response): Promise<void> {
  if (!(await mayRead(ctx, caller, sha256))) throw noSuchFile(sha256);
  await streamFile(ctx, sha256, response);
}

/** Sends a file to whoever may have it. @throws ApiError not_found */
export async function streamFile(ctx: Context, sha256: string, response: Response): Promise<void> {
  const file = await ctx.db.selectFrom("files").select("media_type").where("sha256", "=", sha256).executeTakeFirst();
  const stored = file && (await ctx.files.open(sha256));
  if (stored === undefined) throw noSuchFile(sha256);
  response.set({
    "content-type": file?.media_type ?? "application/octet-stream",
    "content-length": String(stored.size),
    // Never shown in place: what a stranger uploaded must not run on our origin.
    "content-disposition": `attachment; filename="${sha256}"`,
    "cache-control": "private, max-age=31536000, immutable",
  });
  await pipeline(stored.content, response);
}

const noSuchFile = (sha256: string) =>
  new ApiError("not_found", `There is no file ${sha256} of yours.`, { param: "sha256" });

async function mayRead(ctx: Context, caller: Caller, sha256: string): Promise<boolean> {
  const own = await ctx.db
    .selectFrom("file_uploads")
    .select("id")
    .where("sha256", "=", sha256)
    .where(isWorker(caller) ? "worker_id" : "client_id", "=", isWorker(caller) ? caller.worker.id : caller.client.id)
    .executeTakeFirst();
  if (own !== undefined || (await isOfOwnCase(ctx, caller, sha256))) return true;
  return isWorker(caller)
    ? (await isInReview(ctx, caller.worker.id, sha256)) || (await isKeptFor(ctx, caller.worker.id, sha256))
    : await isEvidenceFor(ctx, caller.client.id, sha256);
}

/** Whether evidence `e` has the file, or what one of its links led to. */
const holds = (sha256: string) => sql<boolean>`e.id in (
  select id from evidence where fingerprints @> ${[`file:${sha256}`]}
  union all select evidence_id from evidence_links where sha256 = ${sha256})`;

async function isEvidenceFor(ctx: Context, clientId: string, sha256: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from evidence e join jobs j on j.id = e.job_id where j.client_id = ${clientId} and ${holds(sha256)} limit 1
  `.execute(ctx.db);
  return rows.length > 0;
}

/** Whether it is what a link of the worker led to. */
async function isKeptFor(ctx: Context, workerId: string, sha256: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from link_copies where sha256 = ${sha256} and worker_id = ${workerId}
    union all
    select 1 from evidence_links l join evidence e on e.id = l.evidence_id
    where l.sha256 = ${sha256} and e.worker_id = ${workerId}
    limit 1
  `.execute(ctx.db);
  return rows.length > 0;
}

/** Whether the worker has a review in hand to which the file belongs. */
async function isInReview({ db }: Context, workerId: string, sha256: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from jobs j join reviews r on r.job_id = j.id
    left join evidence e on e.id = r.evidence_id
    left join golden_tasks g on g.id = r.golden_id
    where j.worker_id = ${workerId} and j.status = 'accepted'
      and (${holds(sha256)} or g.packet -> 'attachments' @> ${JSON.stringify([{ sha256 }])}::jsonb)
    limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Whether a party of a case added it, or it is evidence of a job whose case the caller was drawn for. */
async function isOfOwnCase(ctx: Context, caller: Caller, sha256: string): Promise<boolean> {
  const juror = isWorker(caller) ? caller.worker.address : "";
  const { rows } = await sql`
    select 1 from case_documents d join jobs j on j.id = d.job_id
    where d.files @> ${[sha256]} and (
      j.client_id = ${isWorker(caller) ? "" : caller.client.id}
      or j.worker_id = ${isWorker(caller) ? caller.worker.id : ""}
      or exists (select 1 from case_seats s where s.job_id = j.id and s.juror = ${juror}))
    union all
    select 1 from evidence e
    join jobs j on j.id = e.job_id and j.worker_id = e.worker_id and j.round = e.round
    join case_seats s on s.job_id = j.id
    where s.juror = ${juror} and ${holds(sha256)}
    limit 1
  `.execute(ctx.db);
  return rows.length > 0;
}
