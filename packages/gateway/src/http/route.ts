import type { Request as ExpressRequest, Response as ExpressResponse } from "express";
import type { Logger } from "pino";
import type { z } from "zod";
import type { ErrorCode, Scope } from "@hireforhumans/protocol";
import type { Auth, CallerOf } from "./caller.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** What the pipeline hands to a handler: everything checked already. */
export interface Call<A extends Auth, P, Q, B> {
  caller: CallerOf[A];
  params: P;
  query: Q;
  body: B;
  /** Of this request; it stands in its log line and in its problem, if there will be one. */
  requestId: string;
  log: Logger;
  /** Aborts when the caller went away. */
  signal: AbortSignal;
  header(name: string): string | undefined;
}

/** Handlers that read the request as a stream, or write the response themselves, get both. */
export interface StreamCall<A extends Auth, P, Q, B> extends Call<A, P, Q, B> {
  request: ExpressRequest;
  response: ExpressResponse;
}

interface Description<A extends Auth, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  /** The operation's name (`createJob`); the client's method has the same. */
  name: string;
  method: Method;
  /** With parameters in braces: "/v1/jobs/{job_id}". */
  path: string;
  /** One line for the docs page. */
  summary: string;
  /** The resource under which the docs page lists it. */
  tag: string;
  auth: A;
  /** What an API key must be allowed; sessions of workers have no scopes. */
  scope?: Scope;
  params?: P;
  query?: Q;
  /** JSON unless the route is a stream; without it a body is ignored. */
  body?: B;
  /** The most bytes a JSON body may have, where the default of the configuration is not right. */
  bodyLimitBytes?: number;
  /** Problems this route may answer with besides those of its pipeline (401, 403, 415, 422 …). */
  codes?: readonly ErrorCode[];
}

/** A route that answers JSON (or 204 where `response` is null). */
export interface JsonRoute<
  A extends Auth = Auth,
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType | null = z.ZodType | null,
> extends Description<A, P, Q, B> {
  kind: "json";
  status: number;
  response: R;
  handle(call: Call<A, z.output<P>, z.output<Q>, z.output<B>>): Promise<R extends z.ZodType ? z.input<R> : void>;
}

/** A route that writes its response itself: files, server-sent events, pages. */
export interface StreamRoute<
  A extends Auth = Auth,
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> extends Description<A, P, Q, B> {
  kind: "stream";
  status: number;
  /** What it answers, for the docs page: "text/event-stream". */
  responseType: string;
  /** What it reads as a stream ("multipart/form-data"); without it `body` is parsed as JSON where declared. */
  requestType?: string;
  handle(call: StreamCall<A, z.output<P>, z.output<Q>, z.output<B>>): Promise<void>;
}

/** A route whose types were checked where it was declared. */
export type Route = JsonRoute | StreamRoute;

/**
 * Declares a route; the pipeline of app.ts runs it: limit, authenticate, authorize, validate, handle, present.
 * @example
 * defineRoute({
 *   name: "getJob", method: "get", path: "/v1/jobs/{job_id}", summary: "A job", tag: "jobs",
 *   auth: "key", scope: "jobs:read", params: z.strictObject({ job_id: jobIdSchema }),
 *   response: jobSchema, codes: ["job_not_found"],
 *   handle: async ({ caller, params }) => presentJob(await jobOf(ctx.db, caller.client.id, params.job_id)),
 * })
 */
export function defineRoute<
  A extends Auth,
  R extends z.ZodType | null,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(route: Omit<JsonRoute<A, P, Q, B, R>, "kind" | "status"> & { status?: number }): Route {
  const status = route.status ?? (route.response === null ? 204 : 200);
  const declared: JsonRoute<A, P, Q, B, R> = { ...route, kind: "json", status };
  return declared;
}

/** Declares a route that handles its response (and, with `requestType`, its request) itself. */
export function defineStream<
  A extends Auth,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(route: Omit<StreamRoute<A, P, Q, B>, "kind" | "status"> & { status?: number }): Route {
  const declared: StreamRoute<A, P, Q, B> = { ...route, kind: "stream", status: route.status ?? 200 };
  return declared;
}
