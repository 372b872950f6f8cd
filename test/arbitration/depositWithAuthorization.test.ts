import { usdcDomain, signWord } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import { loadCourt, type Court } from "../support/court.ts";
import { expectBalanceChanges, expectEvents } from "../support/effects.ts";
import { blockTime, nextBlockAt } from "../support/network.ts";
import { expectMoves, usd } from "../support/poolEffects.ts";
import { NEVER, type Party } from "../support/signatures.ts";
import { deployAccount } from "../support/world.ts";

const AMOUNT = usd(30);
const NONCE = id("a deposit");

async function authorize(
  court: Court,
  from: Party,
  changes: { to?: string; value?: bigint; validBefore?: bigint } = {},
) {
  const domain = usdcDomain(court.chainId, await court.usdc.getAddress(), "USD Coin");
  return await signWord(from, domain, "ReceiveWithAuthorization", {
    from: from.address,
    to: await court.pool.getAddress(),
    value: AMOUNT,
    validAfter: 0n,
    validBefore: NEVER,
    nonce: NONCE,
    ...changes,
  });
}

async function carry({ pool }: Court, owner: string, signature: string, validBefore = NEVER) {
  return await pool.depositWithAuthorization(owner, AMOUNT, 0n, validBefore, NONCE, signature);
}

describe("depositWithAuthorization", () => {
  const INVALID = "FiatTokenV2: invalid signature";

  it("refuses a word for another amount, or another receiver, or of somebody else", async () => {
    const court = await loadCourt();
    const { client, stranger, escrow } = court;
    for (const signature of [
      await authorize(court, client, { value: AMOUNT + 1n }),
      await authorize(court, client, { to: await escrow.getAddress() }),
      await authorize(court, stranger),
    ]) {
      await expect(carry(court, client.address, signature)).to.be.revertedWith(INVALID);
    }
  });

  it("refuses to credit anyone but who signed", async () => {
    const court = await loadCourt();
    const signature = await authorize(court, court.client);
    await expect(carry(court, court.stranger.address, signature)).to.be.revertedWith(INVALID);
  });

  it("refuses an expired word", async () => {
    const court = await loadCourt();
    const validBefore = (await blockTime()) + 60n;
    const signature = await authorize(court, court.client, { validBefore });
    await nextBlockAt(validBefore);
    await expect(carry(court, court.client.address, signature, validBefore)).to.be.revertedWith(
      "FiatTokenV2: authorization is expired",
    );
  });

  it("refuses a word that was used", async () => {
    const court = await loadCourt();
    const signature = await authorize(court, court.client);
    await carry(court, court.client.address, signature);
    await expect(carry(court, court.client.address, signature)).to.be.revertedWith(
      "FiatTokenV2: authorization is used or canceled",
    );
  });

  it("adds the owner's money to its balance, whoever carries its word", async () => {
    const court = await loadCourt();
    const { client, pool } = court;
    const sent = carry(court, client.address, await authorize(court, client));
    await expectEvents(pool, sent, [["Deposited", client.address, client.address, AMOUNT]]);
    await expectBalanceChanges(court, sent, { client: -AMOUNT });
    await expectMoves(court, sent, { held: AMOUNT, balances: { [client.address]: AMOUNT } });
  });

  it("takes the word of an ERC-1271 account", async () => {
    const court = await loadCourt();
    const account = await deployAccount(court, court.client);
    const sent = carry(court, account.address, await authorize(court, account));
    await expectMoves(court, sent, { held: AMOUNT, balances: { [account.address]: AMOUNT } });
  });
});
