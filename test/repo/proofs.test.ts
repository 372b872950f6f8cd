import { expect } from "chai";
import { check } from "../../scripts/prove/check.ts";
import { rewrite } from "../../scripts/prove/rewritings.ts";

const proofs = [
  {
    of: "a job's amounts",
    path: "test/proofs/AmountsProof.sol",
    properties: 7,
    fault: {
      what: "a fee that is one base unit too high",
      path: "contracts/escrow/Amounts.sol",
      from: "return reward / (BPS / FEE_BPS);",
      to: "return reward / (BPS / FEE_BPS) + 1;",
      refutes: "feeIs250BasisPointsRoundedDown",
    },
  },
  {
    of: "a case's amounts",
    path: "test/proofs/CaseAmountsProof.sol",
    properties: 12,
    fault: {
      what: "halves of the fees that are one base unit short",
      path: "contracts/arbitration/CaseAmounts.sol",
      from: "each - (fees - fees / 2)",
      to: "each - fees / 2",
      refutes: "halvesAndJurorsGetAllBonds",
    },
  },
  {
    of: "the score",
    path: "test/proofs/FormulaProof.sol",
    properties: 9,
    fault: {
      what: "a newcomer who begins with a third",
      path: "contracts/reputation/Formula.sol",
      from: "uint256 good = 2 * FULL_WEIGHT",
      to: "uint256 good = FULL_WEIGHT",
      refutes: "newcomerHasOneHalf",
    },
  },
];

describe("the solver", function () {
  this.timeout(300_000);

  for (const { of, path, properties: count, fault } of proofs) {
    it(`proves all that is said of ${of}`, () => {
      const { properties, unproved } = check(path);
      expect(properties.filter(({ outcome }) => outcome !== "proved")).to.deep.equal([]);
      expect(properties).to.have.lengthOf(count);
      expect(unproved).to.deep.equal([]);
    });

    it(`refutes ${fault.what}`, () => {
      const { properties } = check(path, (file, source) =>
        file === fault.path ? source.replace(fault.from, fault.to) : source,
      );
      const refuted = properties.filter(({ outcome }) => outcome === "refuted").map(({ name }) => name);
      expect(refuted).to.include(fault.refutes);
    });
  }

  it("finds a division by zero in a library", () => {
    const { unproved } = check("test/proofs/CaseAmountsProof.sol", (file, source) =>
      file === "contracts/arbitration/CaseAmounts.sol" ? source.replace("winners == 0 ? 0 : ", "") : source,
    );
    expect(unproved.join()).to.include("Division by zero happens here");
  });

  it("is given no rewriting of what is not deployed any more", () => {
    expect(() => rewrite("contracts/reputation/Formula.sol", "library Formula {}")).to.throw("0 times, expected once");
  });
});
