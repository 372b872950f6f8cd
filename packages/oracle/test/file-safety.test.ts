import { Readable } from "node:stream";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { safetyOf } from "../src/file-safety.ts";

const safety = (content: Buffer) => safetyOf(Readable.from([content]));

/** A zip file of deflated parts, as any program writes one. `states` makes the directory lie about the unpacked size. */
function zipOf(parts: Record<string, Buffer>, { states }: { states?: number } = {}): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(parts)) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(states ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const part = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, place, Buffer.from(name)]));
    local.push(part);
    offset += part.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, ...directory, Buffer.from("PK\x05\x06"), end]);
}

const docxOf = (document: Buffer, more: Record<string, Buffer> = {}) =>
  zipOf({
    "[Content_Types].xml": Buffer.from(
      '<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ),
    "word/document.xml": document,
    ...more,
  });

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "teal" }, limitInputPixels: false });
const report = Buffer.from("<w:document>The refund was made.</w:document>");
const zeros = (mebibytes: number) => Buffer.alloc(mebibytes * 1024 * 1024);

describe("a file that people hand in is safe:", () => {
  test.each([
    ["a document", docxOf(report)],
    ["a document that holds a document", docxOf(report, { "word/embeddings/table.xlsx": docxOf(report) })],
    ["a large table of equal cells", docxOf(Buffer.alloc(12 * 1024 * 1024, "<c>0</c>"))],
    ["packed text", gzipSync("a line\n".repeat(10_000))],
    ["a PDF", Buffer.from("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n")],
    ["text", Buffer.from("Just words.")],
  ])("%s", async (_, content) => {
    expect(await safety(content)).toEqual({ safe: true });
  });
  test.each(["png", "jpeg", "webp", "gif"] as const)("a picture: %s", async (format) => {
    expect(await safety(await picture(800, 600).toFormat(format).toBuffer())).toEqual({ safe: true });
  });
});

describe("a file that unpacks to far more than it is, is refused:", () => {
  test.each([
    ["a document", docxOf(zeros(60))],
    [
      "many parts of a size that each would pass",
      zipOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}`, zeros(1)]))),
    ],
    ["a document in a document", docxOf(report, { "inner.docx": docxOf(zeros(40)) })],
    ["a gzip stream", gzipSync(zeros(60))],
    ["a gzip stream in a gzip stream", gzipSync(gzipSync(zeros(60)))],
    ["three archives in each other", zipOf({ a: zipOf({ b: zipOf({ c: report }) }) })],
  ])("%s", async (_, content) => {
    expect(content.length).toBeLessThan(100_000);
    expect(await safety(content)).toMatchObject({ safe: false, problem: "too_large" });
  });
  test("a picture of 10,000 by 10,000 pixels in some kilobytes", async () => {
    const bomb = await picture(10_000, 10_000).png({ compressionLevel: 9 }).toBuffer();
    expect(await safety(bomb)).toMatchObject({ safe: false, problem: "too_large" });
  });
  test("an archive of more files than any document has", async () => {
    const many = zipOf(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`${i}`, Buffer.alloc(0)])));
    expect(await safety(many)).toMatchObject({ safe: false, problem: "too_large" });
  });
});

describe("a file that breaks off or lies about itself is refused:", () => {
  const half = (content: Buffer) => content.subarray(0, Math.floor(content.length / 2));
  test.each([
    [
      "half a document",
      half(docxOf(Buffer.concat([report, Buffer.from(Array.from({ length: 5000 }, (_, i) => i * 7))]))),
    ],
    ["an archive that states less than it holds", zipOf({ "a.xml": zeros(40) }, { states: 10 })],
    ["half a gzip stream", half(gzipSync("a line\n".repeat(1000)))],
    ["a PDF without an end", Buffer.from("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n")],
  ])("%s", async (_, content) => {
    expect(await safety(content)).toMatchObject({ safe: false, problem: "malformed" });
  });
  test.each(["png", "jpeg", "webp"] as const)("half a picture: %s", async (format) => {
    const noisy = sharp({
      create: { width: 300, height: 300, channels: 3, noise: { type: "gaussian", mean: 128, sigma: 40 } } as never,
    });
    expect(await safety(half(await noisy.toFormat(format).toBuffer()))).toMatchObject({
      safe: false,
      problem: "malformed",
    });
  });
});
