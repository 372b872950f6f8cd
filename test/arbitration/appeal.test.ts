import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import {
  WINDOWS,
  answerCase,
  appealCase,
  commitVotes,
  drawPanel,
  panelOf,
  revealVotes,
  signedForPool,
} from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { caseAt, newCase, phaseCode, refusesOtherPhases, type CaseInPhase } from "../support/phases.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

async function voteAll(d: CaseInPhase, vote: Vote): Promise<void> {
  await drawPanel(d, 3n);
  const votes = (await panelOf(d)).map(() => vote);
  await revealVotes(d, await commitVotes(d, votes));
}

describe("appeal", () => {
  refusesOtherPhases(["Appealing"], async (d) =>
    d.pool.connect(d.client).appeal(d.terms, d.client.address, 0n, UNSIGNED),
  );

  takesOnlyItsPoolWord({
    word: "Appeal",
    event: "Appealed",
    again: "WrongPhase",
    owner: ({ client }) => client,
    prepare: async (court, by = court.client) => {
      const d = await newCase(court, "Waiting", {}, { client: by });
      await voteAll(d, Vote.Worker);
      return {
        court,
        signer: by,
        fields: { jobId: d.jobId, round: 1n },
        call: async (pool, validUntil, signature) => pool.appeal(d.terms, by.address, validUntil, signature),
      };
    },
  });

  it("refuses whoever the panel did not decide against", async () => {
    const d = await caseAt("Appealing");
    for (const sender of [d.worker, d.stranger, d.verifier, d.jurors[0]!]) {
      await expect(d.pool.connect(sender).appeal(d.terms, sender.address, 0n, UNSIGNED))
        .to.be.revertedWithCustomError(d.pool, "SenderNotAllowed")
        .withArgs(sender.address, d.client.address);
    }
  });

  it("refuses a second after the window", async () => {
    const d = await caseAt("Appealing");
    const { until } = await d.pool.caseOf(d.jobId);
    await nextBlockAt(until + 1n);
    await expect(appealCase(d, "client", 1n))
      .to.be.revertedWithCustomError(d.pool, "TooLate")
      .withArgs(d.jobId, until + 1n, until);
  });

  it("refuses who can't put up twice the bond", async () => {
    const d = await caseAt("Appealing");
    const balance = await d.pool.balance(d.client.address);
    await d.pool.connect(d.client).withdraw(d.client.address, balance - usd(40) + 1n, 0n, UNSIGNED);
    await expect(appealCase(d, "client", 1n))
      .to.be.revertedWithCustomError(d.pool, "BalanceTooLow")
      .withArgs(d.client.address, usd(40) - 1n, usd(40));
  });

  it("takes the doubled bond in the last second, and waits for the other side's", async () => {
    const d = await caseAt("Appealing");
    const now = (await d.pool.caseOf(d.jobId)).until;
    await nextBlockAt(now);
    const until = now + WINDOWS.appeal;
    const sent = d.pool.connect(d.client).appeal(d.terms, d.client.address, 0n, UNSIGNED);
    await expectEvents(d.pool, sent, [["Appealed", d.jobId, d.client.address, 1n, usd(40), until]]);
    await expectMoves(d, sent, { balances: { [d.client.address]: -usd(40) } });
    const expected = [phaseCode("Answering"), 0n, 0n, 1n, Vote.Worker, until, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("is answered at once by a standing answer", async () => {
    const d = await caseAt("Appealing");
    await d.pool.connect(d.worker).setStandingAnswer(d.worker.address, true, 0n, UNSIGNED);
    const now = (await blockTime()) + 60n;
    await nextBlockAt(now);
    const sent = d.pool.connect(d.client).appeal(d.terms, d.client.address, 0n, UNSIGNED);
    await expectEvents(d.pool, sent, [
      ["Appealed", d.jobId, d.client.address, 1n, usd(40), now + WINDOWS.appeal],
      ["Answered", d.jobId, d.worker.address, 1n, usd(40)],
    ]);
    await expectMoves(d, sent, { balances: { [d.client.address]: -usd(40), [d.worker.address]: -usd(40) } });
    const expected = [phaseCode("Waiting"), 1n, 0n, 1n, Vote.Worker, now, d.worker.address];
    expect([...(await d.pool.caseOf(d.jobId))]).to.deep.equal(expected);
  });

  it("goes twice, with four bonds the second time, and ends with the panel of 15", async () => {
    const d = await caseAt("Appealing");
    await appealCase(d, "client", 1n);
    await answerCase(d, "worker", 1n);
    await voteAll(d, Vote.Client);
    const signature = await signedForPool(d, d.client, "Appeal", { jobId: d.jobId, round: 1n });
    await expect(d.pool.appeal(d.terms, d.client.address, NEVER, signature)).to.be.revertedWithCustomError(
      d.pool,
      "SenderNotAllowed",
    );
    const sent = d.pool.connect(d.worker).appeal(d.terms, d.worker.address, 0n, UNSIGNED);
    await expectMoves(d, sent, { balances: { [d.worker.address]: -usd(80) } });
    await answerCase(d, "client", 2n);
    await voteAll(d, Vote.Client);
    const now = await blockTime();
    const { phase, round, until } = await d.pool.caseOf(d.jobId);
    expect([phase, round, until]).to.deep.equal([phaseCode("Appealing"), 2n, now - 1n]);
    await expect(appealCase(d, "worker", 3n))
      .to.be.revertedWithCustomError(d.pool, "NoFurtherAppeal")
      .withArgs(d.jobId, 2n);
  });
});
