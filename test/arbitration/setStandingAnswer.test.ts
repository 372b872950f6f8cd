import { expect } from "chai";
import { bondOfCase, loadCourt, openCase, jobInCourt, type Court } from "../support/court.ts";
import { expectEvents } from "../support/effects.ts";
import { expectMoves } from "../support/poolEffects.ts";
import { phaseOf } from "../support/phases.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { UNSIGNED } from "../support/signatures.ts";

async function standFor({ pool, client }: Court, stands: boolean) {
  return await pool.connect(client).setStandingAnswer(client.address, stands, 0n, UNSIGNED);
}

describe("setStandingAnswer", () => {
  takesOnlyItsPoolWord({
    word: "SetStandingAnswer",
    event: "StandingAnswerSet",
    again: "SignatureInvalid",
    owner: ({ client }) => client,
    prepare: async (court, by = court.client) => ({
      court,
      signer: by,
      fields: { owner: by.address, stands: true, nonce: await court.pool.nonces(by.address) },
      call: async (pool, validUntil, signature) => pool.setStandingAnswer(by.address, true, validUntil, signature),
    }),
  });

  it("is on and off as the owner says", async () => {
    const court = await loadCourt();
    const { pool, client } = court;
    for (const stands of [true, false]) {
      const sent = standFor(court, stands);
      await expectEvents(pool, sent, [["StandingAnswerSet", client.address, stands]]);
      await expectMoves(court, sent, {});
      expect(await pool.standingAnswer(client.address)).to.equal(stands);
    }
  });

  it("answers no dispute any more once it is off", async () => {
    const court = await loadCourt();
    await standFor(court, true);
    await standFor(court, false);
    const d = await jobInCourt(court, "Rejected");
    await openCase(d);
    expect(await phaseOf(d)).to.equal("Answering");
  });

  it("answers no dispute that the balance does not cover, and keeps the balance", async () => {
    const court = await loadCourt();
    const { pool, client } = court;
    const d = await jobInCourt(court, "Rejected");
    await standFor(court, true);
    const rest = bondOfCase(d) - 1n;
    const balance = await pool.balance(client.address);
    await pool.connect(client).withdraw(client.address, balance - rest, 0n, UNSIGNED);
    await openCase(d);
    expect(await phaseOf(d)).to.equal("Answering");
    expect(await pool.balance(client.address)).to.equal(rest);
  });
});
