import type { NextFunction, Request, Response } from "express";
import type { Logger } from "pino";
import { ApiError } from "@hireforhumans/protocol";
import { ChainUnavailable } from "../chain/errors.ts";

/**
 * What the caller is told of an error. Only an ApiError's words were written for callers; all else is `internal`, and
 * its cause goes to the log alone.
 */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isClientMistake(error)) {
    return new ApiError("not_found", "The path is not a valid URL path.", { cause: error });
  }
  if (isOutage(error)) {
    return new ApiError("unavailable", "The database or the chain does not answer. Try again in a moment.", {
      retryAfterSeconds: 2,
      cause: error,
    });
  }
  return new ApiError("internal", "Something failed on our side. The log has it under this request_id.", {
    cause: error,
  });
}

/** Express marks a path it could not decode (`%zz`) as a URIError of status 400. */
function isClientMistake(error: unknown): boolean {
  return error instanceof URIError;
}

/** Connections refused or lost (by Node's codes and PostgreSQL's classes 08, 53 and 57P), and a chain out of reach. */
function isOutage(error: unknown): boolean {
  if (error instanceof ChainUnavailable) return true;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|08...|53...|57P..)$/.test(code);
}

/** The one place where errors become answers. */
export function answerProblems(log: Logger) {
  return (thrown: unknown, _request: Request, response: Response, next: NextFunction): void => {
    const error = apiErrorOf(thrown);
    const requestId = response.locals["requestId"] as string;
    if (error.status >= 500) {
      const about = { request_id: requestId, job_id: response.locals["jobId"] as string | undefined };
      log.error({ ...about, err: error.cause ?? error }, "request failed");
    }
    if (response.headersSent) {
      next(thrown);
      return;
    }
    if (error.retryAfterSeconds !== undefined) response.set("retry-after", String(error.retryAfterSeconds));
    if (error.status === 401) response.set("www-authenticate", "Bearer");
    response
      .status(error.status)
      .type("application/problem+json")
      .send(JSON.stringify(error.toProblem(requestId)));
  };
}
