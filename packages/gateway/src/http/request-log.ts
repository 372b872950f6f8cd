import { randomUUID } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import type { Histogram } from "prom-client";

type Durations = Histogram<"route" | "method" | "status">;

/**
 * Gives each request its id (the caller's own `X-Request-Id` where it is a plain word) and writes one line when it is
 * answered. The line names the route by its template: paths can hold tokens.
 */
export function logRequests(log: Logger, durations: Durations): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = request.get("x-request-id") ?? "";
    const requestId = /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    response.locals["requestId"] = requestId;
    response.set("x-request-id", requestId);
    const startedAtMs = performance.now();
    response.once("close", () => {
      const elapsedMs = performance.now() - startedAtMs;
      const route = (response.locals["route"] as string | undefined) ?? "unknown";
      const status = response.writableFinished ? response.statusCode : 499;
      durations.observe({ route, method: request.method, status: `${String(status)[0]}xx` }, elapsedMs / 1000);
      log.info(
        {
          request_id: requestId,
          method: request.method,
          route,
          status,
          elapsed_ms: Math.round(elapsedMs * 10) / 10,
          caller: response.locals["caller"] as string | undefined,
          job_id: response.locals["jobId"] as string | undefined,
          ip: request.ip,
        },
        "request",
      );
    });
    next();
  };
}
