/** An expression that the solver can't read, and what it is given in its place. */
export interface Rewriting {
  path: string;
  deployed: string;
  proved: string;
}

/** Both forms give the same: test/proofs/Rewritings.t.sol. */
export const rewritings: readonly Rewriting[] = [
  {
    // Bits, and a line of assembly.
    path: "@openzeppelin/contracts/utils/math/Math.sol",
    deployed: "return ternary(a < b, a, b);",
    proved: "return a < b ? a : b;",
  },
  {
    path: "contracts/reputation/Formula.sol",
    deployed: "(weight - success) << (ruled ? 1 : 0)",
    proved: "(weight - success) * (ruled ? 2 : 1)",
  },
];

/** @throws Error when the source has not exactly one of a deployed expression, so that no rewriting outlives its reason */
export function rewrite(path: string, source: string): string {
  return rewritings
    .filter((rewriting) => rewriting.path === path)
    .reduce((text, { deployed, proved }) => {
      const count = text.split(deployed).length - 1;
      if (count !== 1)
        throw new Error(`${path} has \`${deployed}\` ${count} times, expected once: correct scripts/prove.`);
      return text.replace(deployed, proved);
    }, source);
}
