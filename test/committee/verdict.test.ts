import { expect } from "chai";
import { id, type Wallet } from "ethers";
import { expectBalanceChanges, expectCredit, expectEvents, expectSlot } from "../support/effects.ts";
import {
  EVIDENCE,
  REASONS,
  fieldsOf,
  newJob,
  signed,
  statusCode,
  untilOf,
  verdict,
  type Case,
  type Status,
} from "../support/jobs.ts";
import { brokenAccount, deployCommittee, keyHolders, type Committee } from "../support/committee.ts";
import { DAY, HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { CAP, expectReputation } from "../support/reputation.ts";
import { NEVER, digestOf, sign, type Fields, type Party } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";
import { deployAccount, loadWorld, type World } from "../support/world.ts";

const [ann, ben, cal, owner] = keyHolders(4) as [Wallet, Wallet, Wallet, Wallet];

interface CommitteeCase extends Case {
  committee: Committee;
}

/** A fresh world with a job whose verifier is a 2 of 3. */
async function caseAt(status: Status, terms: Partial<Case["terms"]> = {}): Promise<CommitteeCase> {
  const world = await loadWorld();
  const committee = await deployCommittee(2, [ann, ben, cal]);
  return { ...world, ...(await newJob(world, status, terms, { verifier: committee })), committee };
}

/** What these members sign together of the job's verdict. */
async function signedBy(c: CommitteeCase, signers: Party[], changes: Fields = {}): Promise<string> {
  const { address, signedBy } = c.committee;
  return await signed(c, { address, signTypedData: signedBy(signers) }, "Verdict", changes);
}

const release = async (c: CommitteeCase, signature: string) => c.escrow.release(c.terms, verdict, signature);
const reject = async (c: CommitteeCase, signature: string) => c.escrow.reject(c.terms, verdict, signature);
const complete = async (c: CommitteeCase, signature: string) => {
  const submit = await signed(c, c.worker, "Submit");
  return await c.escrow.complete(c.terms, c.worker.address, NEVER, submit, verdict, signature);
};

describe("a committee as a job's verifier", () => {
  const operations = [
    { name: "release", from: "Submitted", to: "Paid", pass: true, carry: release },
    { name: "complete", from: "Open", to: "Paid", pass: true, carry: complete },
    { name: "reject", from: "Submitted", to: "Rejected", pass: false, carry: reject },
  ] as const;

  for (const { name, from, to, pass, carry } of operations) {
    describe(name, () => {
      async function expectRefused(c: CommitteeCase, signature: string): Promise<void> {
        const digest = digestOf({ word: "Verdict", fields: fieldsOf("Verdict", c, { pass }), domain: c.domain });
        await expect(carry(c, signature))
          .to.be.revertedWithCustomError(c.escrow, "SignatureInvalid")
          .withArgs(c.committee.address, digest);
        expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(from));
      }

      it("refuses the word of fewer members than it takes", async () => {
        const c = await caseAt(from);
        await expectRefused(c, await signedBy(c, [], { pass }));
        await expectRefused(c, await signedBy(c, [ben], { pass }));
      });

      it("refuses one member's bare signature", async () => {
        const c = await caseAt(from);
        await expectRefused(c, await signed(c, ann, "Verdict", { pass }));
      });

      it("refuses members that signed the opposite, or for another worker, evidence or reasons", async () => {
        const c = await caseAt(from);
        await expectRefused(c, await signedBy(c, [ann, ben], { pass: !pass }));
        await expectRefused(c, await signedBy(c, [ann, ben], { pass, worker: c.otherWorker.address }));
        await expectRefused(c, await signedBy(c, [ann, ben], { pass, evidenceHash: id("other") }));
        await expectRefused(c, await signedBy(c, [ann, ben], { pass, reasonsHash: id("other") }));
      });

      it("refuses the word of the same members for the same work on another committee's job", async () => {
        const c = await caseAt(from);
        const other = await deployCommittee(1, [ann, ben, c.verifier]);
        const elsewhere = { ...c, ...(await newJob(c, from, {}, { verifier: other })), committee: other };
        await expectRefused(c, await signedBy(elsewhere, [ann, ben], { pass }));
        // Re-encoded for this committee, as somebody could who has seen both signatures.
        await expectRefused(c, await signedBy({ ...elsewhere, committee: c.committee }, [ann, ben], { pass }));
      });

      it("takes the word of any two", async () => {
        for (const signers of [
          [ann, ben],
          [ben, cal],
          [cal, ann],
          [cal, ben, ann],
        ]) {
          const c = await caseAt(from);
          await carry(c, await signedBy(c, signers, { pass }));
          expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(to));
        }
      });
    });
  }

  it("pays the worker at once on a release, and names the committee as the one who spoke", async () => {
    const c = await caseAt("Submitted");
    const sent = release(c, await signedBy(c, [ann, ben]));
    await expectEvents(c.escrow, sent, [
      ["Released", c.jobId, c.worker.address, c.committee.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
    await expectCredit(c, c.treasury, FEE);
    await expectReputation(c, c.worker, { success: CAP });
  });

  it("starts the review window where the terms have one", async () => {
    const c = await caseAt("Submitted", { reviewWindow: HOUR });
    const passedAt = (await blockTime()) + 60n;
    await nextBlockAt(passedAt);
    const sent = release(c, await signedBy(c, [ann, ben]));
    await expectBalanceChanges(c, sent, {});
    await expectSlot(c, "Approved", { worker: c.worker.address, until: passedAt + HOUR });
  });

  it("pays the worker at once on a complete", async () => {
    const c = await caseAt("Open");
    const sent = complete(c, await signedBy(c, [ben, ann]));
    await expectEvents(c.escrow, sent, [
      ["Completed", c.jobId, c.worker.address, c.committee.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("rejects, and the client has all back after the appeal window", async () => {
    const c = await caseAt("Submitted");
    await reject(c, await signedBy(c, [ann, ben], { pass: false }));
    await nextBlockAt((await untilOf(c)) + 1n);
    const sent = c.escrow.refund(c.terms);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
  });

  it("that can't agree is silent: the worker is paid a day after the verify window", async () => {
    const c = await caseAt("Submitted");
    await nextBlockAt((await untilOf(c)) + DAY + 1n);
    await expectBalanceChanges(c, c.escrow.settle(c.terms), { worker: REWARD, escrow: -REWARD });
  });

  it("can't be its own job's worker", async () => {
    const c = await caseAt("Open");
    const fields = fieldsOf("Accept", c);
    const signature = await sign(c.committee, { word: "Accept", fields, domain: c.domain });
    await expect(c.escrow.accept(c.terms, c.committee.address, NEVER, signature))
      .to.be.revertedWithCustomError(c.escrow, "WorkerIsParty")
      .withArgs(c.committee.address);
  });

  describe("with members that are ERC-1271 accounts", () => {
    async function caseIn(world: World, threshold: number, parties: Party[]): Promise<CommitteeCase> {
      const committee = await deployCommittee(threshold, parties);
      return { ...world, ...(await newJob(world, "Submitted", {}, { verifier: committee })), committee };
    }

    it("takes the word of accounts, keys and a committee together", async () => {
      const world = await loadWorld();
      const account = await deployAccount(world, owner);
      const inner = await deployCommittee(2, [ben, cal]);
      const c1 = await caseIn(world, 3, [ann, account, inner]);
      const sent = release(c1, await signedBy(c1, [ann, account, inner]));
      await expectBalanceChanges(c1, sent, { worker: REWARD, escrow: -REWARD });
    });

    it("takes the word of the others beside an account that reverts", async () => {
      const world = await loadWorld();
      const broken = await brokenAccount("Revert");
      const c1 = await caseIn(world, 2, [ann, ben, broken]);
      const sent = release(c1, await signedBy(c1, [ann, ben, broken]));
      await expectBalanceChanges(c1, sent, { worker: REWARD, escrow: -REWARD });
    });

    it("loses to an account that burns gas only the call that hands its word over, and no other of a batch", async () => {
      const world = await loadWorld();
      const burner = await brokenAccount("BurnGas");
      const c1 = await caseIn(world, 2, [ann, ben, burner]);
      const c2 = { ...c1, ...(await newJob(c1, "Submitted", { salt: id("second job") }, { verifier: c1.committee })) };
      const calls = [
        c1.escrow.interface.encodeFunctionData("release", [c1.terms, verdict, await signedBy(c1, [ann, burner])]),
        c1.escrow.interface.encodeFunctionData("release", [c2.terms, verdict, await signedBy(c2, [ann, ben])]),
      ];
      await c1.escrow.tryMulticall(calls, { gasLimit: 2_000_000n });
      expect((await c1.escrow.job(c1.jobId)).status).to.equal(statusCode("Submitted"));
      expect((await c2.escrow.job(c2.jobId)).status).to.equal(statusCode("Paid"));
      await release(c1, await signedBy(c1, [ann, ben]));
      expect((await c1.escrow.job(c1.jobId)).status).to.equal(statusCode("Paid"));
    });
  });
});
