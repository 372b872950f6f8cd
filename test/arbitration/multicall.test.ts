import { expect } from "chai";
import { id } from "ethers";
import { jobInCourt, loadCourt, openCase, signedForPool, depositFor, MIN_STAKE } from "../support/court.ts";
import { caseAt, phaseCode, phaseOf } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { ethers, networkHelpers } from "../support/network.ts";

describe("multicall of the pool", () => {
  it("undoes all when one call fails, and tells that call's error", async () => {
    const d = await caseAt("Answering");
    const signature = await signedForPool(d, d.client, "Answer", { jobId: d.jobId, round: 0n });
    const { interface: abi } = d.pool;
    const answer = abi.encodeFunctionData("answer", [d.terms, d.client.address, NEVER, signature]);
    await expect(d.pool.multicall([answer, abi.encodeFunctionData("draw", [d.terms])]))
      .to.be.revertedWithCustomError(d.pool, "WrongPhase")
      .withArgs(d.jobId, phaseCode("Waiting"), 1n << phaseCode("Drawing"));
    expect(await phaseOf(d)).to.equal("Answering");
  });

  it("lends nobody the sender of another call", async () => {
    const { pool, stranger, client } = await loadCourt();
    const take = pool.interface.encodeFunctionData("withdraw", [client.address, 1n, NEVER, UNSIGNED]);
    await expect(pool.connect(stranger).multicall([take]))
      .to.be.revertedWithCustomError(pool, "SenderNotAllowed")
      .withArgs(stranger.address, client.address);
  });

  it("takes no native coin, alone or in a batch", async () => {
    const { pool, stranger } = await loadCourt();
    await expect(stranger.sendTransaction({ to: pool.target, value: 1n })).to.revert(ethers);
    const data = pool.interface.encodeFunctionData("multicall", [[]]);
    await expect(stranger.sendTransaction({ to: pool.target, data, value: 1n })).to.revert(ethers);
  });

  it("lets a relayer deposit and stake for a juror in one transaction", async () => {
    const court = await loadCourt();
    const { pool, stranger } = court;
    const { interface: abi } = pool;
    await depositFor(court, stranger.address, MIN_STAKE);
    const fields = { juror: stranger.address, amount: MIN_STAKE, nonce: 0n };
    const stake = abi.encodeFunctionData("stake", [
      stranger.address,
      MIN_STAKE,
      NEVER,
      await signedForPool(court, stranger, "Stake", fields),
    ]);
    const stand = abi.encodeFunctionData("setStandingAnswer", [
      stranger.address,
      true,
      NEVER,
      await signedForPool(court, stranger, "SetStandingAnswer", { owner: stranger.address, stands: true, nonce: 1n }),
    ]);
    await expectMoves(court, pool.multicall([stake, stand]), {
      balances: { [stranger.address]: -MIN_STAKE },
      stakes: { [stranger.address]: MIN_STAKE },
    });
    expect(await pool.standingAnswer(stranger.address)).to.equal(true);
  });

  it("knows each call's own terms: two cases are ruled in one transaction", async () => {
    const d = await caseAt("Appealing");
    const other = await jobInCourt(d, "Rejected", { salt: id("other"), reward: usd(50) });
    await openCase(other);
    const { until } = await d.pool.caseOf(d.jobId);
    await networkHelpers.time.increaseTo(until + 1n);
    const calls = [d, other].map(({ terms }) => d.pool.interface.encodeFunctionData("rule", [terms]));
    await d.pool.connect(d.stranger).multicall(calls);
    expect([await phaseOf(d), await phaseOf(other)]).to.deep.equal(["None", "None"]);
  });
});
