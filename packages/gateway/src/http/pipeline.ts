import type { Request, Response } from "express";
import type { z } from "zod";
import { ApiError, type Route, requestErrorOf, routes } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { type BodyLimits, readJson, storable } from "./body.ts";
import {
  type AnyCaller,
  type Authenticators,
  isOperator,
  isWorker,
  KEY_PREFIX,
  OPERATOR_PREFIX,
  SESSION_PREFIX,
} from "./caller.ts";
import { tracedRequest } from "../observability/traces.ts";
import type { Limits } from "./limits.ts";
import type { ServedRoute } from "./route.ts";

export interface PipelineParts {
  ctx: Context;
  authenticators: Authenticators;
  limits: Limits;
}

/** Runs a route: limit, authenticate, authorize, validate, handle, present. */
export function pipelineOf(
  { name, handle }: ServedRoute,
  parts: PipelineParts,
): (request: Request, response: Response) => Promise<void> {
  const route: Route = routes[name];
  const needsCaller = route.who.key !== undefined || route.who.worker === true || route.who.operator === true;
  const limited = route.path.startsWith("/v1/");
  const answer = async (request: Request, response: Response) => {
    const caller = needsCaller ? await authenticate(request, parts) : undefined;
    if (caller !== undefined) {
      response.locals["caller"] = callerIdOf(caller);
      await parts.limits.caller(callerIdOf(caller));
      authorize(route, caller);
    } else if (limited) await parts.limits.stranger(request);

    const params = parseParams(route.params, request.params);
    const jobId = jobIdIn(params);
    if (jobId !== undefined) response.locals["jobId"] = jobId;
    const query = parse(route.query, storable(request.query));
    const body = await parseBody(route, request, response, limitsOf(parts.ctx));
    const requestId = response.locals["requestId"] as string;
    const log = parts.ctx.log.child({ request_id: requestId, ...(jobId === undefined ? {} : { job_id: jobId }) });
    response.status(route.status);
    const signal = signalOf(response);
    const holds = async () => (await callerOf(request, parts.authenticators)) !== undefined;
    const answered = await handle({ caller, holds, params, query, body, requestId, log, signal, request, response });
    response.locals["jobId"] ??= jobIdIn(answered);
    if (answered !== undefined) response.json(answered);
    else if (!response.headersSent) response.end();
  };
  return (request, response) =>
    tracedRequest(request.headers, `${route.method} ${route.path}`, { "http.route": route.path }, async (span) => {
      span.setAttribute("request_id", response.locals["requestId"] as string);
      await answer(request, response);
      const jobId = response.locals["jobId"] as string | undefined;
      if (jobId !== undefined) span.setAttribute("job_id", jobId);
    });
}

async function callerOf(request: Request, authenticators: Authenticators): Promise<AnyCaller | undefined> {
  const token = /^Bearer +([\w-]+) *$/i.exec(request.get("authorization") ?? "")?.[1] ?? "";
  if (token.startsWith(KEY_PREFIX)) return authenticators.key(token);
  if (token.startsWith(SESSION_PREFIX)) return authenticators.session(token);
  return token.startsWith(OPERATOR_PREFIX) ? authenticators.operator(token) : undefined;
}

async function authenticate(request: Request, { authenticators, limits }: PipelineParts): Promise<AnyCaller> {
  const caller = await callerOf(request, authenticators);
  if (caller !== undefined) return caller;
  await limits.stranger(request);
  throw new ApiError(
    "unauthenticated",
    "Send `Authorization: Bearer <key or session>` with one that is neither revoked nor expired.",
  );
}

function authorize({ who }: Route, caller: AnyCaller): void {
  if (isOperator(caller)) {
    if (who.operator !== true) throw new ApiError("forbidden", "This is not for the operator.");
    return;
  }
  if (isWorker(caller)) {
    if (who.worker !== true) throw new ApiError("forbidden", "This is not for workers; you are signed in as one.");
    return;
  }
  if (who.key === undefined) {
    const whom = who.worker === true ? "workers" : "the operator";
    throw new ApiError("forbidden", `This is for ${whom}; you call with an API key.`);
  }
  if (caller.key.scopes.includes(who.key)) return;
  throw new ApiError("scope_missing", `This needs the scope ${who.key}; the key has ${caller.key.scopes.join(", ")}.`);
}

function callerIdOf(caller: AnyCaller): string {
  if (isOperator(caller)) return "operator";
  return isWorker(caller) ? caller.worker.id : caller.key.id;
}

function parse(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw requestErrorOf(result.error);
}

/** The job that a request names in its path, or that its answer tells of; for the log. */
function jobIdIn(named: unknown): string | undefined {
  const { id, job_id } = (named ?? {}) as { id?: unknown; job_id?: unknown };
  const found = job_id ?? id;
  return typeof found === "string" && found.startsWith("job_") ? found : undefined;
}

/** An id of the wrong form is the id of nothing. */
function parseParams(schema: z.ZodType | undefined, params: Record<string, unknown>): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const name = String(result.error.issues[0]?.path[0]);
  throw new ApiError("not_found", `There is nothing of the ${name} ${JSON.stringify(params[name])}.`, { param: name });
}

async function parseBody(route: Route, request: Request, response: Response, limits: BodyLimits): Promise<unknown> {
  if (route.request === undefined || route.requestType !== undefined) return undefined;
  return parse(route.request, await readJson(request, response, limits));
}

const limitsOf = ({ config }: Context): BodyLimits => ({
  bytes: config.bodyLimitBytes,
  timeoutMs: config.bodyTimeoutSeconds * 1000,
});

function signalOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}
