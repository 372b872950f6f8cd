import { z } from "zod";
import { ApiError, languageCodeOf, requestErrorOf, splitRequirements, tagSchema, wadOf } from "@hireforhumans/protocol";
import type { AvailabilityQuery } from "@hireforhumans/protocol";
import type { Context, Database } from "../context.ts";
import { idAfter, pageOf } from "../http/pagination.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import type { Requirements } from "../jobs/requirements.ts";
import { createSignsOfLife } from "../workers/presence.ts";
import { createAcceptance } from "./accept.ts";
import { availabilityOf } from "./availability.ts";
import { declineOffer } from "./decline.ts";
import { createOfferPages, presentOffer } from "./find-offer.ts";

export function matchingRoutes(ctx: Context): ServedRoute[] {
  const accept = createAcceptance(ctx);
  const readPage = createOfferPages(ctx.db);
  const showSignOfLife = createSignsOfLife(ctx.db);
  return [
    serve("listOffers", async ({ caller, query }) => {
      await showSignOfLife(caller.worker.id);
      const before = idAfter(query.cursor, "off");
      const workerId = caller.worker.id;
      const rows = await readPage({ workerId, status: query.status, before, limit: query.limit + 1 });
      return pageOf(rows, query.limit, (row) => presentOffer(ctx.chain, row));
    }),

    serve("acceptOffer", ({ caller, params, body }) => accept(caller.worker, params.id, body)),

    serve("declineOffer", ({ caller, params, body }) => declineOffer(ctx, caller.worker.id, params.id, body.reason)),

    serve("getAvailability", async ({ caller, query }) => {
      if (query.pool_id !== undefined) await checkPool(ctx.db, caller.client.id, query.pool_id);
      return availabilityOf(ctx, requirementsOfQuery(query));
    }),
  ];
}

async function checkPool(db: Database, clientId: string, poolId: string): Promise<void> {
  const pool = await db
    .selectFrom("pools")
    .select("id")
    .where("id", "=", poolId)
    .where("client_id", "=", clientId)
    .executeTakeFirst();
  if (pool === undefined) throw new ApiError("pool_unknown", `You have no pool ${poolId}.`, { param: "pool_id" });
}

/** What a job with these filters would ask; what is left out is as it is for a job. */
function requirementsOfQuery(query: AvailabilityQuery): Requirements {
  const mixed = splitRequirements(query.requirements ?? []);
  const named = (query.languages ?? []).map((name) => {
    const code = languageCodeOf(name);
    if (code !== undefined) return code;
    throw new ApiError("unknown_language", `${JSON.stringify(name)} is not a language we know.`, {
      param: "languages",
    });
  });
  const skills = z.array(tagSchema).safeParse(mixed.skills);
  if (!skills.success) throw requestErrorOf(skills.error, { prefix: "requirements" });
  return {
    skills: [...new Set(skills.data)],
    languages: [...new Set([...named, ...mixed.languages])],
    certifications: query.certifications ?? [],
    countriesAllow: query.countries_allow ?? [],
    countriesDeny: query.countries_deny ?? [],
    minReputation: wadOf(query.min_reputation ?? 0),
    poolId: query.pool_id ?? null,
    tier: query.tier ?? "general",
    domain: query.domain ?? query.category ?? "",
  };
}
