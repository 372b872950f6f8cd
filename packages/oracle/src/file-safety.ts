import { once } from "node:events";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { fileTypeFromBuffer } from "file-type";
import sharp from "sharp";
import { type Entry, fromBuffer, type Options, type ZipFile } from "yauzl";
import { maxPixels } from "./likeness/image-hash.ts";

/** What a file may unpack to. Office documents and scans stay far below; nothing that is unpacked is written anywhere. */
export const limits = {
  unpackedBytes: 256 * 1024 * 1024,
  /** Unpacked to packed bytes, beyond the first 16 MiB: a table of equal cells packs 100 to 1. */
  ratio: 200,
  freeBytes: 16 * 1024 * 1024,
  entries: 10_000,
  /** Archives in archives: a document may hold a document, which holds none. */
  depth: 2,
  pixels: maxPixels,
} as const;

/** Whether a file can be opened without harm; `malformed` and `too_large` say why it can't. */
export type FileSafety = { safe: true } | { safe: false; problem: "malformed" | "too_large"; detail: string };

class Refused extends Error {
  readonly problem: "malformed" | "too_large";

  constructor(problem: "malformed" | "too_large", detail: string) {
    super(detail);
    this.problem = problem;
  }
}

type Reader = (content: Buffer, budget: Budget, depth: number) => Promise<void>;

/** Enough to tell the type by. */
const headBytes = 4100;

const readers: [(type: string) => boolean, Reader][] = [
  [(type) => type === "application/zip" || type.startsWith("application/vnd.openxmlformats"), readZip],
  [(type) => type === "application/gzip", readGzip],
  [(type) => /^image\/(png|jpeg|gif|webp)$/.test(type), decodeImage],
  [(type) => type === "application/pdf", readPdf],
];

/**
 * Looks into zip files and the documents made of them, gzip, PDF, and PNG, JPEG, GIF and WebP pictures; of other types
 * nothing is said, and only the beginning is read. Works in memory, in the threads of zlib and libvips.
 */
export async function safetyOf(content: Readable, signal?: AbortSignal): Promise<FileSafety> {
  const chunks: Buffer[] = [];
  let size = 0;
  let read: Reader | undefined;
  for await (const chunk of content) {
    signal?.throwIfAborted();
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (read !== undefined || size < headBytes) continue;
    read = await readerOf(Buffer.concat(chunks));
    if (read === undefined) return { safe: true };
  }
  const whole = Buffer.concat(chunks);
  read ??= await readerOf(whole);
  try {
    await read?.(whole, new Budget(size, signal), 1);
    return { safe: true };
  } catch (error) {
    if (error instanceof Refused) return { safe: false, problem: error.problem, detail: error.message };
    throw error;
  }
}

async function readerOf(head: Buffer): Promise<Reader | undefined> {
  const type = (await fileTypeFromBuffer(head))?.mime ?? "";
  return readers.find(([fits]) => fits(type))?.[1];
}

/** What may still be unpacked, of a file and of all in it together. */
class Budget {
  readonly #most: number;
  readonly #signal: AbortSignal | undefined;
  #unpacked = 0;

  constructor(packedBytes: number, signal: AbortSignal | undefined) {
    this.#most = Math.min(limits.unpackedBytes, limits.freeBytes + packedBytes * limits.ratio);
    this.#signal = signal;
  }

  spend(bytes: number): void {
    this.#signal?.throwIfAborted();
    this.#unpacked += bytes;
    if (this.#unpacked <= this.#most) return;
    throw new Refused("too_large", `it unpacks to more than ${this.#most} bytes`);
  }

  /** Refuses by what a header says, before anything is unpacked. */
  require(bytes: number): void {
    if (this.#unpacked + bytes <= this.#most) return;
    throw new Refused("too_large", `it says that it unpacks to ${bytes} bytes; ${this.#most} are taken`);
  }
}

const openZip = promisify<Buffer, Options, ZipFile>(fromBuffer);

async function readZip(content: Buffer, budget: Budget, depth: number): Promise<void> {
  if (depth > limits.depth) throw new Refused("too_large", `it holds archives in archives, ${depth} deep`);
  const zip = await orMalformed("the archive's directory", openZip(content, { lazyEntries: true }));
  if (zip.entryCount > limits.entries) {
    throw new Refused("too_large", `it holds ${zip.entryCount} files; ${limits.entries} are taken`);
  }
  for (let index = 0; index < zip.entryCount; index++) {
    const next = orMalformed("the archive's directory", once(zip, "entry"));
    zip.readEntry();
    const [entry] = (await next) as [Entry];
    budget.require(entry.uncompressedSize);
    await readEntry(zip, entry, budget, depth);
  }
}

async function readEntry(zip: ZipFile, entry: Entry, budget: Budget, depth: number): Promise<void> {
  const part = `"${entry.fileName.slice(0, 100)}"`;
  if (entry.isEncrypted()) throw new Refused("malformed", `${part} in it is encrypted, so it can't be read`);
  const open = promisify<Entry, Readable>(zip.openReadStream.bind(zip));
  const stream = await orMalformed(part, open(entry));
  // Kept only where it is an archive: those are looked into.
  await inspectNested(await orMalformed(part, readUnpacked(stream, budget)), budget, depth);
}

async function inspectNested(unpacked: Buffer, budget: Budget, depth: number): Promise<void> {
  const zip = unpacked.readUInt16BE.bind(unpacked);
  const magic = unpacked.length < 2 ? 0 : zip(0);
  if (magic === 0x504b) await readZip(unpacked, budget, depth + 1);
  if (magic === 0x1f8b) await readGzip(unpacked, budget, depth + 1);
}

async function readGzip(content: Buffer, budget: Budget, depth: number): Promise<void> {
  if (depth > limits.depth) throw new Refused("too_large", `it holds archives in archives, ${depth} deep`);
  const gunzip = createGunzip();
  gunzip.end(content);
  await inspectNested(await orMalformed("the gzip stream", readUnpacked(gunzip, budget)), budget, depth);
}

async function readUnpacked(stream: Readable, budget: Budget): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    budget.spend((chunk as Buffer).length);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function decodeImage(content: Buffer): Promise<void> {
  const image = sharp(content, { limitInputPixels: false, failOn: "truncated", sequentialRead: true });
  const { width, height, pages = 1 } = await orMalformed("the picture's header", image.metadata());
  if (width * height * pages > limits.pixels) {
    throw new Refused("too_large", `it has ${width} by ${height} pixels, ${pages} times; ${limits.pixels} are taken`);
  }
  await orMalformed("the picture", image.timeout({ seconds: 10 }).resize(1, 1, { fit: "fill" }).raw().toBuffer());
}

/** Of a PDF only beginning and end are looked at, since nothing here unpacks its streams. */
function readPdf(content: Buffer): Promise<void> {
  if (content.subarray(-2048).includes("%%EOF")) return Promise.resolve();
  return Promise.reject(new Refused("malformed", "the PDF breaks off: it has no end mark (%%EOF)"));
}

/** Libraries throw what they find wrong with what they read; aborting and our own refusals stay what they are. */
async function orMalformed<Value>(what: string, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refused || (error instanceof Error && error.name === "AbortError")) throw error;
    if (error instanceof Error && error.name === "TimeoutError") throw error;
    throw new Refused("malformed", `${what} can't be read`);
  }
}
