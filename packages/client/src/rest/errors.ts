import {
  type ErrorCode,
  type PaymentProblem,
  paymentProblemSchema,
  type Problem,
  problemSchema,
} from "@hireforhumans/protocol";

/** Any failure of a call to the gateway. */
export class GatewayError extends Error {
  override readonly name: string = "GatewayError";
}

/** No answer came: no connection, or none in time. Whether the request took effect is unknown. */
export class ConnectionError extends GatewayError {
  override readonly name = "ConnectionError";
}

/** An answer came that this client does not understand: another version of the gateway, or something in between. */
export class AnswerError extends GatewayError {
  override readonly name = "AnswerError";
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The gateway refused, and said why. Its `code` tells more than its class. */
export class RefusedError extends GatewayError {
  override readonly name: string = "RefusedError";
  readonly status: number;
  readonly code: ErrorCode;
  /** The field at fault. */
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  /** The whole problem document. */
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds: number | undefined) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.param = problem.param;
    this.requestId = problem.request_id;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 400, 413, 415, 422: correct the request; `param` names the field. */
export class InvalidRequestError extends RefusedError {
  override readonly name = "InvalidRequestError";
}
/** 401: no valid key or session. */
export class UnauthenticatedError extends RefusedError {
  override readonly name = "UnauthenticatedError";
}
/** 402: balance or limit does not cover the job. */
export class PaymentRequiredError extends RefusedError {
  override readonly name = "PaymentRequiredError";

  /** The figures and the ways to pay, where the answer has them. */
  get payment(): PaymentProblem | undefined {
    return paymentProblemSchema.safeParse(this.problem).data;
  }
}
/** 403: the key lacks the scope, or this is not yours to do. */
export class ForbiddenError extends RefusedError {
  override readonly name = "ForbiddenError";
}
/** 404 */
export class NotFoundError extends RefusedError {
  override readonly name = "NotFoundError";
}
/** 409: the resource is not in a state that allows this. */
export class ConflictError extends RefusedError {
  override readonly name = "ConflictError";
}
/** 429: wait `retryAfterSeconds`. */
export class RateLimitedError extends RefusedError {
  override readonly name = "RateLimitedError";
}
/** 5xx: the gateway failed; repeating may help. */
export class ServerError extends RefusedError {
  override readonly name = "ServerError";
}

const classByStatus: Readonly<Record<number, typeof RefusedError>> = {
  400: InvalidRequestError,
  401: UnauthenticatedError,
  402: PaymentRequiredError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  422: InvalidRequestError,
  429: RateLimitedError,
};

/** What an answer that is no success means. Reads its body. */
export async function refusalOf(response: Response): Promise<RefusedError | AnswerError> {
  const body = await response.text();
  const problem = problemSchema.safeParse(jsonOf(body));
  if (!problem.success) {
    const shown = body.length > 200 ? `${body.slice(0, 200)}…` : body;
    return new AnswerError(`HTTP ${response.status} without a problem document: ${shown}`, response.status);
  }
  const Refusal = classByStatus[response.status] ?? (response.status >= 500 ? ServerError : RefusedError);
  return new Refusal(problem.data, retryAfterSecondsOf(response));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON is an answer too: it fails the schema that it is handed to.
    return undefined;
  }
}

/** `Retry-After` as seconds; it may be a number or a date. */
export function retryAfterSecondsOf(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - Date.now()) / 1000);
}
