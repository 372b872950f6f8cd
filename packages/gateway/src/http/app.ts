import express, { type Express, type Request, type Response } from "express";
import helmet from "helmet";
import { ApiError, type RouteName, routes } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { Authenticators } from "./caller.ts";
import { serveDocsAssets } from "./docs-page.ts";
import type { Drain } from "./drain.ts";
import { createLimits } from "./limits.ts";
import { pipelineOf } from "./pipeline.ts";
import { answerProblems } from "./problem.ts";
import { logRequests } from "./request-log.ts";
import type { ServedRoute } from "./route.ts";

/**
 * The gateway's HTTP side, built apart from listening.
 * @param served what each part of the gateway serves; their order is that of protocol's table, whatever it is here
 */
export function createApp(
  ctx: Context,
  served: readonly ServedRoute[],
  authenticators: Authenticators,
  drain: Drain,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", ctx.config.trustedProxies);
  app.set("query parser", "simple");
  app.use(logRequests(ctx.log, ctx.metrics.httpSeconds));
  app.use(helmet(helmetOptions));
  app.use(drain.endConnections());

  const limits = createLimits({
    db: ctx.db,
    log: ctx.log,
    shared: ctx.config.databaseUrl !== undefined,
    callerPerMinute: ctx.config.requestsPerMinute,
    strangerPerMinute: ctx.config.strangerRequestsPerMinute,
  });
  for (const route of inTableOrder(served)) {
    const { path, method } = routes[route.name];
    const run = pipelineOf(route, { ctx, authenticators, limits });
    app[methods[method]](path, (request, response) => {
      response.locals["route"] = path;
      // Answers carry no tags to compare, yet Express would answer `If-None-Match: *` with a 304 and nothing.
      delete request.headers["if-none-match"];
      return drain.hold(response, run(request, response));
    });
  }
  serveDocsAssets(app);
  for (const [path, allowed] of methodsByPath(served)) app.all(path, refuseMethod(allowed));
  app.use((request) => {
    throw new ApiError("not_found", `There is nothing at ${request.path}.`);
  });
  app.use(answerProblems(ctx.log));
  return app;
}

/** The API answers JSON alone, which runs nothing; the docs page sets its own policy. */
const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] },
  },
};

const methods = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;

/** The table has the more special path first (`/v1/workers/me` before `/v1/workers/:id`). */
function inTableOrder(served: readonly ServedRoute[]): ServedRoute[] {
  const byName = new Map(served.map((route) => [route.name, route]));
  if (byName.size !== served.length) throw new Error("a route is served twice");
  const names = Object.keys(routes) as RouteName[];
  return names.flatMap((name) => byName.get(name) ?? []);
}

function methodsByPath(served: readonly ServedRoute[]): Map<string, string[]> {
  const byPath = new Map<string, string[]>();
  for (const { path, method } of served.map(({ name }) => routes[name])) {
    byPath.set(path, [...(byPath.get(path) ?? []), method]);
  }
  return byPath;
}

function refuseMethod(allowed: readonly string[]) {
  return (request: Request, response: Response): never => {
    response.set("allow", allowed.join(", "));
    throw new ApiError("method_not_allowed", `${request.method} is not possible here; ${allowed.join(", ")} is.`);
  };
}
