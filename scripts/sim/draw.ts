import { getBytes, keccak256, toBeArray } from "ethers";

/** Jurors that are looked at for one panel, as in `JurorStakes`. */
const MAX_TRIES = 64;
const WORD_BYTES = 32;

/** A juror's stake at its position in the pool. */
export interface Stake {
  account: string;
  /** Base units. */
  amount: bigint;
  /** What of it is at risk in cases that have not ended, base units. */
  locked: bigint;
  /** Whole USDC. */
  weight: number;
}

/** One panel to choose. */
export interface Draw {
  /** The random word of the draw. */
  word: bigint;
  /** 32 bytes. */
  jobId: string;
  /** How many panels the case had before this one. */
  panel: number;
  seats: number;
  /** What a seat risks, base units. */
  risk: bigint;
  /** Accounts that may not judge. */
  parties: readonly string[];
}

/** The positions of a panel's jurors by seat, none if there are too few. The same as `JurorStakes._select`. */
export function selectPanel(stakes: readonly Stake[], draw: Draw): number[] {
  const seed = getBytes(hashOf(draw.word, BigInt(draw.jobId), BigInt(draw.panel)));
  const line = new Line(stakes);
  const positions: number[] = [];
  for (let nonce = 0; positions.length < draw.seats && line.left > 0 && nonce < MAX_TRIES; ++nonce) {
    const position = line.take(pointOf(seed, nonce, line.left));
    const stake = stakes[position];
    if (stake === undefined) throw new Error(`no juror at position ${position} of ${stakes.length}`);
    if (draw.parties.includes(stake.account) || stake.amount - stake.locked < draw.risk) continue;
    positions.push(position);
  }
  return positions.length < draw.seats ? [] : positions;
}

/** The weights laid end to end; what was taken is cut out. `Sortition` keeps the cuts, here the weights are set to zero. */
class Line {
  left: number;
  readonly #weights: number[];

  constructor(stakes: readonly Stake[]) {
    this.#weights = stakes.map(({ weight }) => weight);
    this.left = this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Takes out the juror whose weight holds this point of what is left, and tells its position. */
  take(point: number): number {
    let position = 0;
    let end = 0;
    for (const weight of this.#weights) {
      end += weight;
      if (point < end) {
        this.#weights[position] = 0;
        this.left -= weight;
        return position;
      }
      ++position;
    }
    throw new Error(`point ${point} is not on a line of ${end}`);
  }
}

function pointOf(seed: Uint8Array, nonce: number, length: number): number {
  const words = new Uint8Array(2 * WORD_BYTES);
  words.set(seed);
  words[2 * WORD_BYTES - 1] = nonce;
  return Number(BigInt(keccak256(words)) % BigInt(length));
}

/** keccak256(abi.encode(...)) of words. */
function hashOf(...values: bigint[]): string {
  const words = new Uint8Array(values.length * WORD_BYTES);
  for (const [index, value] of values.entries()) {
    const bytes = toBeArray(value);
    words.set(bytes, (index + 1) * WORD_BYTES - bytes.length);
  }
  return keccak256(words);
}
