import sharp from "sharp";

/** A picture of 8,000 by 6,000 passes; one that unpacks to more memory than a request may cost is not opened. */
export const maxPixels = 50_000_000;
/** Pictures with less contrast (a blank page) are all alike, so their hash says nothing. */
const leastDeviation = 4;
/** The picture is made this small, and the lowest frequencies of each direction but the constant one are kept. */
const side = 32;
const frequencies = 8;
const secondsToDecode = 10;

/**
 * The perceptual hash of a picture, 64 bits: which of its lowest frequencies (discrete cosine transform) are above their
 * median. They survive scaling, recompression and small marks (Zauner, "Implementation and Benchmarking of Perceptual Image
 * Hash Functions", 2010, section 3.2.1).
 * @returns undefined for what has no contrast, is no picture or too large a one: other checks say so
 */
export async function imageHashOf(image: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const grey = await sharp(image, { limitInputPixels: maxPixels, failOn: "none" })
      .rotate()
      .flatten({ background: "white" })
      .resize(side, side, { fit: "fill" })
      .greyscale()
      .timeout({ seconds: secondsToDecode })
      .raw()
      .toBuffer();
    return deviationOf(grey) < leastDeviation ? undefined : signsOf(lowFrequencies(grey));
  } catch {
    // sharp throws on all that it can't decode, which is the answer.
    return undefined;
  }
}

function deviationOf(values: Uint8Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** The type II cosine transform's coefficients 1 to 8 of both directions, row by row. */
function lowFrequencies(grey: Uint8Array): number[] {
  const coefficients: number[] = [];
  for (let v = 1; v <= frequencies; v++) {
    for (let u = 1; u <= frequencies; u++) {
      coefficients.push(
        grey.reduce((sum, value, at) => sum + value * wave(u, at % side) * wave(v, Math.floor(at / side)), 0),
      );
    }
  }
  return coefficients;
}

const wave = (frequency: number, at: number): number => Math.cos((Math.PI / side) * (at + 0.5) * frequency);

function signsOf(coefficients: number[]): Uint8Array {
  const sorted = coefficients.toSorted((left, right) => left - right);
  const median = ((sorted[31] ?? 0) + (sorted[32] ?? 0)) / 2;
  return Uint8Array.from({ length: 8 }, (_, byte) =>
    coefficients
      .slice(byte * 8, byte * 8 + 8)
      .reduce((bits, coefficient) => (bits << 1) | (coefficient > median ? 1 : 0), 0),
  );
}

/**
 * Keys by which near hashes are found: each pair of the eight bytes. Hashes that differ in up to 6 bits have at least two
 * equal bytes, so they share a key, always.
 */
export function bytePairsOf(hash: Uint8Array): number[] {
  const keys: number[] = [];
  for (let first = 0; first < hash.length; first++) {
    for (let second = first + 1; second < hash.length; second++) {
      keys.push((1 << 24) | (first << 20) | (second << 16) | ((hash[first] ?? 0) << 8) | (hash[second] ?? 0));
    }
  }
  return keys;
}

/** The share of equal bits. */
export function imageSimilarity(left: Uint8Array, right: Uint8Array): number {
  let different = 0;
  for (const [index, byte] of left.entries()) {
    for (let bits = byte ^ (right[index] ?? 0); bits !== 0; bits &= bits - 1) different++;
  }
  return 1 - different / (left.length * 8);
}
