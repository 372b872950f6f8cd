import { expect } from "chai";
import { ZeroAddress, id, type ContractTransactionResponse, type Signer } from "ethers";
import { jobAt, newJob, statusCode, type Case, type Status } from "./jobs.ts";
import { nextBlockAt } from "./network.ts";
import { START } from "./reputation.ts";
import type { Party } from "./signatures.ts";

export interface Acceptance {
  to: Status;
  /** Makes this worker, by its signed word, the one of an open job. */
  call: (c: Case, sender: Signer, worker: Party) => Promise<ContractTransactionResponse>;
}

/** Tests who may become the worker of an open job, carried by whom, until when. */
export function checksWhoMayAccept({ to, call }: Acceptance): void {
  async function expectTaken(c: Case, sent: Promise<ContractTransactionResponse>): Promise<void> {
    await sent;
    const { status, worker } = await c.escrow.job(c.jobId);
    expect({ status, worker }).to.deep.equal({ status: statusCode(to), worker: c.worker.address });
  }

  it("refuses another sender than the matcher, whatever the worker signed", async () => {
    const c = await jobAt("Open", ({ matcher }) => ({ matcher: matcher.address }));
    for (const sender of [c.worker, c.relayer]) {
      await expect(call(c, sender, c.worker))
        .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
        .withArgs(sender.address, c.matcher.address);
    }
  });

  it("refuses another worker than the named one", async () => {
    const c = await jobAt("Open", ({ worker }) => ({ worker: worker.address }));
    await expect(call(c, c.otherWorker, c.otherWorker))
      .to.be.revertedWithCustomError(c.escrow, "WorkerNotAllowed")
      .withArgs(c.otherWorker.address, c.worker.address);
  });

  for (const role of ["client", "verifier", "arbiter"] as const) {
    it(`refuses the job's ${role} as its worker`, async () => {
      const c = await jobAt("Open", role === "arbiter" ? ({ stranger }) => ({ arbiter: stranger.address }) : {});
      const party = role === "arbiter" ? c.stranger : c[role];
      await expect(call(c, party, party))
        .to.be.revertedWithCustomError(c.escrow, "WorkerIsParty")
        .withArgs(party.address);
    });
  }

  it("refuses the zero address, which is what a broken signature recovers", async () => {
    const c = await jobAt("Open");
    const nobody = { address: ZeroAddress, signTypedData: async () => Promise.resolve("0x" + "00".repeat(65)) };
    await expect(call(c, c.relayer, nobody))
      .to.be.revertedWithCustomError(c.escrow, "SignatureInvalid")
      .withArgs(ZeroAddress, () => true);
  });

  it("refuses a reputation below the job's minimum by the least", async () => {
    const c = await jobAt("Open", { minReputation: START + 1n });
    await expect(call(c, c.relayer, c.worker))
      .to.be.revertedWithCustomError(c.escrow, "ReputationTooLow")
      .withArgs(c.worker.address, START, START + 1n);
  });

  it("refuses a reputation that was earned in another domain", async () => {
    const paid = await jobAt("Paid", { domain: id("another domain") });
    const c = { ...paid, ...(await newJob(paid, "Open", { minReputation: START + 1n })) };
    await expect(call(c, c.relayer, c.worker))
      .to.be.revertedWithCustomError(c.escrow, "ReputationTooLow")
      .withArgs(c.worker.address, START, START + 1n);
  });

  it("refuses a second after the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline + 1n);
    await expect(call(c, c.relayer, c.worker))
      .to.be.revertedWithCustomError(c.escrow, "TooLate")
      .withArgs(c.jobId, c.terms.deadline + 1n, c.terms.deadline);
  });

  it("is possible in the last second of the deadline", async () => {
    const c = await jobAt("Open");
    await nextBlockAt(c.terms.deadline);
    await expectTaken(c, call(c, c.relayer, c.worker));
  });

  it("lets the matcher carry the named worker's word", async () => {
    const c = await jobAt("Open", ({ matcher, worker }) => ({ matcher: matcher.address, worker: worker.address }));
    await expectTaken(c, call(c, c.matcher, c.worker));
  });

  it("takes a worker whose reputation is just the job's minimum", async () => {
    const c = await jobAt("Open", { minReputation: START });
    await expectTaken(c, call(c, c.relayer, c.worker));
  });

  it("takes a worker whose paid work in the domain lifted its reputation to the minimum", async () => {
    const paid = await jobAt("Paid");
    const c = { ...paid, ...(await newJob(paid, "Open", { minReputation: START + 1n, salt: id("second job") })) };
    await expectTaken(c, call(c, c.relayer, c.worker));
  });
}
