import { expect } from "chai";
import { MaxUint256, id } from "ethers";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { EVIDENCE, REASONS, STATEMENT, bitmapOf, jobAt, newJob, signed, statusCode, verdict } from "../support/jobs.ts";
import type { Case, Status } from "../support/jobs.ts";
import { NEVER } from "../support/signatures.ts";
import { REWARD } from "../support/terms.ts";

async function anotherJob(c: Case, status: Status, salt: string): Promise<Case> {
  return { ...c, ...(await newJob(c, status, { salt: id(salt) })) };
}

async function releaseCall(c: Case): Promise<string> {
  return c.escrow.interface.encodeFunctionData("release", [c.terms, verdict, await signed(c, c.verifier, "Verdict")]);
}

async function disputeCall(c: Case): Promise<string> {
  const signature = await signed(c, c.worker, "Dispute");
  return c.escrow.interface.encodeFunctionData("dispute", [
    c.terms,
    c.worker.address,
    STATEMENT,
    NEVER,
    signature,
    "0x",
  ]);
}

function released(c: Case): [string, ...unknown[]] {
  return ["Released", c.jobId, c.worker.address, c.verifier.address, statusCode("Paid"), EVIDENCE, REASONS];
}

/** An estimate would stop at the least gas with which the whole succeeds, that is with which every call may fail. */
const GAS = { gasLimit: 2_000_000n };

describe("tryMulticall", () => {
  it("undoes a call that fails, tells where and why, and lets the others stand", async () => {
    const first = await jobAt("Submitted");
    const failing = await anotherJob(first, "Open", "open job");
    const last = await anotherJob(first, "Submitted", "last job");
    const { escrow } = first;
    const calls = [await releaseCall(first), await releaseCall(failing), await releaseCall(last)];
    const reason = escrow.interface.encodeErrorResult("WrongStatus", [
      failing.jobId,
      statusCode("Open"),
      bitmapOf("Submitted", "Approved"),
    ]);

    expect(await escrow.tryMulticall.staticCall(calls)).to.deep.equal([true, false, true]);
    const sent = escrow.tryMulticall(calls, GAS);
    await expectEvents(escrow, sent, [released(first), ["CallFailed", 1n, reason], released(last)]);
    await expectBalanceChanges(first, sent, { worker: 2n * REWARD, escrow: -2n * REWARD });
    await expectSlot(failing, "Open");
  });

  it("keeps the steps of one job together when they are a multicall", async () => {
    const c = await jobAt("Open");
    const { interface: abi } = c.escrow;
    const accept = abi.encodeFunctionData("accept", [
      c.terms,
      c.worker.address,
      NEVER,
      await signed(c, c.worker, "Accept"),
    ]);
    const both = abi.encodeFunctionData("multicall", [[accept, await releaseCall(c)]]);
    const reason = abi.encodeErrorResult("WrongStatus", [
      c.jobId,
      statusCode("Accepted"),
      bitmapOf("Submitted", "Approved"),
    ]);
    await expectEvents(c.escrow, c.escrow.tryMulticall([both], GAS), [["CallFailed", 0n, reason]]);
    await expectSlot(c, "Open");
  });

  it("keeps the sender of the whole", async () => {
    const c = await jobAt("Open");
    const cancel = c.escrow.interface.encodeFunctionData("cancel", [c.terms, NEVER, "0x"]);
    expect(await c.escrow.connect(c.stranger).tryMulticall.staticCall([cancel])).to.deep.equal([false]);
    expect(await c.escrow.connect(c.client).tryMulticall.staticCall([cancel])).to.deep.equal([true]);
  });

  it("tells a call that got too little gas to be safe, which then can be repeated", async () => {
    const c = await jobAt("Submitted");
    const call = await releaseCall(c);
    const [log] = (await (await c.escrow.tryMulticall([call], { gasLimit: 150_000n })).wait())!.logs;
    const event = c.escrow.interface.parseLog(log!);
    expect(event?.name).to.equal("CallFailed");
    expect(c.escrow.interface.parseError(event?.args.getValue("reason") as string)?.name).to.equal("InsufficientGas");
    await expectEvents(c.escrow, c.escrow.tryMulticall([call], GAS), [released(c)]);
  });

  it("lets no call that burns its gas starve the one behind it", async () => {
    const burning = await jobAt("Rejected");
    await burning.arbiter.setMode(3n);
    const last = await anotherJob(burning, "Submitted", "last job");
    const sent = burning.escrow.tryMulticall([await disputeCall(burning), await releaseCall(last)], GAS);
    await expectEvents(burning.escrow, sent, [["CallFailed", 0n, "0x"], released(last)]);
    await expectBalanceChanges(burning, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("logs no reason so long that it would eat the gas of the others", async () => {
    const bombing = await jobAt("Rejected");
    await bombing.arbiter.revertWith(100_000n, MaxUint256);
    const last = await anotherJob(bombing, "Submitted", "last job");
    const sent = bombing.escrow.tryMulticall([await disputeCall(bombing), await releaseCall(last)], GAS);
    await expectEvents(bombing.escrow, sent, [["CallFailed", 0n, "0x"], released(last)]);
  });

  it("lets no arbiter that reverts with a megabyte undo the others", async () => {
    const bombing = await jobAt("Rejected");
    // Enough to make such a reason and to hand it on once, but not to copy it once more.
    await bombing.arbiter.revertWith(1_000_000n, MaxUint256);
    const first = await anotherJob(bombing, "Submitted", "first job");
    const calls = [await releaseCall(first), await disputeCall(bombing)];
    const sent = bombing.escrow.tryMulticall(calls, { gasLimit: 5_500_000n });
    await expectEvents(bombing.escrow, sent, [released(first), ["CallFailed", 1n, "0x"]]);
    await expectBalanceChanges(bombing, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("lets no arbiter that burns its gas and then gives the longest reason undo the others", async () => {
    const burning = await jobAt("Rejected");
    await burning.arbiter.revertWith(1_024n, 1_000n);
    const first = await anotherJob(burning, "Submitted", "first job");
    const calls = [await releaseCall(first), await disputeCall(burning)];
    const sent = burning.escrow.tryMulticall(calls, { gasLimit: 450_000n });
    const reason = `0x${"00".repeat(1_024)}`;
    await expectEvents(burning.escrow, sent, [released(first), ["CallFailed", 1n, reason]]);
    await expectBalanceChanges(burning, sent, { worker: REWARD, escrow: -REWARD });
  });

  it("refuses so little gas that not every failure could be told", async () => {
    const { escrow } = await jobAt("None");
    const required = 20_000n;
    await expect(escrow.tryMulticall(Array<string>(10).fill("0x"), { gasLimit: 200_000n }))
      .to.be.revertedWithCustomError(escrow, "InsufficientGas")
      .withArgs((actual: bigint) => actual < required, required);
  });
});
