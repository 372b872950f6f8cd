import express, { type Express, type Request, type Response } from "express";
import helmet from "helmet";
import { ApiError } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import type { Authenticators } from "./caller.ts";
import { createLimits } from "./limits.ts";
import { pipelineOf } from "./pipeline.ts";
import { answerProblems } from "./problem.ts";
import { logRequests } from "./request-log.ts";
import type { Method, Route } from "./route.ts";

/** The gateway's HTTP side, built apart from listening. */
export function createApp(ctx: Context, routes: readonly Route[], authenticators: Authenticators): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", ctx.config.trustedProxies);
  app.set("query parser", "simple");
  app.set("etag", false);
  app.use(logRequests(ctx.log, ctx.metrics.httpSeconds));
  app.use(helmet(helmetOptions));

  const limits = createLimits({
    db: ctx.db,
    shared: ctx.config.databaseUrl !== undefined,
    callerPerMinute: ctx.config.requestsPerMinute,
    strangerPerMinute: ctx.config.strangerRequestsPerMinute,
  });
  const parts = { ctx, authenticators, limits, defaultBodyLimitBytes: ctx.config.bodyLimitBytes };
  for (const route of routes) {
    const run = pipelineOf(route, parts);
    app[route.method](expressPath(route.path), (request, response, next) => {
      response.locals["route"] = route.path;
      return run(request, response, next);
    });
  }
  for (const [path, methods] of methodsByPath(routes)) app.all(path, refuseMethod(methods));
  app.use((request) => {
    throw new ApiError("not_found", `There is nothing at ${request.method} ${request.path}.`);
  });
  app.use(answerProblems(ctx.log));
  return app;
}

/** The API answers JSON alone, which runs nothing; the docs page sets its own policy. */
const helmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] } },
};

/** "/v1/jobs/{job_id}" as Express writes it: "/v1/jobs/:job_id". */
const expressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

function methodsByPath(routes: readonly Route[]): Map<string, Method[]> {
  const methods = new Map<string, Method[]>();
  for (const { path, method } of routes) {
    methods.set(expressPath(path), [...(methods.get(expressPath(path)) ?? []), method]);
  }
  return methods;
}

function refuseMethod(methods: readonly Method[]) {
  const allow = methods.map((method) => method.toUpperCase()).join(", ");
  return (request: Request, response: Response): never => {
    response.set("allow", allow);
    throw new ApiError("method_not_allowed", `${request.method} is not possible here; ${allow} is.`);
  };
}
