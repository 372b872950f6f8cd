import type { Context } from "../context.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { serve, type ServedRoute } from "../http/route.ts";
import { deliveriesOf, presentDelivery, replayDelivery } from "./deliveries.ts";
import { createEndpoint, deleteEndpoint, presentEndpoint } from "./endpoints.ts";
import { rotateEndpointSecret, rotateWebhookSecret } from "./secrets.ts";

export function webhookRoutes(ctx: Context): ServedRoute[] {
  return [
    serve("createEndpoint", (call) => createEndpoint(ctx, call)),
    serve("listEndpoints", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "whk");
      const rows = await ctx.db
        .selectFrom("webhook_endpoints")
        .selectAll()
        .where("client_id", "=", caller.client.id)
        .where("deleted_at", "is", null)
        .$if(after !== undefined, (later) => later.where("id", "<", after ?? ""))
        .orderBy("id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, presentEndpoint);
    }),
    serve("deleteEndpoint", (call) => deleteEndpoint(ctx, call)),
    serve("rotateEndpointSecret", (call) => rotateEndpointSecret(ctx, call)),
    serve("rotateWebhookSecret", (call) => rotateWebhookSecret(ctx, call)),
    serve("listDeliveries", async ({ caller, query }) => {
      const after = idAfter(query.cursor, "dlv");
      const { endpoint_id, job_id, status } = query;
      const rows = await deliveriesOf(ctx.db, caller.client.id)
        .$if(endpoint_id !== undefined, (of) => of.where("delivery.endpoint_id", "=", endpoint_id ?? ""))
        .$if(job_id !== undefined, (of) => of.where("delivery.job_id", "=", job_id ?? ""))
        .$if(status !== undefined, (of) => of.where("delivery.status", "=", status ?? "pending"))
        .$if(after !== undefined, (later) => later.where("delivery.id", "<", after ?? ""))
        .orderBy("delivery.id", "desc")
        .limit(query.limit + 1)
        .execute();
      return pageOf(rows, query.limit, presentDelivery);
    }),
    serve("replayDelivery", ({ caller, params }) => replayDelivery(ctx, caller.client.id, params.id)),
  ];
}
