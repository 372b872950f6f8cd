import type { Request } from "express";
import type { Readable } from "node:stream";
import { mediaTypeOf } from "@hireforhumans/oracle";
import { ApiError, type File, fileNameSchema } from "@hireforhumans/protocol";
import busboy from "busboy";
import { type Caller, isWorker } from "../http/caller.ts";
import type { Context } from "../context.ts";
import { newId } from "../ids.ts";
import { FileTooLarge, type StoredFile } from "./files.ts";

/** By content. Documents, pictures, recordings and tables that people hand in; nothing that runs when it is opened. */
const allowedTypes = new Set([
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
 * Reads one file of a multipart/form-data body into the store, without holding it in memory. A field `sha256` before
 * it says what it has to hash to.
 * @throws ApiError malformed_upload, file_too_large, file_type_not_allowed, file_hash_mismatch, file_name_not_allowed
 */
export async function uploadFile(ctx: Context, caller: Caller, request: Request): Promise<File> {
  const { stored, name, expected } = await readUpload(ctx, request);
  if (expected !== undefined && expected !== stored.sha256) {
    throw new ApiError("file_hash_mismatch", `The file's SHA-256 is ${stored.sha256}, not ${expected}.`, {
      param: "sha256",
    });
  }
  if (stored.size === 0) throw new ApiError("malformed_upload", "The file is empty.", { param: "file" });
  const media_type = await mediaTypeOf(stored.head);
  if (!allowedTypes.has(media_type)) {
    throw new ApiError(
      "file_type_not_allowed",
      `By its content the file is ${media_type}; taken are ${[...allowedTypes].join(", ")}.`,
      { param: "file" },
    );
  }
  return record(ctx, caller, { ...stored, media_type, name });
}

interface Upload {
  stored: StoredFile;
  name: string;
  expected: string | undefined;
}

function readUpload(ctx: Context, request: Request): Promise<Upload> {
  const malformed = (detail: string, cause?: unknown) =>
    new ApiError("malformed_upload", detail, { param: "file", cause });
  return new Promise((resolve, reject) => {
    let parser: busboy.Busboy;
    try {
      parser = busboy({
        headers: request.headers,
        preservePath: true,
        limits: { files: 1, fields: 1, fieldSize: 128, parts: 2, headerPairs: 20 },
      });
    } catch (error) {
      reject(malformed("Send the file as multipart/form-data with one part named `file`.", error));
      return;
    }
    let expected: string | undefined;
    let upload: Promise<Upload> | undefined;
    const stop = (error: unknown) => {
      request.unpipe(parser);
      request.resume();
      reject(error instanceof Error ? error : malformed("The upload broke off.", error));
    };
    parser.on("field", (name, value) => {
      if (name === "sha256") expected = value;
    });
    parser.on("file", (field, content, { filename }) => {
      upload = field === "file" ? storeFile(ctx, content, filename).then((file) => ({ ...file, expected })) : undefined;
      if (upload === undefined) content.resume();
      upload?.catch(stop);
    });
    parser.on("error", (error) => stop(malformed("The body is not well-formed multipart/form-data.", error)));
    parser.on("close", () => {
      if (upload === undefined) stop(malformed("There is no part named `file`."));
      else upload.then(resolve, stop);
    });
    request.on("aborted", () => stop(malformed("The upload broke off.")));
    request.pipe(parser);
  });
}

async function storeFile(ctx: Context, content: Readable, filename: string | undefined) {
  const name = fileNameSchema.safeParse(filename);
  if (!name.success) {
    content.resume();
    throw new ApiError(
      "file_name_not_allowed",
      "The file's name has to be a plain name: no path, no control characters, 1 to 255 characters.",
      { param: "file" },
    );
  }
  try {
    return { stored: await ctx.files.put(content, ctx.config.fileMaxBytes), name: name.data };
  } catch (error) {
    content.resume();
    if (!(error instanceof FileTooLarge)) throw error;
    throw new ApiError("file_too_large", `The file has more than the ${error.maxBytes} bytes that are taken.`, {
      param: "file",
    });
  }
}

async function record(
  ctx: Context,
  caller: Caller,
  file: { sha256: string; size: number; media_type: string; name: string },
): Promise<File> {
  const id = newId("fil");
  const owner = isWorker(caller) ? { worker_id: caller.worker.id } : { client_id: caller.client.id };
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
