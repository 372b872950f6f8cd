import { createHash } from "node:crypto";
import type { Mutant } from "./mutants.ts";

/** The mutants of one file in the order in which the seed draws them, and how many of them are wanted. */
export interface Stratum {
  path: string;
  mutants: Mutant[];
  quota: number;
}

/** Shares `count` out to the files by how many mutants each has. */
export function strataOf(mutants: Mutant[], count: number, seed: string): Stratum[] {
  const wanted = Math.min(count, mutants.length);
  const shares = [...Map.groupBy(mutants, ({ path }) => path)].map(([path, own]) => {
    const exact = (wanted * own.length) / mutants.length;
    return { path, mutants: drawn(own, seed), quota: Math.floor(exact), rest: exact % 1 };
  });
  const missing = wanted - shares.reduce((sum, { quota }) => sum + quota, 0);
  const rounded = new Set([...shares].sort((a, b) => b.rest - a.rest).slice(0, missing));
  return shares.map((share) => ({
    path: share.path,
    mutants: share.mutants,
    quota: share.quota + (rounded.has(share) ? 1 : 0),
  }));
}

/** By a hash of seed and id, so that a change of one function draws no other mutants of the rest. */
function drawn(mutants: Mutant[], seed: string): Mutant[] {
  const rankOf = (id: string) => createHash("sha256").update(`${seed}/${id}`).digest("hex");
  const ranked = mutants.map((mutant) => ({ mutant, rank: rankOf(mutant.id) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ mutant }) => mutant);
}
