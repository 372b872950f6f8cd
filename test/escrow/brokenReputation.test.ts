import { expect } from "chai";
import { expectBalanceChanges, expectCredit } from "../support/effects.ts";
import { newJob, statusCode, verdict } from "../support/jobs.ts";
import { ethers } from "../support/network.ts";
import { beforeOutcome, outcomes } from "../support/outcomes.ts";
import { UNSIGNED } from "../support/signatures.ts";
import { TOTAL } from "../support/terms.ts";
import { deployEscrow, loadWorld } from "../support/world.ts";

/** In the contract's order. */
const misbehaviours = ["ignores", "reverts", "burns its gas", "returns a bomb", "reverts with a bomb"] as const;
const broken = misbehaviours.slice(1);

/** What one job's end may cost at most, whatever the reputation does. */
const GAS_BOUND = 400_000n;

async function worldWithReputation(misbehaviour: (typeof misbehaviours)[number]) {
  const world = await loadWorld();
  const faulty = await ethers.deployContract("BrokenReputation");
  const misbehaving = { ...world, ...(await deployEscrow(world, await faulty.getAddress())) };
  return { world: misbehaving, misbehave: async () => faulty.setMode(misbehaviours.indexOf(misbehaviour)) };
}

async function gasOfRelease(misbehaviour: (typeof misbehaviours)[number]): Promise<bigint> {
  const { world, misbehave } = await worldWithReputation(misbehaviour);
  const c = { ...world, ...(await newJob(world, "Submitted")) };
  await misbehave();
  const sent = await c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED);
  return (await sent.wait())!.gasUsed;
}

describe("a reputation that is broken", () => {
  for (const misbehaviour of broken) {
    for (const outcome of outcomes.filter(({ recorded }) => recorded !== undefined)) {
      it(`does not hold up the ${outcome.name} when it ${misbehaviour}`, async () => {
        const { world, misbehave } = await worldWithReputation(misbehaviour);
        const c = await beforeOutcome(world, outcome);
        await misbehave();
        const sent = outcome.call(c);
        const { worker, client, fee } = outcome;
        await expectBalanceChanges(c, sent, { worker, client, escrow: -worker - client });
        await expectCredit(c, c.treasury, fee);
        expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode(outcome.to));
        expect((await (await sent).wait())!.gasUsed).to.be.lessThan(GAS_BOUND);
      });
    }
  }

  for (const misbehaviour of ["returns a bomb", "reverts with a bomb"] as const) {
    it(`costs no more when it ${misbehaviour} than the gas that it gets`, async () => {
      const [burning, bombing] = [await gasOfRelease("burns its gas"), await gasOfRelease(misbehaviour)];
      expect(bombing).to.be.lessThan(burning);
    });
  }

  it("is told, so that a record can be looked for", async () => {
    const { world, misbehave } = await worldWithReputation("reverts");
    const c = { ...world, ...(await newJob(world, "Submitted")) };
    await misbehave();
    await expect(c.escrow.connect(c.client).release(c.terms, verdict, UNSIGNED))
      .to.emit(c.escrow, "RecordFailed")
      .withArgs(c.jobId, c.worker.address);
  });

  it("does not keep a worker from a job that asks for no reputation", async () => {
    const { world, misbehave } = await worldWithReputation("reverts");
    const c = { ...world, ...(await newJob(world, "Open")) };
    await misbehave();
    await c.escrow.connect(c.worker).accept(c.terms, c.worker.address, 0n, UNSIGNED);
    expect((await c.escrow.job(c.jobId)).status).to.equal(statusCode("Accepted"));
  });

  it("keeps workers from a job that asks for one, whose money the client still gets back", async () => {
    const { world, misbehave } = await worldWithReputation("reverts");
    const c = { ...world, ...(await newJob(world, "Open", { minReputation: 1n })) };
    await misbehave();
    await expect(c.escrow.connect(c.worker).accept(c.terms, c.worker.address, 0n, UNSIGNED)).to.revert(ethers);
    const sent = c.escrow.connect(c.client).cancel(c.terms, 0n, UNSIGNED);
    await expectBalanceChanges(c, sent, { client: TOTAL, escrow: -TOTAL });
  });
});
