import type { Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import { ApiError, type Scope, requestErrorOf } from "@hireforhumans/protocol";
import type { Context } from "../context.ts";
import { readJson } from "./body.ts";
import { type Auth, type Authenticators, type KeyCaller, type WorkerCaller, KEY_PREFIX, isWorker } from "./caller.ts";
import type { Limits } from "./limits.ts";
import type { Call, Route } from "./route.ts";

export interface PipelineParts {
  ctx: Context;
  authenticators: Authenticators;
  limits: Limits;
  defaultBodyLimitBytes: number;
}

/** Runs a route: limit, authenticate, authorize, validate, handle, present. */
export function pipelineOf(route: Route, parts: PipelineParts): RequestHandler {
  return async (request, response) => {
    const caller = await authenticate(route.auth, request, parts);
    await (caller === undefined ? parts.limits.stranger(request) : parts.limits.caller(callerIdOf(caller)));
    if (caller !== undefined) {
      response.locals["caller"] = callerIdOf(caller);
      authorize(route.scope, caller);
    }
    const call = await validated(route, caller, request, response, parts);
    if (route.kind === "stream") {
      await route.handle({ ...call, request, response });
      return;
    }
    const answer = await route.handle(call);
    response.status(route.status);
    if (route.response === null) response.end();
    else response.json(answer);
  };
}

async function authenticate(
  auth: Auth,
  request: Request,
  { authenticators, limits }: PipelineParts,
): Promise<KeyCaller | WorkerCaller | undefined> {
  if (auth === "none") return undefined;
  const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(request.get("authorization") ?? "")?.[1];
  const isKey = token?.startsWith(KEY_PREFIX) === true;
  const fits = auth === "either" || auth === (isKey ? "key" : "session");
  const caller =
    token === undefined || !fits ? undefined : await authenticators[isKey ? "key" : "session"](token);
  if (caller !== undefined) return caller;
  await limits.stranger(request);
  throw new ApiError("unauthenticated", missing[auth]);
}

const missing = {
  key: "This needs an API key: send `Authorization: Bearer hfh_…` with one that is neither revoked nor expired.",
  session: "This needs a worker's session: sign in and send `Authorization: Bearer hfw_…`.",
  either: "This needs an API key or a worker's session in `Authorization: Bearer …`.",
};

function authorize(scope: Scope | undefined, caller: KeyCaller | WorkerCaller): void {
  if (scope === undefined || isWorker(caller) || caller.key.scopes.includes(scope)) return;
  throw new ApiError("scope_missing", `This needs the scope ${scope}; the key has ${caller.key.scopes.join(", ")}.`);
}

const callerIdOf = (caller: KeyCaller | WorkerCaller): string =>
  isWorker(caller) ? caller.worker.id : caller.key.id;

async function validated(
  route: Route,
  caller: KeyCaller | WorkerCaller | undefined,
  request: Request,
  response: Response,
  { ctx, defaultBodyLimitBytes }: PipelineParts,
): Promise<Call<Auth, unknown, unknown, unknown>> {
  const params = parseParams(route.params, request.params);
  const query = parse(route.query, request.query);
  const body =
    route.body === undefined
      ? undefined
      : parse(route.body, await readJson(request, response, route.bodyLimitBytes ?? defaultBodyLimitBytes));
  const requestId = response.locals["requestId"] as string;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return {
    caller,
    params,
    query,
    body,
    requestId,
    log: ctx.log.child({ request_id: requestId }),
    signal: gone.signal,
    header: (name) => request.get(name),
  };
}

function parse(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw requestErrorOf(result.error);
}

/** An id of the wrong form is the id of nothing. */
function parseParams(schema: z.ZodType | undefined, params: Record<string, unknown>): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const name = String(result.error.issues[0]?.path[0]);
  throw new ApiError("not_found", `There is nothing of the id ${JSON.stringify(params[name])}.`, { param: name });
}
