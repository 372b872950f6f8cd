import type { ErrorCode } from "../error-table.ts";
import { jobIdSchema } from "../schemas/ids.ts";
import type { Scope } from "../schemas/key.ts";
import { z } from "zod";

/** Who may call. Several members: any of them. Nobody named: everybody. */
export interface Who {
  /** An API key with this scope. */
  key?: Scope;
  /** A signed-in account: a worker, or a juror. */
  worker?: true;
  /** The gateway's operator, by OPERATOR_TOKEN. */
  operator?: true;
  /** Whoever holds the token in the path. */
  customer?: true;
}

export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters as `:name`. */
  path: string;
  tag: string;
  summary: string;
  who: Who;
  params?: z.ZodObject;
  query?: z.ZodType;
  /** JSON unless `requestType` says otherwise. */
  request?: z.ZodType;
  requestType?: "multipart/form-data";
  /** Whether sending the same request twice does no harm: by the operation's nature, or by its Idempotency-Key. */
  repeatable?: "by nature" | "by key";
  /** The status of success. */
  status: 200 | 201 | 204;
  /** JSON unless `responseType` says otherwise. */
  response?: z.ZodType;
  responseType?: "text/event-stream" | "application/octet-stream" | "text/plain" | "text/html";
  /** The codes it can answer beside those that `codesOf` adds. */
  codes: readonly ErrorCode[];
}

export const jobParams = z.object({ id: jobIdSchema });

export const amountCodes = [
  "amount_malformed",
  "amount_negative",
  "amount_zero",
  "amount_too_precise",
  "amount_too_large",
] as const satisfies ErrorCode[];
