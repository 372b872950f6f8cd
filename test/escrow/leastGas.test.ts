import { expect } from "chai";
import { expectBalanceChanges, expectCredit } from "../support/effects.ts";
import { signed, statusCode, verdict, type Case } from "../support/jobs.ts";
import { networkHelpers } from "../support/network.ts";
import { beforeOutcome, outcomes, type Outcome } from "../support/outcomes.ts";
import { expectReputation } from "../support/reputation.ts";
import { loadWorld } from "../support/world.ts";

/** 100,000 for the token or the reputation, what EIP-150 keeps back of it, and 5,000 for the call itself. */
const REQUIRED_GAS = 106_587n;

type Send = (gasLimit: bigint) => ReturnType<Outcome["call"]>;

async function reaches(c: Case, outcome: Outcome, sent: ReturnType<Send>): Promise<boolean> {
  await sent.catch(() => undefined);
  return (await c.escrow.job(c.jobId)).status === statusCode(outcome.to);
}

/** The least gas limit with which the job gets to the outcome's status, to the unit; the chain is left as it was. */
async function leastGas(c: Case, outcome: Outcome, send: Send): Promise<bigint> {
  let tooLittle = 30_000n;
  let enough = 2_000_000n;
  while (enough - tooLittle > 1n) {
    const middle = (tooLittle + enough) / 2n;
    const snapshot = await networkHelpers.takeSnapshot();
    if (await reaches(c, outcome, send(middle))) enough = middle;
    else tooLittle = middle;
    await snapshot.restore();
  }
  return enough;
}

async function expectWholeOutcome(c: Case, outcome: Outcome, sent: ReturnType<Send>): Promise<void> {
  const { worker, client, fee } = outcome;
  await expectBalanceChanges(c, sent, { worker, client, escrow: -worker - client });
  await expectCredit(c, c.worker, 0n);
  await expectCredit(c, c.client, 0n);
  await expectCredit(c, c.treasury, fee);
  await expectReputation(c, c.worker, outcome.recorded ?? {});
}

describe("a sender with the least gas that does", () => {
  for (const outcome of outcomes) {
    it(`can't make the ${outcome.name} leave out a transfer or a record`, async () => {
      const c = await beforeOutcome(await loadWorld(), outcome);
      const send: Send = async (gasLimit) => outcome.call(c, { gasLimit });
      const least = await leastGas(c, outcome, send);
      await expectWholeOutcome(c, outcome, send(least));
    });
  }

  for (const outcome of outcomes) {
    it(`is told what the ${outcome.name} lacks when it gives one unit less`, async () => {
      const c = await beforeOutcome(await loadWorld(), outcome);
      const send: Send = async (gasLimit) => outcome.call(c, { gasLimit });
      const least = await leastGas(c, outcome, send);
      await expect(send(least - 1n))
        .to.be.revertedWithCustomError(c.escrow, "InsufficientGas")
        .withArgs((actual: bigint) => actual < REQUIRED_GAS, REQUIRED_GAS);
    });
  }

  for (const batch of ["multicall", "tryMulticall"] as const) {
    it(`can't make a release inside a ${batch} leave out a transfer or a record`, async () => {
      const outcome = outcomes.find(({ name }) => name === "release")!;
      const c = await beforeOutcome(await loadWorld(), outcome);
      const pass = await signed(c, c.verifier, "Verdict");
      const release = c.escrow.interface.encodeFunctionData("release", [c.terms, verdict, pass]);
      const send: Send = async (gasLimit) => c.escrow[batch]([release], { gasLimit });
      const least = await leastGas(c, outcome, send);
      await expectWholeOutcome(c, outcome, send(least));
    });
  }
});
