import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { answerCase, appealCase, jobInCourt, loadCourt, openCase, signedForPool, vote } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { blockTime, networkHelpers, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, phaseCode, refusesOtherPhases } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

describe("answer", () => {
  refusesOtherPhases(["Answering"], async (d) =>
    d.pool.connect(d.client).answer(d.terms, d.client.address, 0n, UNSIGNED),
  );

  takesOnlyItsPoolWord({
    word: "Answer",
    event: "Answered",
    again: "WrongPhase",
    owner: ({ client }) => client,
    prepare: async (court, by = court.client) => {
      const d = await newCase(court, "Answering", {}, { client: by });
      return {
        court,
        signer: by,
        fields: { jobId: d.jobId, round: 0n },
        call: async (pool, validUntil, signature) => pool.answer(d.terms, by.address, validUntil, signature),
      };
    },
  });

  it("refuses whoever was not disputed against", async () => {
    const d = await caseAt("Answering");
    for (const sender of [d.worker, d.stranger, d.verifier]) {
      await expect(d.pool.connect(sender).answer(d.terms, sender.address, 0n, UNSIGNED))
        .to.be.revertedWithCustomError(d.pool, "SenderNotAllowed")
        .withArgs(sender.address, d.client.address);
    }
  });

  it("refuses a second after the window", async () => {
    const d = await caseAt("Answering");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    await expect(answerCase(d))
      .to.be.revertedWithCustomError(d.pool, "TooLate")
      .withArgs(d.jobId, until + 1n, until);
  });

  it("refuses who can't match the bond", async () => {
    const d = await caseAt("Answering");
    const balance = await d.pool.balance(d.client.address);
    await d.pool.connect(d.client).withdraw(d.client.address, balance - usd(20) + 1n, 0n, UNSIGNED);
    await expect(answerCase(d))
      .to.be.revertedWithCustomError(d.pool, "BalanceTooLow")
      .withArgs(d.client.address, usd(20) - 1n, usd(20));
  });

  it("takes the bond in the last second, and the case waits for its panel", async () => {
    const d = await caseAt("Answering");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until);
    const sent = d.pool.connect(d.client).answer(d.terms, d.client.address, 0n, UNSIGNED);
    await expectEvents(d.pool, sent, [["Answered", d.jobId, d.client.address, 0n, usd(20)]]);
    await expectMoves(d, sent, { balances: { [d.client.address]: -usd(20) } });
    const expected = [phaseCode("Waiting"), 0n, 0n, 0n, Vote.Client, until, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("takes the worker's bond where the client disputed", async () => {
    const d = await jobInCourt(await loadCourt(), "Approved");
    await openCase(d, "client");
    const sent = d.pool.connect(d.worker).answer(d.terms, d.worker.address, 0n, UNSIGNED);
    await expectMoves(d, sent, { balances: { [d.worker.address]: -usd(20) } });
  });

  it("takes twice the bond for an appeal, and four times for the next, and the panel may be drawn at once", async () => {
    const d = await caseAt("Appealing");
    for (const { round, loser, winner, bond } of [
      { round: 1n, loser: "client", winner: "worker", bond: usd(40) },
      { round: 2n, loser: "worker", winner: "client", bond: usd(80) },
    ] as const) {
      await appealCase(d, loser, round);
      const now = (await blockTime()) + 60n;
      await nextBlockAt(now);
      const sent = d.pool.connect(d[winner]).answer(d.terms, d[winner].address, 0n, UNSIGNED);
      await expectEvents(d.pool, sent, [["Answered", d.jobId, d[winner].address, round, bond]]);
      await expectMoves(d, sent, { balances: { [d[winner].address]: -bond } });
      const current = await d.pool.caseOf(d.jobId);
      expect([current.phase, current.round, current.until]).to.deep.equal([phaseCode("Waiting"), round, now]);
      await networkHelpers.time.increase(600n);
      if (round === 1n)
        await vote(
          d,
          Array.from({ length: 7 }, () => Vote.Client),
        );
    }
  });

  it("refuses an answer to the dispute for the appeal", async () => {
    const d = await caseAt("Appealing");
    await appealCase(d, "client", 1n);
    const signature = await signedForPool(d, d.worker, "Answer", { jobId: d.jobId, round: 0n });
    await expect(d.pool.answer(d.terms, d.worker.address, NEVER, signature)).to.be.revertedWithCustomError(
      d.pool,
      "SignatureInvalid",
    );
  });
});
