import type { Request, Response } from "express";
import { ApiError, parseJsonBody } from "@hireforhumans/protocol";

/** Deeper than any document a person or a model writes; parsing and hashing recurse this deep at most. */
const MAX_DEPTH = 32;

export interface BodyLimits {
  bytes: number;
  /** For the whole body. */
  timeoutMs: number;
}

/**
 * Reads a JSON body. An empty body counts as `{}`, so that a missing field is reported by its name.
 * @throws ApiError unsupported_media_type, payload_too_large, malformed_json, json_too_deep
 */
export async function readJson(request: Request, response: Response, limits: BodyLimits): Promise<unknown> {
  if (!hasBody(request)) return {};
  if (request.is(["json", "+json"]) === false) {
    const actual = request.get("content-type");
    throw new ApiError(
      "unsupported_media_type",
      `The Content-Type is ${actual === undefined ? "missing" : JSON.stringify(actual)}; send application/json.`,
    );
  }
  const bytes = await readBytes(request, response, limits);
  if (bytes.length === 0) return {};
  if (depthOf(bytes) > MAX_DEPTH) {
    throw new ApiError("json_too_deep", `The body is nested deeper than the ${MAX_DEPTH} levels that are taken.`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const body = parseJsonBody(text);
    return UNSTORABLE_ESCAPE.test(text) ? storable(body) : body;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const reason = error instanceof SyntaxError ? error.message : "it is not UTF-8 text";
    throw new ApiError("malformed_json", `The body is not JSON: ${reason}.`, { cause: error });
  }
}

/** NUL and halves of surrogate pairs: PostgreSQL stores neither, and agents that cut a text by length send the latter. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|d[89a-f])/i;

/** The same JSON without them. */
export function storable(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "");
  if (Array.isArray(value)) return value.map(storable);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [storableName(name), storable(member)]));
}

/** A name that changed could be that of another member, and replace it. */
function storableName(name: string): string {
  if (storable(name) === name) return name;
  throw new ApiError("invalid_request", "A member's name holds NUL or half of a surrogate pair.");
}

function hasBody(request: Request): boolean {
  const length = request.get("content-length");
  return request.get("transfer-encoding") !== undefined || (length !== undefined && length !== "0");
}

async function readBytes(request: Request, response: Response, limits: BodyLimits): Promise<Buffer> {
  const encoding = request.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new ApiError("unsupported_media_type", `The Content-Encoding is ${encoding}; send the JSON as it is.`);
  }
  const announced = Number(request.get("content-length") ?? 0);
  const bytes = announced > limits.bytes ? "too large" : await readUpTo(request, limits);
  if (Buffer.isBuffer(bytes)) return bytes;
  response.set("connection", "close");
  if (bytes === "too slow") {
    throw new ApiError("malformed_json", `The body did not arrive within ${limits.timeoutMs / 1000} s.`);
  }
  // What is still coming is let run out, so that the answer is read.
  request.resume();
  throw new ApiError("payload_too_large", `The body is larger than the ${limits.bytes} bytes that are taken.`);
}

/** Where it gives no bytes, the request is left open for the answer. */
async function readUpTo(
  request: Request,
  { bytes, timeoutMs }: BodyLimits,
): Promise<Buffer | "too large" | "too slow"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"too slow">((resolve) => {
    timer = setTimeout(resolve, timeoutMs, "too slow");
  });
  try {
    return await Promise.race([readWhole(request, bytes), late]);
  } catch (error) {
    throw new ApiError("malformed_json", "The body broke off.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function readWhole(request: Request, limitBytes: number): Promise<Buffer | "too large"> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) return "too large";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How deep arrays and objects nest, counted before parsing since parsing would recurse. */
export function depthOf(json: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index];
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return deepest;
}
