import { fileTypeFromBuffer } from "file-type";
import { type Check, fail, itemsOf, pass, type Sources } from "../check.ts";

/** Enough for every signature that file-type knows but those of a few containers, which it then does not name. */
const headBytes = 4100;

/** Is each file of a type that the job asks for, by its content, whatever its name says? */
export const documentType: Check<"document_type"> = {
  name: "document_type",
  async run({ bundle }, { media_types }, sources) {
    const files = itemsOf(bundle, "file");
    const wanted = media_types.join(" or ");
    if (files.length === 0) return fail(`The job asks for a file of type ${wanted}; no file was handed in.`);
    for (const file of files) {
      const type = await typeOf(file.sha256, sources);
      if (type === undefined) return fail(`The file "${file.name}" was never uploaded.`);
      if (!media_types.includes(type)) {
        return fail(`The file "${file.name}" is ${type} by its content; the job asks for ${wanted}.`);
      }
    }
    return pass(`Each file (${files.length}) is ${wanted} by its content.`);
  },
};

async function typeOf(sha256: string, sources: Sources): Promise<string | undefined> {
  const stored = await sources.openFile(sha256);
  if (stored === undefined) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stored.content) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= headBytes) break;
  }
  return mediaTypeOf(Buffer.concat(chunks).subarray(0, headBytes));
}

/** The media type by the first bytes: by signature, else plain text where they are UTF-8 without control characters. */
export async function mediaTypeOf(head: Uint8Array): Promise<string> {
  const known = await fileTypeFromBuffer(head);
  if (known !== undefined) return known.mime;
  return isText(head) ? "text/plain" : "application/octet-stream";
}

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13)) return false;
  try {
    // In a stream a character cut off at the end is no error.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    // The decoder throws on bytes that are not UTF-8, which is the answer.
    return false;
  }
}
