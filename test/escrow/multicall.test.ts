import { expect } from "chai";
import { id } from "ethers";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { EVIDENCE, REASONS, jobAt, newJob, signed, statusCode, verdict, type Case } from "../support/jobs.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { REWARD, TOTAL } from "../support/terms.ts";

/** What a relayer carries of one job: acceptance, evidence and verdict. */
async function acceptSubmitRelease(c: Case): Promise<string[]> {
  const { interface: abi } = c.escrow;
  const accept = await signed(c, c.worker, "Accept");
  const submit = await signed(c, c.worker, "Submit");
  const pass = await signed(c, c.verifier, "Verdict");
  return [
    abi.encodeFunctionData("accept", [c.terms, c.worker.address, NEVER, accept]),
    abi.encodeFunctionData("submit", [c.terms, EVIDENCE, NEVER, submit]),
    abi.encodeFunctionData("release", [c.terms, verdict, pass]),
  ];
}

describe("multicall", () => {
  it("undoes all when one call fails, and tells that call's error", async () => {
    const c = await jobAt("Open");
    const [accept, submit, release] = (await acceptSubmitRelease(c)) as [string, string, string];
    await expect(c.escrow.multicall([accept, release, submit]))
      .to.be.revertedWithCustomError(c.escrow, "WrongStatus")
      .withArgs(c.jobId, statusCode("Accepted"), 0b11000n);
    await expectSlot(c, "Open");
  });

  it("lends nobody the sender of another call", async () => {
    const c = await jobAt("Open");
    const cancel = c.escrow.interface.encodeFunctionData("cancel", [c.terms, NEVER, UNSIGNED]);
    await expect(c.escrow.connect(c.stranger).multicall([cancel]))
      .to.be.revertedWithCustomError(c.escrow, "SenderNotAllowed")
      .withArgs(c.stranger.address, c.client.address);
  });

  it("takes a job from open to paid in one transaction of the relayer", async () => {
    const c = await jobAt("Open");
    const calls = await acceptSubmitRelease(c);
    const now = (await blockTime()) + 60n;
    await nextBlockAt(now);
    const sent = c.escrow.multicall(calls);
    await expectEvents(c.escrow, sent, [
      ["Accepted", c.jobId, c.worker.address, 0n, now + c.terms.workWindow],
      ["Submitted", c.jobId, c.worker.address, EVIDENCE, now + c.terms.verifyWindow],
      ["Released", c.jobId, c.worker.address, c.verifier.address, statusCode("Paid"), EVIDENCE, REASONS],
    ]);
    await expectBalanceChanges(c, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("keeps the sender, so that a client can fund and cancel many jobs by its own word", async () => {
    const c = await jobAt("Open");
    const second = await newJob(c, "None", { salt: id("second job") });
    const abi = c.escrow.interface;
    const calls = [
      abi.encodeFunctionData("fund", [second.terms]),
      abi.encodeFunctionData("cancel", [c.terms, NEVER, UNSIGNED]),
    ];
    expect(await c.escrow.connect(c.client).multicall.staticCall(calls)).to.deep.equal([second.jobId, "0x"]);
    const sent = c.escrow.connect(c.client).multicall(calls);
    await expectBalanceChanges(c, sent, {});
    await expectSlot(c, "Refunded");
    await expectSlot({ ...c, ...second }, "Open");
    expect(await c.usdc.balanceOf(await c.escrow.getAddress())).to.equal(TOTAL);
  });
});
