import { type Route, type RouteName, type Routes, routes } from "@hireforhumans/protocol";
import type { z } from "zod";
import { AnswerError, ConnectionError, refusalOf } from "./errors.ts";
import { DEFAULT_RETRY, type RetryOptions, sleep, waitBeforeRetryMs } from "./retry.ts";

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Where the gateway is, such as "https://api.example". */
  baseUrl: string;
  /** An API key, a worker's session token, or the operator's token. */
  token?: string | undefined;
  /** Used instead of the global fetch. */
  fetch?: Fetch | undefined;
  /** How long one attempt may take; 30 s when left out. Streams take as long as they do. */
  timeoutMs?: number | undefined;
  retry?: Partial<RetryOptions> | undefined;
}

type InputOf<R, Member extends string> = R extends { readonly [M in Member]: infer S extends z.ZodType }
  ? z.input<S>
  : undefined;

/** The JSON body that a route takes. */
export type BodyOf<N extends RouteName> = InputOf<Routes[N], "request">;
/** The query that a route takes. */
export type QueryOf<N extends RouteName> = InputOf<Routes[N], "query">;
/** The JSON that a route answers. */
export type AnswerOf<N extends RouteName> = Routes[N] extends { response: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

export interface CallOptions {
  /** Aborts the call and its retries. */
  signal?: AbortSignal | undefined;
  /** Where the route takes one: made anew for each call when left out; the same for all attempts of it. */
  idempotencyKey?: string | undefined;
}

export interface CallInput extends CallOptions {
  params?: Readonly<Record<string, string>> | undefined;
  query?: Readonly<Record<string, unknown>> | undefined;
  /** JSON, or a form for an upload. */
  body?: unknown;
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Sends requests to the gateway, again where that is safe, and reads the answers. */
export class Transport {
  readonly #baseUrl: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #retry: RetryOptions;
  #token: string | undefined;

  constructor(options: TransportOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.#token = options.token;
  }

  /** From now on calls carry this key or session; none when undefined. */
  authenticate(token: string | undefined): void {
    this.#token = token;
  }

  get retry(): RetryOptions {
    return this.#retry;
  }

  /**
   * Calls a route and gives its answer, checked against the route's schema.
   * @throws GatewayError
   */
  async call<N extends RouteName>(name: N, input: CallInput = {}): Promise<AnswerOf<N>> {
    const route: Route = routes[name];
    const response = await this.respond(name, input);
    if (route.response === undefined) {
      await response.body?.cancel();
      return undefined as AnswerOf<N>;
    }
    const parsed = route.response.safeParse(await jsonOf(response, name));
    if (!parsed.success) {
      throw new AnswerError(`${name}: the answer is not what its schema says.`, response.status, {
        cause: parsed.error,
      });
    }
    return parsed.data as AnswerOf<N>;
  }

  /**
   * Calls a route and gives the response with its body unread.
   * @throws GatewayError when there is none or it is no success
   */
  async respond(name: RouteName, input: CallInput): Promise<Response> {
    const route: Route = routes[name];
    const url = this.#baseUrl + pathOf(route, input);
    const init = this.#initOf(route, input);
    const repeatable = route.method !== "POST" || route.repeatable !== undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(name, url, init, input.signal, route.responseType === "text/event-stream");
      } catch (error) {
        input.signal?.throwIfAborted();
        const waitMs = waitBeforeRetryMs(error, repeatable, attempt, this.#retry);
        if (waitMs === undefined) throw error;
        await sleep(waitMs, input.signal);
      }
    }
  }

  #initOf(route: Route, input: CallInput): RequestInit {
    const headers: Record<string, string> = { accept: "application/json", ...input.headers };
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (route.repeatable === "by key") headers["idempotency-key"] = input.idempotencyKey ?? crypto.randomUUID();
    if (input.body === undefined) return { method: route.method, headers };
    if (input.body instanceof FormData) return { method: route.method, headers, body: input.body };
    headers["content-type"] = "application/json";
    return { method: route.method, headers, body: JSON.stringify(input.body) };
  }

  async #attempt(
    name: string,
    url: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
    endless: boolean,
  ): Promise<Response> {
    const signals = [
      ...(signal === undefined ? [] : [signal]),
      ...(endless ? [] : [AbortSignal.timeout(this.#timeoutMs)]),
    ];
    let response: Response;
    try {
      // A redirect would carry the key to wherever it points.
      response = await this.#fetch(url, { ...init, redirect: "error", signal: AbortSignal.any(signals) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ConnectionError(`${name}: no answer from ${url}`, { cause });
    }
    if (response.ok) return response;
    throw await refusalOf(response);
  }
}

function pathOf(route: Route, { params = {}, query = {} }: CallInput): string {
  const path = route.path.replace(/:([a-z0-9]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`${route.path} needs ${name}.`);
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

async function jsonOf(response: Response, name: string): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch (cause) {
    // The body may have broken off, so what was asked for may have happened.
    throw new AnswerError(`${name}: the answer is not JSON.`, response.status, { cause });
  }
}
