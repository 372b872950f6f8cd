import type { Context } from "../context.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { importGoldenTasks, listGoldenTasks, retireGoldenTask } from "./golden.ts";
import { reviewQuality } from "./quality.ts";

export function reviewRoutes(ctx: Context): ServedRoute[] {
  return [
    serve("getReviewQuality", async () => ({ object: "list" as const, data: await reviewQuality(ctx.db) })),
    serve("importGoldenTasks", (call) => importGoldenTasks(ctx, call, call.body)),
    serve("listGoldenTasks", ({ query }) => listGoldenTasks(ctx.db, query)),
    serve("retireGoldenTask", (call) => retireGoldenTask(ctx, call, call.params.id, call.body.reason)),
  ];
}
