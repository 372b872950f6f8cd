import { expect } from "chai";
import { id } from "ethers";
import { answerCase, appealCase, signedForPool } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, refusesOtherPhases } from "../support/phases.ts";
import { expectMoves } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

const EVIDENCE = id("a recording of the call");

describe("addEvidence", () => {
  refusesOtherPhases(["Answering", "Waiting"], async (d) =>
    d.pool.connect(d.worker).addEvidence(d.terms, d.worker.address, EVIDENCE, 0n, UNSIGNED),
  );

  for (const role of ["worker", "client"] as const) {
    describe(`by the ${role}`, () => {
      takesOnlyItsPoolWord({
        word: "AddEvidence",
        event: "EvidenceAdded",
        owner: (court) => court[role],
        prepare: async (court, by = court[role]) => {
          const d = await newCase(court, "Answering", {}, { [role]: by });
          return {
            court,
            signer: by,
            fields: { jobId: d.jobId, evidenceHash: EVIDENCE },
            call: async (pool, validUntil, signature) =>
              pool.addEvidence(d.terms, by.address, EVIDENCE, validUntil, signature),
          };
        },
      });
    });
  }

  it("refuses whoever is no party, also by its own word", async () => {
    const d = await caseAt("Waiting");
    for (const sender of [d.stranger, d.verifier, d.jurors[0]!]) {
      await expect(d.pool.connect(sender).addEvidence(d.terms, sender.address, EVIDENCE, 0n, UNSIGNED))
        .to.be.revertedWithCustomError(d.pool, "SenderNotAllowed")
        .withArgs(sender.address, d.worker.address);
    }
  });

  it("refuses the word of one party in the name of the other", async () => {
    const d = await caseAt("Waiting");
    const signature = await signedForPool(d, d.worker, "AddEvidence", { jobId: d.jobId, evidenceHash: EVIDENCE });
    await expect(
      d.pool.addEvidence(d.terms, d.client.address, EVIDENCE, NEVER, signature),
    ).to.be.revertedWithCustomError(d.pool, "SignatureInvalid");
  });

  for (const phase of ["Answering", "Waiting"] as const) {
    it(`refuses a second after the window of a case that is ${phase}`, async () => {
      const d = await caseAt(phase);
      const { until } = await d.pool.caseOf(d.jobId);
      await nextBlockAt(until + 1n);
      await expect(d.pool.connect(d.worker).addEvidence(d.terms, d.worker.address, EVIDENCE, 0n, UNSIGNED))
        .to.be.revertedWithCustomError(d.pool, "TooLate")
        .withArgs(d.jobId, until + 1n, until);
    });
  }

  it("refuses terms that were changed", async () => {
    const d = await caseAt("Waiting");
    const terms = { ...d.terms, client: d.stranger.address };
    await expect(
      d.pool.connect(d.stranger).addEvidence(terms, d.stranger.address, EVIDENCE, 0n, UNSIGNED),
    ).to.be.revertedWithCustomError(d.pool, "WrongPhase");
  });

  it("puts a party's evidence on record in the last second of the window", async () => {
    const d = await caseAt("Waiting");
    await nextBlockAt((await d.pool.caseOf(d.jobId)).until);
    const sent = d.pool.connect(d.client).addEvidence(d.terms, d.client.address, EVIDENCE, 0n, UNSIGNED);
    await expectEvents(d.pool, sent, [["EvidenceAdded", d.jobId, d.client.address, EVIDENCE]]);
    await expectMoves(d, sent, {});
  });

  it("takes evidence for an appeal until it is answered", async () => {
    const d = await caseAt("Appealing");
    await appealCase(d, "client", 1n);
    const add = async () => d.pool.connect(d.client).addEvidence(d.terms, d.client.address, EVIDENCE, 0n, UNSIGNED);
    await expectEvents(d.pool, add(), [["EvidenceAdded", d.jobId, d.client.address, EVIDENCE]]);
    await answerCase(d, "worker", 1n);
    await expect(add()).to.be.revertedWithCustomError(d.pool, "TooLate");
  });
});
