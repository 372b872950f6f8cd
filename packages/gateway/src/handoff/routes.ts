import { ApiError, type ContextPacket } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import { type ServedRoute, serve } from "../http/route.ts";

export function handoffRoutes(ctx: Context): ServedRoute[] {
  return [serve("getPacket", ({ caller, params }) => packetFor(ctx, caller, params.id))];
}

/**
 * The whole packet, for the job's client and for the worker who has it. Everybody else is told that there is no such
 * job; what an offered worker may know stands in the offer.
 * @throws ApiError not_found
 */
async function packetFor({ db }: Context, caller: Caller, jobId: string): Promise<ContextPacket> {
  const row = await db
    .selectFrom("jobs")
    .select("packet")
    .where("id", "=", jobId)
    .where((where) =>
      isWorker(caller) ? where("worker_id", "=", caller.worker.id) : where("client_id", "=", caller.client.id),
    )
    .executeTakeFirst();
  if (row === undefined) throw new ApiError("not_found", `There is no job ${jobId} of yours.`, { param: "id" });
  return row.packet;
}
