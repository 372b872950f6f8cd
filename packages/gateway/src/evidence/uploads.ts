import type { Request, Response } from "express";
import type { Readable } from "node:stream";
import { mediaTypeOf, safetyOf } from "@hireforhumans/oracle";
import { ApiError, type File, fileNameSchema } from "@hireforhumans/protocol";
import busboy from "busboy";
import { type Caller, isWorker } from "../http/caller.ts";
import type { Context } from "../context.ts";
import { newId } from "../ids.ts";
import type { CallOf } from "../http/route.ts";
import { FileTooLarge, type ReceivedFile } from "./files.ts";
import type { UploadLimits } from "./upload-limits.ts";

/** By content. Documents, pictures, recordings and tables that people hand in; nothing that runs when it is opened. */
export const allowedTypes: ReadonlySet<string> = new Set([
  "application/json",
  "application/pdf",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "audio/mpeg",
  "audio/ogg",
  "audio/wav",
  "image/gif",
  "image/heic",
  "image/jpeg",
  "image/png",
  "image/webp",
  "text/plain",
  "video/mp4",
  "video/webm",
]);

/**
 * Reads one file of a multipart/form-data body into the store, without holding it in memory. A field `sha256` beside it
 * says what it has to hash to. Nothing is kept of what is refused.
 * @throws ApiError rate_limited, malformed_upload, file_too_large, file_type_not_allowed, file_hash_mismatch, file_name_not_allowed
 */
export async function uploadFile(
  ctx: Context,
  limits: UploadLimits,
  { caller, request, response }: CallOf<"uploadFile">,
): Promise<File> {
  const end = await limits.begin(caller);
  try {
    const stopWatching = watchPauses(request, response, ctx.config.bodyTimeoutSeconds);
    const file = await readFile(ctx, request).finally(stopWatching);
    return await record(ctx, caller, file);
  } finally {
    end();
  }
}

/** A caller who sends a byte now and then, or none, would hold connection, file and turn for hours. */
function watchPauses(request: Request, response: Response, seconds: number): () => void {
  request.setTimeout(seconds * 1000, () => {
    response.set("connection", "close");
    request.emit("aborted");
  });
  return () => request.setTimeout(0);
}

function readFile(ctx: Context, request: Request) {
  return readUpload(request, async ({ content, filename, stated }) => {
    const name = plainNameOf(filename);
    const accept = async (received: ReceivedFile) => ({
      ...received,
      media_type: await typeOf(received, await stated),
    });
    return { ...(await put(ctx, content, accept)), name };
  });
}

interface FilePart {
  content: Readable;
  filename: string | undefined;
  /** The hash that the caller states, if it does; known once the whole body was read. */
  stated: Promise<string | undefined>;
}

const malformed = (detail: string, cause?: unknown) =>
  new ApiError("malformed_upload", detail, { param: "file", cause });

function parserOf(request: Request): busboy.Busboy {
  try {
    return busboy({
      headers: request.headers,
      preservePath: true,
      limits: { files: 1, fields: 1, fieldSize: 128, parts: 2, headerPairs: 20 },
    });
  } catch (error) {
    throw malformed("Send the file as multipart/form-data with one part named `file`.", error);
  }
}

/** Has `take` read the part named `file`, and waits for the end of the body. */
async function readUpload<Taken>(request: Request, take: (part: FilePart) => Promise<Taken>): Promise<Taken> {
  const parser = parserOf(request);
  const { promise, resolve, reject } = Promise.withResolvers<Taken>();
  const whole = Promise.withResolvers<string | undefined>();
  let stated: string | undefined;
  let taken: Promise<Taken> | undefined;
  const stop = (error: unknown) => {
    request.unpipe(parser).resume();
    parser.destroy();
    reject(parser.errored && !(error instanceof ApiError) ? brokenOff(error) : error);
  };
  parser.on("field", (name, value) => {
    if (name === "sha256") stated = value;
  });
  parser.on("file", (field, content, { filename }) => {
    // It breaks with the body, also while nobody reads it; whoever does gets the error too.
    content.on("error", () => content.resume());
    if (field === "file") taken = take({ content, filename, stated: whole.promise });
    else content.resume();
    taken?.catch(stop);
  });
  parser.on("error", (error) => whole.reject(brokenOff(error)));
  parser.on("close", () => whole.resolve(stated));
  request.once("aborted", () => parser.destroy(new Error("the caller went away")));
  whole.promise.then(
    () => (taken ?? Promise.reject(malformed("There is no part named `file`."))).then(resolve, stop),
    stop,
  );
  request.pipe(parser);
  return promise;
}

const brokenOff = (cause: unknown) => malformed("The body is not whole or not well-formed multipart/form-data.", cause);

function plainNameOf(filename: string | undefined): string {
  const name = fileNameSchema.safeParse(filename);
  if (name.success) return name.data;
  throw new ApiError(
    "file_name_not_allowed",
    "The file's name has to be a plain name: no path, no control characters, 1 to 255 characters.",
    { param: "file" },
  );
}

async function put<Accepted>(
  ctx: Context,
  content: Readable,
  accept: (received: ReceivedFile) => Promise<Accepted>,
): Promise<Accepted> {
  try {
    return await ctx.files.put(content, ctx.config.fileMaxBytes, accept);
  } catch (error) {
    if (!(error instanceof FileTooLarge)) throw error;
    throw new ApiError("file_too_large", `The file has more than the ${error.maxBytes} bytes that are taken.`, {
      param: "file",
    });
  }
}

async function typeOf(received: ReceivedFile, stated: string | undefined): Promise<string> {
  if (received.size === 0) throw new ApiError("malformed_upload", "The file is empty.", { param: "file" });
  if (stated !== undefined && stated.toLowerCase() !== received.sha256) {
    throw new ApiError("file_hash_mismatch", `The file's SHA-256 is ${received.sha256}, not ${stated}.`, {
      param: "sha256",
    });
  }
  const mediaType = await mediaTypeOf(received.head);
  if (allowedTypes.has(mediaType)) {
    await requireSafe(received);
    return mediaType;
  }
  throw new ApiError(
    "file_type_not_allowed",
    `By its content the file is ${mediaType}; taken are ${[...allowedTypes].join(", ")}.`,
    { param: "file" },
  );
}

/** The oracle would fail it later, when the worker can't hand in another. */
async function requireSafe(received: ReceivedFile): Promise<void> {
  const safety = await safetyOf(received.content());
  if (safety.safe) return;
  const code = safety.problem === "too_large" ? "file_too_large" : "malformed_upload";
  throw new ApiError(code, `The file is refused: ${safety.detail}.`, { param: "file" });
}

async function record(
  ctx: Context,
  caller: Caller,
  file: { sha256: string; size: number; media_type: string; name: string },
): Promise<File> {
  const id = newId("fil");
  const owner = isWorker(caller) ? { worker_id: caller.worker.id } : { client_id: caller.client.id };
  await ctx.records.put({
    kind: "file",
    file_id: id,
    sha256: file.sha256,
    size: file.size,
    media_type: file.media_type,
    name: file.name,
    owner: isWorker(caller) ? { worker: caller.worker.address } : { client: caller.client.address },
    created_at: new Date().toISOString(),
  });
  await ctx.db.transaction().execute(async (trx) => {
    await trx
      .insertInto("files")
      .values({ sha256: file.sha256, size: BigInt(file.size), media_type: file.media_type })
      .onConflict((conflict) => conflict.column("sha256").doNothing())
      .execute();
    await trx
      .insertInto("file_uploads")
      .values({ id, sha256: file.sha256, name: file.name, ...owner })
      .execute();
  });
  return {
    id,
    sha256: file.sha256,
    name: file.name,
    media_type: file.media_type,
    size_bytes: file.size,
    url: `${ctx.config.publicUrl}/v1/files/${file.sha256}`,
    created_at: new Date().toISOString(),
  };
}
