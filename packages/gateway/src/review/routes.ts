import type { Context } from "../context.ts";
import { type ServedRoute, serve } from "../http/route.ts";
import { reviewQuality } from "./quality.ts";

export function reviewRoutes({ db }: Context): ServedRoute[] {
  return [serve("getReviewQuality", async () => ({ object: "list" as const, data: await reviewQuality(db) }))];
}
