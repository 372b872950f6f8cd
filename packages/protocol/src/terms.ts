import { decodeBytes32String, encodeBytes32String, keccak256, toUtf8Bytes } from "ethers";
import { addressWord, bytes32Word, uintWord } from "./abi.ts";

/** All that defines a job; the escrow's `Terms`. Amounts in base units, times in unix seconds, windows in seconds. */
export interface Terms {
  client: string;
  /** The only address that may accept; the zero address: anyone who passes the other checks. */
  worker: string;
  /** The only sender that may carry an acceptance; the zero address: any. */
  matcher: string;
  verifier: string;
  /** The zero address: this job knows no disputes. */
  arbiter: string;
  reward: bigint;
  /** WAD: 1e18 is 1.0. */
  minReputation: bigint;
  backstopShareBps: bigint;
  deadline: bigint;
  workWindow: bigint;
  verifyWindow: bigint;
  reviewWindow: bigint;
  /** `domainOf` the domain's name. */
  domain: string;
  /** `hashOf` the context packet. */
  specHash: string;
  /** `saltOf` the gateway's job id; of a review, the oracle's `reviewSaltOf`. */
  salt: string;
}

/**
 * The contract's struct as the ABI has it: a word for each member, in its order; hex without `0x`.
 * @throws RangeError, TypeError where a member does not fit its type
 */
export function encodeTerms(terms: Terms): string {
  return (
    addressWord(terms.client) +
    addressWord(terms.worker) +
    addressWord(terms.matcher) +
    addressWord(terms.verifier) +
    addressWord(terms.arbiter) +
    uintWord(terms.reward, 96) +
    uintWord(terms.minReputation, 64) +
    uintWord(terms.backstopShareBps, 16) +
    uintWord(terms.deadline, 40) +
    uintWord(terms.workWindow, 32) +
    uintWord(terms.verifyWindow, 32) +
    uintWord(terms.reviewWindow, 32) +
    bytes32Word(terms.domain) +
    bytes32Word(terms.specHash) +
    bytes32Word(terms.salt)
  );
}

/** keccak256(abi.encode(chain id, escrow, terms)): the job's id on chain, the same as the escrow's `jobId`. */
export function jobIdOf(chainId: number | bigint, escrow: string, terms: Terms): string {
  return keccak256(`0x${uintWord(BigInt(chainId))}${addressWord(escrow)}${encodeTerms(terms)}`);
}

/** The 32 bytes under which the chain keeps a reputation domain: keccak256 of its name in UTF-8. */
export function domainOf(name: string): string {
  return keccak256(toUtf8Bytes(name));
}

/**
 * The salt that carries a gateway's job id (`job_` and 26 characters), so that a database can be rebuilt from the chain.
 * @throws TypeError when the id has no room in 31 bytes
 */
export function saltOf(publicJobId: string): string {
  return encodeBytes32String(publicJobId);
}

/** The gateway's job id in a salt, or undefined where somebody else chose the salt. */
export function publicJobIdOf(salt: string): string | undefined {
  try {
    const text = decodeBytes32String(salt);
    return /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text) ? text : undefined;
  } catch {
    // Not UTF-8 text: a salt of another maker.
    return undefined;
  }
}

export const WAD = 10n ** 18n;

/**
 * A reputation (0 to 1) in WAD, by the number's decimal text.
 * @throws RangeError outside 0 to 1
 */
export function wadOf(reputation: number): bigint {
  if (!(reputation >= 0 && reputation <= 1)) throw new RangeError(`A reputation is from 0 to 1, not ${reputation}.`);
  return BigInt(reputation.toFixed(6).replace(".", "")) * 10n ** 12n;
}

/** A score in WAD as a number from 0 to 1 with four decimals, rounded down. */
export function reputationOf(wad: bigint): number {
  return Number(wad / 10n ** 14n) / 10_000;
}
