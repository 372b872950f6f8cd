import { ApiError } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import { inGroups } from "../groups.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { serve, type ServedRoute } from "../http/route.ts";
import { type EvidenceRow, presentEvidence, presentVerdict, selectEvidence } from "../jobs/present.ts";
import { sendConfirmationPage } from "./confirmation-page.ts";
import { answerConfirmation, createConfirmation, findConfirmation, presentForCustomer } from "./confirmations.ts";
import { sendFile } from "./downloads.ts";
import { sendLinkedFile } from "./file-links.ts";
import { keepLink } from "./links.ts";
import { createSubmission } from "./submit.ts";
import { createUploadLimits } from "./upload-limits.ts";
import { uploadFile } from "./uploads.ts";

export function evidenceRoutes(ctx: Context): ServedRoute[] {
  const uploadLimits = createUploadLimits(ctx);
  const submitEvidence = createSubmission(ctx);
  const findEvidence = inGroups((ids: string[]) => evidenceOf(ctx.db, ids));
  return [
    serve("uploadFile", (call) => uploadFile(ctx, uploadLimits, call)),
    serve("downloadFile", ({ caller, params, response }) => sendFile(ctx, caller, params.sha256, response)),
    serve("downloadLinkedFile", ({ params, response }) => sendLinkedFile(ctx, params.token, response)),
    serve("submitEvidence", async ({ caller, params, body }) => {
      const id = await submitEvidence(caller.worker, params.id, body);
      const row = await findEvidence(id);
      if (row === undefined) throw new Error(`There is no evidence ${id}.`);
      return presentEvidence(row);
    }),
    serve("listEvidence", async ({ caller, params, query }) => {
      const after = idAfter(query.cursor, "evd");
      const rows = await selectEvidence(ctx.db)
        .where("job_id", "=", await visibleJobId(ctx, caller, params.id))
        .$if(isWorker(caller), (own) => own.where("worker_id", "=", isWorker(caller) ? caller.worker.id : ""))
        .$if(after !== undefined, (later) => later.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, presentEvidence);
    }),
    serve("keepLink", ({ caller, params, body }) => keepLink(ctx, caller.worker, params.id, body.url)),
    serve("getVerdict", async ({ caller, params }) => latestVerdict(ctx, await visibleJobId(ctx, caller, params.id))),
    serve("createConfirmation", ({ caller, params, body }) =>
      createConfirmation(ctx, caller.worker.id, params.id, body.statement),
    ),
    serve("getConfirmation", async ({ params, request, response }) => {
      const row = await findConfirmation(ctx, params.token);
      response.vary("accept");
      if (request.accepts(["json", "html"]) !== "html") return presentForCustomer(row);
      sendConfirmationPage(response, row.statement, row.answer);
      return undefined;
    }),
    serve("answerConfirmation", async ({ params, body }) =>
      presentForCustomer(await answerConfirmation(ctx, params.token, body.answer)),
    ),
  ];
}

async function evidenceOf(db: Database, ids: readonly string[]): Promise<(EvidenceRow | undefined)[]> {
  const rows = await selectEvidence(db).where("evidence.id", "in", ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

/** A job is there for its client and for the worker who has it, and for nobody else. */
async function visibleJobId(ctx: Context, caller: Caller, jobId: string): Promise<string> {
  const job = await ctx.db
    .selectFrom("jobs")
    .select("id")
    .where("id", "=", jobId)
    .where(isWorker(caller) ? "worker_id" : "client_id", "=", isWorker(caller) ? caller.worker.id : caller.client.id)
    .executeTakeFirst();
  if (job !== undefined) return job.id;
  throw new ApiError("not_found", `There is no job ${jobId} of yours.`, { param: "id" });
}

async function latestVerdict(ctx: Context, jobId: string) {
  const row = await ctx.db
    .selectFrom("verdicts")
    .innerJoin("jobs", "jobs.id", "verdicts.job_id")
    .selectAll("verdicts")
    .select(["jobs.terms", "jobs.status", "jobs.until_seconds", "jobs.reward"])
    .where("verdicts.job_id", "=", jobId)
    .orderBy("verdicts.created_at", "desc")
    .executeTakeFirst();
  if (row === undefined) throw new ApiError("not_found", `The job ${jobId} has no verdict yet.`, { param: "id" });
  return presentVerdict(row, row);
}
