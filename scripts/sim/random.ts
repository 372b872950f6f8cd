import { id } from "ethers";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Chance that is the same for the same seed and purpose. */
export interface Random {
  /** @param probability 0 to 1 */
  chance(probability: number): boolean;
  /** A whole number, both ends included. */
  integer(from: number, to: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function randomOf(seed: string, purpose: string): Random {
  const generator = xoroshiro128plus(Number(BigInt(id(`${seed}/${purpose}`)) & 0xffffffffn));
  const integer = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    chance: (probability) => uniformFloat64(generator) < probability,
    integer,
    pick: (from) => from[integer(0, from.length - 1)] ?? from[0],
  };
}
