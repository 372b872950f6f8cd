import { ApiError } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { rememberNetwork } from "../review/networks.ts";
import { declineAll } from "../matching/decline.ts";
import { lockWorkers, syncProfiles } from "./places.ts";
import { setPresence } from "./presence.ts";
import { findPublicWorker, presentWorker } from "./present.ts";
import { endSession } from "./sessions.ts";
import { beginSignIn, finishSignIn } from "./sign-in.ts";

export function workerRoutes(ctx: Context): ServedRoute[] {
  const { db } = ctx;
  return [
    serve("createNonce", ({ body }) => beginSignIn(ctx, body.address)),

    serve("signIn", async ({ body, request }) => {
      const { workerId, address, token, expiresAt } = await finishSignIn(ctx, body.message, body.signature);
      await rememberNetwork(ctx, address, request.ip);
      return { token, expires_at: expiresAt.toISOString(), worker: await presentWorker(ctx, workerId) };
    }),

    serve("signOut", async ({ request }) => {
      await endSession(db, (request.get("authorization") ?? "").replace(/^Bearer +/i, "").trim());
    }),

    serve("getMe", ({ caller }) => presentWorker(ctx, caller.worker.id)),

    serve("updateMe", async ({ caller, body }) => {
      const { name, country, capacity } = body;
      const changes = {
        ...(name === undefined ? {} : { name }),
        ...(country === undefined ? {} : { country }),
        ...(capacity === undefined ? {} : { capacity }),
      };
      if (Object.keys(changes).length === 0) return presentWorker(ctx, caller.worker.id);
      await db.transaction().execute(async (trx) => {
        await lockWorkers(trx, [caller.worker.id]);
        await trx.updateTable("workers").set(changes).where("id", "=", caller.worker.id).execute();
        await syncProfiles(trx, [caller.worker.id]);
        await ctx.queue.send(trx, "match", caller.worker.id);
      });
      return presentWorker(ctx, caller.worker.id);
    }),

    serve("getWorker", async ({ params }) => {
      const worker = await findPublicWorker(db, params.id);
      if (worker === undefined) throw new ApiError("not_found", `There is no worker ${params.id}.`, { param: "id" });
      return worker;
    }),

    serve("setPresence", async ({ caller, body }) => {
      await setPresence(ctx, caller.worker.id, body.presence);
      // Whoever goes can't answer any more; the jobs need not wait for that.
      if (body.presence !== "online") await declineAll(ctx, caller.worker.id, `went ${body.presence}`);
      return presentWorker(ctx, caller.worker.id);
    }),
  ];
}
