import { expect } from "chai";
import { id } from "ethers";
import { expectEvents } from "../support/effects.ts";
import { DRAW_WINDOW, STAKING_WINDOW, answerCase, fulfil, loadCourt, requestDraw } from "../support/court.ts";
import { blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, phaseCode, phaseOf } from "../support/phases.ts";

const OTHER = { salt: id("another case") };

describe("requestDraw", () => {
  for (const phase of ["None", "Answering", "Committing", "Revealing", "Appealing", "Undecided"] as const) {
    it(`finds nothing to draw in a case that is ${phase}`, async () => {
      const d = await caseAt(phase);
      const now = (await blockTime()) + 10n * DRAW_WINDOW;
      await nextBlockAt(now);
      await expect(d.pool.requestDraw([d.jobId]))
        .to.be.revertedWithCustomError(d.pool, "NothingToDraw")
        .withArgs(now);
    });
  }

  it("finds nothing to draw where no case is named", async () => {
    const { pool } = await loadCourt();
    await expect(pool.requestDraw([])).to.be.revertedWithCustomError(pool, "NothingToDraw");
  });

  it("finds nothing to draw in the last second of the evidence window", async () => {
    const d = await caseAt("Waiting");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    await expect(d.pool.requestDraw([d.jobId]))
      .to.be.revertedWithCustomError(d.pool, "NothingToDraw")
      .withArgs(until);
  });

  it("refuses while another draw runs, to its last second", async () => {
    const d = await caseAt("Drawing");
    const { until } = await d.pool.lottery();
    await nextBlockAt(until);
    await expect(d.pool.requestDraw([d.jobId]))
      .to.be.revertedWithCustomError(d.pool, "StakesFrozen")
      .withArgs(until, until);
  });

  it("refuses while stakes may come and go between two draws", async () => {
    const d = await caseAt("Committing");
    const other = await newCase(d, "Answering", OTHER);
    await answerCase(other);
    await networkHelpers.time.increaseTo((await d.pool.caseOf(other.jobId)).until);
    const first = await newCase(d, "Committing", { salt: id("a third case") });
    const last = (await d.pool.lottery()).until + STAKING_WINDOW;
    await nextBlockAt(last);
    await expect(first.pool.requestDraw([other.jobId]))
      .to.be.revertedWithCustomError(d.pool, "StakesFrozen")
      .withArgs(last, last);
    await nextBlockAt(last + 1n);
    await d.pool.requestDraw([other.jobId]);
    expect(await phaseOf(other)).to.equal("Drawing");
  });

  it("asks the coordinator once for all cases that are due, and passes over the others", async () => {
    const d = await caseAt("Answering");
    const second = await newCase(d, "Answering", OTHER);
    const unanswered = await newCase(d, "Answering", { salt: id("a third case") });
    await answerCase(d);
    await answerCase(second);
    await networkHelpers.time.increaseTo((await d.pool.caseOf(unanswered.jobId)).until);
    const now = (await blockTime()) + 60n;
    const until = now + DRAW_WINDOW;
    await nextBlockAt(now);
    const sent = d.pool.connect(d.stranger).requestDraw([d.jobId, second.jobId, d.jobId, unanswered.jobId]);
    await expectEvents(d.pool, sent, [
      ["DrawRequested", d.jobId, 1n, until],
      ["DrawRequested", second.jobId, 1n, until],
    ]);
    expect([...(await d.pool.lottery())]).to.deep.equal([1n, until, 2n, false]);
    expect(await phaseOf(unanswered)).to.equal("Answering");
    for (const { jobId } of [d, second]) {
      const current = await d.pool.caseOf(jobId);
      expect([current.phase, current.until]).to.deep.equal([phaseCode("Drawing"), until]);
    }
    const requests = await d.coordinator.queryFilter(d.coordinator.filters.RandomWordsRequested());
    expect(requests).to.have.length(1);
    const { keyHash, subId, minimumRequestConfirmations, callbackGasLimit, numWords, sender, extraArgs } =
      requests[0]!.args;
    const nativePayment = id("VRF ExtraArgsV1").slice(0, 10) + "1".padStart(64, "0");
    expect([keyHash, subId, minimumRequestConfirmations, callbackGasLimit, numWords, sender, extraArgs]).to.deep.equal([
      id("gas lane"),
      await d.pool.SUBSCRIPTION_ID(),
      3n,
      100_000n,
      1n,
      d.pool.target,
      nativePayment,
    ]);
  });

  it("draws anew a case whose panel was not drawn in time", async () => {
    const d = await caseAt("Drawing");
    await fulfil(d, 1n);
    const from = (await d.pool.lottery()).until + STAKING_WINDOW + 1n;
    await nextBlockAt(from);
    await expectEvents(d.pool, d.pool.requestDraw([d.jobId]), [
      ["Redrawn", d.jobId, 1n, phaseCode("Waiting")],
      ["DrawRequested", d.jobId, 2n, from + DRAW_WINDOW],
    ]);
    await expect(d.pool.draw(d.terms)).to.be.revertedWithCustomError(d.pool, "TooEarly");
    await fulfil(d, 2n);
    await d.pool.draw(d.terms);
    expect(await phaseOf(d)).to.equal("Committing");
  });

  it("leaves a case undecided whose third draw failed, and asks for no randomness", async () => {
    const d = await caseAt("Drawing");
    for (let draw = 0; draw < 2; ++draw) {
      await networkHelpers.time.increase(DRAW_WINDOW);
      await requestDraw(d);
    }
    const before = await d.pool.lottery();
    const from = before.until + STAKING_WINDOW + 1n;
    await nextBlockAt(from);
    await expectEvents(d.pool, d.pool.requestDraw([d.jobId]), [["Redrawn", d.jobId, 2n, phaseCode("Undecided")]]);
    expect([...(await d.pool.lottery())]).to.deep.equal([...before]);
    expect(await d.coordinator.queryFilter(d.coordinator.filters.RandomWordsRequested())).to.have.length(3);
  });

  it("is undone where the sender gives too little gas for the coordinator", async () => {
    const d = await caseAt("Waiting");
    await networkHelpers.time.increaseTo((await d.pool.caseOf(d.jobId)).until);
    await expect(d.pool.requestDraw([d.jobId], { gasLimit: 400_000n }))
      .to.be.revertedWithCustomError(d.pool, "InsufficientGas")
      .withArgs((actual: bigint) => actual < 354_761n, 354_761n);
    expect(await phaseOf(d)).to.equal("Waiting");
  });
});
