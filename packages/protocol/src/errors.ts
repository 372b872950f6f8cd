import { z } from "zod";
import { ERROR_CODES, type ErrorCode, ERRORS, isErrorCode } from "./error-table.ts";

/** The body of every error answer (RFC 9457, `application/problem+json`). Some codes add members of their own. */
export const problemSchema = z
  .looseObject({
    type: z
      .string()
      .meta({ description: "A URN that names the code.", example: "urn:hireforhumans:error:wrong_status" }),
    title: z.string().meta({ description: "What kind of error, in a few words.", example: ERRORS.wrong_status.title }),
    status: z.int().meta({ description: "The HTTP status.", example: 409 }),
    detail: z.string().meta({ description: "What was wrong this time, and what to do." }),
    code: z.enum(ERROR_CODES).meta({ id: "ErrorCode", description: "The kind of error; see docs/errors.md." }),
    param: z.string().optional().meta({ description: "The field at fault, as a path.", example: "reward" }),
    request_id: z.string().optional().meta({ description: "Names this request in the log." }),
  })
  .meta({ id: "Problem", description: "An error (RFC 9457)." });

export type Problem = z.infer<typeof problemSchema>;

export interface ApiErrorOptions {
  /** The field at fault, as a path: `acceptance.checks.0.params.url`. */
  param?: string | undefined;
  /** Further members of the problem document (`shortfall`, `accepts`, …), as JSON. */
  extra?: Readonly<Record<string, unknown>> | undefined;
  /** Sent as the `Retry-After` header. */
  retryAfterSeconds?: number | undefined;
  /** What led to this; for the log, never for the caller. */
  cause?: unknown;
}

/**
 * An error whose words may be told to the caller.
 * @example throw new ApiError("wrong_status", "The job is paid; it can only be cancelled while open.")
 */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly param: string | undefined;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, detail: string, options: ApiErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.param = options.param;
    this.extra = options.extra ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The problem document to answer with. */
  toProblem(requestId: string): Problem {
    return {
      ...this.extra,
      type: `urn:hireforhumans:error:${this.code}`,
      title: ERRORS[this.code].title,
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(this.param === undefined ? {} : { param: this.param }),
      request_id: requestId,
    };
  }
}

/**
 * What a failed schema means to the caller: the first issue that says the most, with the field's path as `param`.
 * A schema names a code of the table in its issue's `params.code`.
 */
export function requestErrorOf(error: z.ZodError, { prefix = "" }: { prefix?: string } = {}): ApiError {
  const issue = error.issues[0];
  if (issue === undefined) return new ApiError("invalid_request", "The request is invalid.", { cause: error });
  const path = [prefix, ...issue.path.map(String)].filter((part) => part !== "");
  if (issue.code === "unrecognized_keys") {
    const param = [...path, issue.keys[0]].join(".");
    return new ApiError("unknown_field", `${JSON.stringify(param)} is not a field of this request.`, { param });
  }
  const named = issue.code === "custom" ? (issue.params as { code?: unknown } | undefined)?.code : undefined;
  const param = path.join(".");
  return new ApiError(isErrorCode(named) ? named : "invalid_request", detailOf(param, messageOf(issue)), {
    param: param === "" ? undefined : param,
  });
}

function detailOf(param: string, message: string): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return param === "" ? sentence : `${param}: ${sentence}`;
}

/**
 * A union that failed says only "Invalid input"; the issues of the branch that came furthest say more, and where none came
 * anywhere, all the types together that it could have been.
 */
function messageOf(issue: z.core.$ZodIssue): string {
  // The rules for the names of a record's members.
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code === "invalid_type") return typeMessage(issue, [issue.expected]);
  if (issue.code !== "invalid_union") return issue.message;
  const issues = issue.errors.flat().sort((a, b) => b.path.length - a.path.length);
  const deepest = issues[0];
  if (deepest === undefined) return issue.message;
  if (deepest.code !== "invalid_type" || deepest.path.length > 0) return messageOf(deepest);
  const expected = issues.flatMap((other) => (other.code === "invalid_type" ? [other.expected] : []));
  return typeMessage(deepest, expected);
}

function typeMessage({ message, expected }: z.core.$ZodIssueInvalidType, types: readonly string[]): string {
  const all = [...new Set(types)].join(" or ");
  if (message.endsWith("received undefined")) return `is missing; expected ${all}`;
  return message.replace(`expected ${expected}`, `expected ${all}`);
}
