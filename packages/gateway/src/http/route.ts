import type { Request, Response } from "express";
import type { Logger } from "pino";
import type { z } from "zod";
import type { RouteName, Routes } from "@hireforhumans/protocol";
import type { KeyCaller, OperatorCaller, WorkerCaller } from "./caller.ts";

type Parsed<R, Member extends string> = R extends { readonly [M in Member]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

/** Who may be calling a route, by the `who` of its declaration. */
type CallerOf<R> = R extends { who: infer Who }
  ? Who extends { key: string; operator: true }
    ? KeyCaller | OperatorCaller
    : Who extends { key: string; worker: true }
      ? KeyCaller | WorkerCaller
      : Who extends { operator: true }
        ? OperatorCaller
        : Who extends { key: string }
          ? KeyCaller
          : Who extends { worker: true }
            ? WorkerCaller
            : undefined
  : never;

/** What a handler gives: the JSON to answer with, or nothing where there is none or the handler wrote the response. */
type AnswerOf<R> = R extends { responseType: string; response: infer S extends z.ZodType }
  ? Promise<z.input<S> | undefined>
  : R extends { responseType: string }
    ? Promise<void>
    : R extends { response: infer S extends z.ZodType }
      ? Promise<z.input<S>>
      : Promise<void>;

/** What the pipeline hands to a handler: everything checked already. */
export interface Call<Caller = unknown, Params = unknown, Query = unknown, Body = unknown> {
  caller: Caller;
  /** Whether the caller's key or session is neither revoked nor past its time now: for answers that go on. */
  holds: () => Promise<boolean>;
  params: Params;
  query: Query;
  /** The parsed JSON body; undefined where the route takes none or takes an upload. */
  body: Body;
  /** Of this request; it stands in its log line and in its problem, if there will be one. */
  requestId: string;
  /** With this request's id. */
  log: Logger;
  /** Aborts when the caller went away. */
  signal: AbortSignal;
  /** For uploads and headers. */
  request: Request;
  /** For files, streams and headers; its status is the route's already. */
  response: Response;
}

export type CallOf<N extends RouteName> = Call<
  CallerOf<Routes[N]>,
  Parsed<Routes[N], "params">,
  Parsed<Routes[N], "query">,
  Routes[N] extends { requestType: string } ? undefined : Parsed<Routes[N], "request">
>;

/** A route of protocol's table with the code that serves it. */
export interface ServedRoute {
  name: RouteName;
  handle: (call: Call) => Promise<unknown>;
}

/**
 * Serves a route of protocol's table; the pipeline runs it: limit, authenticate, authorize, validate, handle, present.
 * @example
 * serve("getPacket", async ({ caller, params }) => packetOf(ctx, caller, params.id))
 */
export function serve<N extends RouteName>(name: N, handle: (call: CallOf<N>) => AnswerOf<Routes[N]>): ServedRoute {
  // What the pipeline hands over was parsed by this route's own schemas and authenticators.
  return { name, handle: (call) => handle(call as CallOf<N>) };
}
