import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Files by their content: the name of a file is the SHA-256 of its bytes, so what is stored can't be changed. */
export interface FileStore {
  /**
   * Stores a stream whole or not at all, hashing while it writes. Storing the same bytes twice leaves one file.
   * @param accept looks at what came before it is kept; where it throws, nothing is kept
   * @throws FileTooLarge past `maxBytes`, and what `accept` throws
   */
  put<Accepted>(
    content: Readable,
    maxBytes: number,
    accept: (received: ReceivedFile) => Promise<Accepted>,
  ): Promise<Accepted>;
  /** @returns undefined when there is no such file. */
  open(sha256: string): Promise<{ size: number; content: Readable } | undefined>;
  /**
   * Removes what was begun and left by a process that died: what nothing was written to for so long.
   * @returns how many
   */
  sweep(idleMs: number): Promise<number>;
}

export interface ReceivedFile {
  /** 64 lowercase hexadecimal digits. */
  sha256: string;
  size: number;
  /** The first bytes, enough to tell the type of the content. */
  head: Uint8Array;
  /** Reads all of it. */
  content(): Readable;
}

export class FileTooLarge extends Error {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`the file is larger than ${maxBytes} bytes`);
    this.name = "FileTooLarge";
    this.maxBytes = maxBytes;
  }
}

const sha256Pattern = /^[0-9a-f]{64}$/;
const headBytes = 4100;

/** Files on a local disk, spread over 256 folders. */
export function createDiskFileStore(folder: string): FileStore {
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);
  return {
    async put(content, maxBytes, accept) {
      const incoming = join(folder, "incoming", randomUUID());
      await mkdir(dirname(incoming), { recursive: true });
      try {
        const received = await writeHashed(content, incoming, maxBytes);
        const accepted = await accept(received);
        const path = pathOf(received.sha256);
        await mkdir(dirname(path), { recursive: true });
        await rename(incoming, path);
        await syncToDisk(dirname(path));
        return accepted;
      } catch (error) {
        await rm(incoming, { force: true });
        throw error;
      }
    },
    async open(sha256) {
      if (!sha256Pattern.test(sha256)) return undefined;
      const path = pathOf(sha256);
      const size = await sizeOf(path);
      return size === undefined ? undefined : { size, content: createReadStream(path) };
    },
    async sweep(idleMs) {
      const names = await readdir(join(folder, "incoming")).catch(nothingYet);
      let swept = 0;
      for (const name of names) {
        const path = join(folder, "incoming", name);
        // Another gateway may share the folder, and finish or sweep it meanwhile.
        const found = await stat(path).catch(nothingYet);
        if (Array.isArray(found) || Date.now() - found.mtimeMs < idleMs) continue;
        await rm(path, { force: true });
        swept += 1;
      }
      return swept;
    },
  };
}

async function writeHashed(content: Readable, path: string, maxBytes: number): Promise<ReceivedFile> {
  const hash = createHash("sha256");
  const head: Buffer[] = [];
  let size = 0;
  let headSize = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      if (size > maxBytes) {
        done(new FileTooLarge(maxBytes));
        return;
      }
      if (headSize < headBytes) {
        head.push(chunk.subarray(0, headBytes - headSize));
        headSize += chunk.length;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(content, measure, createWriteStream(path, { flags: "wx" }));
  await syncToDisk(path);
  return { sha256: hash.digest("hex"), size, head: Buffer.concat(head), content: () => createReadStream(path) };
}

/** Evidence that is paid for must not be lost to a power cut after the worker was told that it is stored: bytes and name. */
async function syncToDisk(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** There is no such file or folder. */
function nothingYet(error: unknown): never[] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
