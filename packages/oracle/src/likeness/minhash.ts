/** Bins of a sketch, a byte each. The estimate's standard error is √(s(1−s)/128): 0.03 at a similarity of 0.9. */
const bins = 128;
/** Characters of a shingle: long enough that unrelated texts share few, short enough that a changed word costs few. */
const shingleLength = 8;
/** 16 bands of 8 bins: texts of similarity s meet in a band with probability 1 − (1 − s⁸)¹⁶ (0.9: 99.99 %, 0.5: 6 %). */
const rowsPerBand = 8;
const empty = 0xffffffff;
/** Odd, so that borrowing from another distance gives another value. */
const borrowed = 0x9e3779b1;

/**
 * MinHash of a text's shingles in one pass: one permutation, whose range is cut into bins that keep their least hash (Li,
 * Owen, Zhang, "One Permutation Hashing", 2012); an empty bin borrows from the next one (Shrivastava and Li, "Densifying One
 * Permutation Hashing via Rotation", 2014). One byte of each is kept (Li and König, "b-Bit Minwise Hashing", 2010).
 */
export function minHashOf(text: string): Uint8Array {
  const least = new Uint32Array(bins).fill(empty);
  const last = Math.max(0, text.length - shingleLength);
  for (let start = 0; start <= last; start++) {
    const hash = shingleHash(text, start);
    const bin = hash >>> 25;
    const value = hash & 0x1ffffff;
    if (value < (least[bin] ?? empty)) least[bin] = value;
  }
  return Uint8Array.from(least, (_, bin) => valueAt(least, bin));
}

function valueAt(least: Uint32Array, bin: number): number {
  let distance = 0;
  // At least one bin holds a value: a text has at least one shingle.
  while (least[(bin + distance) % bins] === empty) distance++;
  const value = least[(bin + distance) % bins] ?? 0;
  return mix(value + Math.imul(distance, borrowed)) & 0xff;
}

/** The keys of a sketch's bands: two sketches that share one may be alike. Signed 32 bits, as the database has them. */
export function bandsOf(sketch: Uint8Array): number[] {
  const keys: number[] = [];
  for (let start = 0; start < sketch.length; start += rowsPerBand) {
    let key = mix(start + 1);
    for (const byte of sketch.subarray(start, start + rowsPerBand)) key = mix(Math.imul(key, 31) + byte);
    keys.push(key | 0);
  }
  return keys;
}

/** The Jaccard similarity of the texts' shingles as their sketches estimate it, 0 to 1. */
export function textSimilarity(left: Uint8Array, right: Uint8Array): number {
  const equal = left.reduce((count, byte, index) => count + (byte === right[index] ? 1 : 0), 0) / bins;
  // Bytes of unlike bins are equal by chance, once in 256 times.
  return Math.max(0, (equal - 1 / 256) / (1 - 1 / 256));
}

function shingleHash(text: string, start: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(start + shingleLength, text.length);
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** MurmurHash3's finalizer: each bit of the input moves each of the output half of the time. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
