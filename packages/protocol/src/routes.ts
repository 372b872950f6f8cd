import type { ErrorCode } from "./error-table.ts";
import { arbitrationRoutes } from "./routes/arbitration.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { jobsRoutes } from "./routes/jobs.ts";
import { keysRoutes } from "./routes/keys.ts";
import { offersRoutes } from "./routes/offers.ts";
import { operationRoutes } from "./routes/operation.ts";
import { screeningRoutes } from "./routes/screening.ts";
import { webhooksRoutes } from "./routes/webhooks.ts";
import { workersRoutes } from "./routes/workers.ts";
import type { Route } from "./routes/route.ts";

export type { Route, Who } from "./routes/route.ts";

/** Every route of the gateway: the client calls them, the gateway serves and documents them. */
export const routes = {
  ...jobsRoutes,
  ...evidenceRoutes,
  ...arbitrationRoutes,
  ...workersRoutes,
  ...offersRoutes,
  ...webhooksRoutes,
  ...keysRoutes,
  ...screeningRoutes,
  ...operationRoutes,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

/** Every code a route can answer: its own, and those that follow from who may call it and what it takes. */
export function codesOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(route.codes);
  const { key, worker, operator } = route.who;
  const kinds = [key, worker, operator].filter((kind) => kind !== undefined).length;
  if (kinds > 0) codes.add("unauthenticated");
  if (key !== undefined) codes.add("scope_missing");
  if (kinds > 0 && kinds < 3) codes.add("forbidden");
  if (route.params !== undefined || route.query !== undefined || route.request !== undefined) {
    codes.add("invalid_request");
  }
  if (route.query !== undefined || route.request !== undefined) codes.add("unknown_field");
  if (route.request !== undefined) codes.add("unsupported_media_type");
  if (route.request !== undefined && route.requestType === undefined) {
    codes.add("malformed_json").add("json_too_deep").add("payload_too_large");
  }
  if (route.path.startsWith("/v1/")) codes.add("rate_limited").add("internal").add("unavailable");
  return [...codes];
}
