import type { EvidenceBundle } from "@hireforhumans/protocol";
import type { Sources } from "../check.ts";
import { comparableText } from "../fingerprints.ts";
import { bytePairsOf, imageHashOf, imageSimilarity } from "./image-hash.ts";
import { bandsOf, minHashOf, textSimilarity } from "./minhash.ts";

/** What a text or picture looks like, small enough to be kept for ever. */
export interface Sketch {
  /** The item's place in the bundle. */
  item: number;
  kind: "text" | "image";
  /** 128 bytes of a text (minhash.ts), 8 of a picture (image-hash.ts). */
  sketch: Uint8Array;
  /** What is alike shares at least one key, nearly always; signed 32 bits. */
  keys: number[];
}

/** From here on two pieces are near-duplicates: 85 % of the shingles; all but 6 of a picture's 64 bits. */
const leastSimilarity = { text: 0.85, image: 58 / 64 } as const;

/** Larger pictures are not opened for their likeness; equal ones are told by their content's hash all the same. */
const maxImageBytes = 32 * 1024 * 1024;

/** The sketches of a bundle's longer texts and of its pictures. */
export async function sketchesOf(bundle: EvidenceBundle, openFile: Sources["openFile"]): Promise<Sketch[]> {
  const sketches: Sketch[] = [];
  for (const [item, piece] of bundle.items.entries()) {
    if (piece.kind === "text") {
      const text = comparableText(piece.text);
      if (text === undefined) continue;
      const sketch = minHashOf(text);
      sketches.push({ item, kind: "text", sketch, keys: bandsOf(sketch) });
    }
    if (piece.kind === "file") {
      const sketch = await imageSketchOf(piece.sha256, openFile);
      if (sketch !== undefined) sketches.push({ item, kind: "image", sketch, keys: bytePairsOf(sketch) });
    }
  }
  return sketches;
}

/** How alike two sketches of a kind are, 0 to 1; undefined where it is too little to mean anything. */
export function likenessOf(kind: Sketch["kind"], left: Uint8Array, right: Uint8Array): number | undefined {
  const similarity = kind === "text" ? textSimilarity(left, right) : imageSimilarity(left, right);
  return similarity >= leastSimilarity[kind] ? similarity : undefined;
}

async function imageSketchOf(sha256: string, openFile: Sources["openFile"]): Promise<Uint8Array | undefined> {
  const file = await openFile(sha256);
  if (file === undefined) return undefined;
  if (file.size > maxImageBytes) {
    file.content.destroy();
    return undefined;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of file.content) chunks.push(chunk as Buffer);
  return imageHashOf(Buffer.concat(chunks));
}
