import { expect } from "chai";
import { readArtifact } from "../../scripts/chain/artifacts.ts";

const LIMIT_BYTES = 24_576;

const deployed: [concept: string, name: string][] = [
  ["escrow", "Escrow"],
  ["reputation", "Reputation"],
  ["arbitration", "ArbitrationPool"],
  ["committee", "VerifierCommittee"],
];

// Not among the tests of each contract: coverage runs those on code that its markers make larger.
describe("the limit of EIP-170", () => {
  for (const [concept, name] of deployed) {
    it(`fits ${name}`, async () => {
      const { deployedBytecode } = await readArtifact(concept, name);
      expect((deployedBytecode.length - 2) / 2)
        .to.be.above(0)
        .and.at.most(LIMIT_BYTES);
    });
  }
});
