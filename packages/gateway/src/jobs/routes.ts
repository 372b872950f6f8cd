import type { Context } from "../context.ts";
import { isWorker } from "../http/caller.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { cancelJob } from "./cancel.ts";
import { createJobCreation } from "./create.ts";
import { listEvents } from "./event-list.ts";
import { streamEvents } from "./event-stream.ts";
import { rememberNetwork } from "../review/networks.ts";
import { jobColumns, jobOf } from "./find.ts";
import { presentMessage, sendMessage } from "./messages.ts";
import { forWorker, presentJobs, presentOneJob } from "./present.ts";
import { rateJob } from "./rate.ts";
import { releaseJob } from "./release.ts";

/** Jobs as their client and their worker see them. Those of others do not exist for a caller. */
export function jobRoutes(ctx: Context): ServedRoute[] {
  const { db } = ctx;
  const createJob = createJobCreation(ctx);
  return [
    serve("createJob", async (call) => {
      await rememberNetwork(ctx, call.caller.client.address, call.request.ip);
      return createJob(call);
    }),

    serve("listJobs", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "job");
      const rows = await db
        .selectFrom("jobs")
        .select(jobColumns)
        .where("client_id", "=", caller.client.id)
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .$if(query.status !== undefined, (select) => select.where("status", "=", query.status ?? ""))
        .$if(query.category !== undefined, (select) => select.where("category", "=", query.category ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      const jobs = new Map((await presentJobs(ctx, rows.slice(0, query.limit))).map((job) => [job.job_id, job]));
      return pageOf(rows, query.limit, ({ id }) => required(jobs.get(id)));
    }),

    serve("getJob", async ({ caller, params }) => {
      const job = await presentOneJob(ctx, await jobOf(db, caller, params.id));
      return isWorker(caller) ? forWorker(job) : job;
    }),

    serve("cancelJob", ({ caller, params, body }) => cancelJob(ctx, caller, params.id, body)),
    serve("releaseJob", ({ caller, params, body }) => releaseJob(ctx, caller, params.id, body)),
    serve("rateJob", ({ caller, params, body }) => rateJob(ctx, caller, params.id, body)),

    serve("listMessages", async ({ caller, params, query }) => {
      const { id } = await jobOf(db, caller, params.id);
      const after = idAfter(query.cursor, "msg");
      const rows = await db
        .selectFrom("messages")
        .selectAll()
        .where("job_id", "=", id)
        .$if(after !== undefined, (select) => select.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, presentMessage);
    }),

    serve("createMessage", ({ caller, params, body }) => sendMessage(ctx, caller, params.id, body)),

    serve("streamEvents", async ({ caller, holds, params, query, request, response, signal }) => {
      const job = await jobOf(db, caller, params.id);
      if (request.accepts(["text/event-stream", "application/json"]) === "application/json") {
        return listEvents(ctx, job, query);
      }
      const lastEventId = request.get("last-event-id");
      await streamEvents(ctx, caller, params.id, { lastEventId, holds, response, signal });
      return undefined;
    }),
  ];
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a row was not presented");
  return value;
}
