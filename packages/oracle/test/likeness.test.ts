import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { bytePairsOf, imageHashOf, imageSimilarity } from "../src/likeness/image-hash.ts";
import { bandsOf, minHashOf, textSimilarity } from "../src/likeness/minhash.ts";
import { likenessOf, sketchesOf } from "../src/likeness/sketch.ts";
import { bundleWith, fileItem, sourcesWith } from "./case.ts";

/** A generator with a seed (Mulberry32), so that every run sees the same texts. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const word = (random: () => number) =>
  Array.from({ length: 3 + Math.floor(random() * 7) }, () => String.fromCharCode(97 + random() * 26)).join("");
const words = (count: number, seed: number) => {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => word(random));
};

function jaccard(left: string, right: string): number {
  const shingles = (text: string) =>
    new Set(Array.from({ length: text.length - 7 }, (_, start) => text.slice(start, start + 8)));
  const [a, b] = [shingles(left), shingles(right)];
  const common = [...a].filter((shingle) => b.has(shingle)).length;
  return common / (a.size + b.size - common);
}

/** The text with one word in `every` replaced. */
const edited = (text: string[], every: number, seed: number) => {
  const random = randomOf(seed);
  return text.map((each, index) => (index % every === 0 ? word(random) : each)).join(" ");
};

const meet = (left: Uint8Array, right: Uint8Array) => {
  const keys = new Set(bandsOf(left));
  return bandsOf(right).some((key) => keys.has(key));
};

describe("the sketch of a text", () => {
  test.each([5, 10, 20, 50, 200])("estimates the similarity of texts with one word in %i replaced", (every) => {
    const errors = Array.from({ length: 30 }, (_, seed) => {
      const original = words(300, seed + 1);
      const copy = edited(original, every, seed + 1000);
      return textSimilarity(minHashOf(original.join(" ")), minHashOf(copy)) - jaccard(original.join(" "), copy);
    });
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.15);
  });

  test("meets nearly every near-duplicate in a band, and hardly any other text", () => {
    const pairs = Array.from({ length: 300 }, (_, seed) => {
      const original = words(200, seed + 1);
      return [minHashOf(original.join(" ")), minHashOf(edited(original, 100, seed + 5000))] as const;
    });
    expect(pairs.filter(([original, copy]) => meet(original, copy)).length).toBeGreaterThanOrEqual(298);
    const strangers = pairs.filter(([original], index) =>
      meet(original, pairs[(index + 1) % pairs.length]?.[1] ?? original),
    );
    expect(strangers).toHaveLength(0);
  });
});

describe("the hash of a picture", () => {
  const scene = (hue: number) =>
    sharp({
      create: { width: 640, height: 480, channels: 3, background: { r: 250, g: 250, b: 245 } },
    }).composite([
      {
        input: Buffer.from(
          `<svg width="640" height="480"><circle cx="${100 + hue}" cy="${(hue * 7) % 400}" r="120" fill="navy"/>` +
            `<rect x="${300 - hue}" y="${(hue * 3) % 300}" width="200" height="150" fill="darkred"/></svg>`,
        ),
      },
    ]);
  const hashOf = async (image: Buffer) => {
    const hash = await imageHashOf(image);
    if (hash === undefined) throw new Error("the picture has no hash");
    return hash;
  };

  test("stays nearly the same when a picture is made smaller, brighter and compressed, and shares a key then", async () => {
    const original = await hashOf(await scene(40).png().toBuffer());
    const copy = await hashOf(
      await sharp(await scene(40).png().toBuffer())
        .resize(320)
        .modulate({ brightness: 1.1 })
        .jpeg({ quality: 50 })
        .toBuffer(),
    );
    expect(imageSimilarity(original, copy)).toBeGreaterThanOrEqual(58 / 64);
    const keys = new Set(bytePairsOf(original));
    expect(bytePairsOf(copy).some((key) => keys.has(key))).toBe(true);
  });

  test("tells other pictures apart", async () => {
    const [left, right] = [
      await hashOf(await scene(40).png().toBuffer()),
      await hashOf(await scene(170).png().toBuffer()),
    ];
    expect(likenessOf("image", left, right)).toBeUndefined();
  });

  test("hashes that differ in six bits always share a key", () => {
    const hash = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const spread = hash.map((byte, index) => (index < 6 ? byte ^ (1 << index) : byte));
    expect(likenessOf("image", hash, spread)).toBeCloseTo(58 / 64);
    const keys = new Set(bytePairsOf(hash));
    expect(bytePairsOf(spread).filter((key) => keys.has(key))).toHaveLength(1);
  });

  test("is not taken of a blank page, of what is no picture, and of one that unpacks to too much", async () => {
    const blank = await sharp({ create: { width: 500, height: 700, channels: 3, background: "white" } })
      .png()
      .toBuffer();
    const bomb = await sharp({
      create: { width: 9000, height: 9000, channels: 3, background: "red" },
      limitInputPixels: false,
    })
      .png({ compressionLevel: 9 })
      .toBuffer();
    expect(await imageHashOf(blank)).toBeUndefined();
    expect(await imageHashOf(Buffer.from("%PDF-1.7"))).toBeUndefined();
    expect(await imageHashOf(bomb)).toBeUndefined();
  });
});

test("a bundle's sketches are of its longer texts and its pictures, each with its place", async () => {
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: "white" } })
    .composite([{ input: { create: { width: 30, height: 20, channels: 3, background: "black" } }, left: 3, top: 5 }])
    .png()
    .toBuffer();
  const items = [
    { kind: "text" as const, text: "Done." },
    { kind: "text" as const, text: words(60, 3).join(" ") },
    fileItem(picture),
    fileItem(Buffer.from("a note")),
  ];
  const sources = sourcesWith({ files: [picture, Buffer.from("a note")] });
  const sketches = await sketchesOf(bundleWith(items), (sha256) => sources.openFile(sha256));
  expect(sketches.map(({ item, kind, sketch, keys }) => [item, kind, sketch.length, keys.length])).toEqual([
    [1, "text", 128, 16],
    [2, "image", 8, 28],
  ]);
});
