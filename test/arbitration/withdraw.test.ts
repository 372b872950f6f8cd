import { expect } from "chai";
import { loadCourt, signedForPool } from "../support/court.ts";
import { expectBalanceChanges, expectEvents } from "../support/effects.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { takesOnlyItsPoolWord } from "../support/poolWords.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";

const AMOUNT = usd(30);

describe("withdraw from the pool", () => {
  takesOnlyItsPoolWord({
    word: "Withdraw",
    event: "Withdrawn",
    again: "SignatureInvalid",
    owner: ({ client }) => client,
    prepare: async (court, by = court.client) => ({
      court,
      signer: by,
      fields: { owner: by.address, amount: AMOUNT, nonce: await court.pool.nonces(by.address) },
      call: async (pool, validUntil, signature) => pool.withdraw(by.address, AMOUNT, validUntil, signature),
    }),
  });

  it("refuses more than the owner's balance", async () => {
    const { pool, client } = await loadCourt();
    const balance = await pool.balance(client.address);
    await expect(pool.connect(client).withdraw(client.address, balance + 1n, 0n, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "BalanceTooLow")
      .withArgs(client.address, balance, balance + 1n);
  });

  it("refuses what is staked", async () => {
    const { pool, jurors } = await loadCourt();
    const juror = jurors[0]!;
    await expect(pool.connect(juror).withdraw(juror.address, 1n, 0n, UNSIGNED))
      .to.be.revertedWithCustomError(pool, "BalanceTooLow")
      .withArgs(juror.address, 0n, 1n);
  });

  it("keeps the balance while the owner is blocked or the token paused", async () => {
    const court = await loadCourt();
    const { pool, client, usdc } = court;
    await usdc.blacklist(client.address);
    await expect(pool.connect(client).withdraw(client.address, AMOUNT, 0n, UNSIGNED)).to.be.revertedWith(
      "Blacklistable: account is blacklisted",
    );
    await usdc.unBlacklist(client.address);
    await usdc.pause();
    await expect(pool.connect(client).withdraw(client.address, AMOUNT, 0n, UNSIGNED)).to.be.revertedWith(
      "Pausable: paused",
    );
    await usdc.unpause();
    const sent = pool.connect(client).withdraw(client.address, AMOUNT, 0n, UNSIGNED);
    await expectBalanceChanges(court, sent, { client: AMOUNT });
  });

  it("sends an owner its money by its word, whoever carries it", async () => {
    const court = await loadCourt();
    const { pool, client, stranger } = court;
    const signature = await signedForPool(court, client, "Withdraw", {
      owner: client.address,
      amount: AMOUNT,
      nonce: 0n,
    });
    const sent = pool.connect(stranger).withdraw(client.address, AMOUNT, NEVER, signature);
    await expectEvents(pool, sent, [["Withdrawn", client.address, AMOUNT]]);
    await expectBalanceChanges(court, sent, { client: AMOUNT });
    await expectMoves(court, sent, { held: -AMOUNT, balances: { [client.address]: -AMOUNT } });
    expect(await pool.nonces(client.address)).to.equal(1n);
  });
});
