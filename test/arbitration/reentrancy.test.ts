import { Vote } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import type { TestHostileAccount, TestReentrantToken } from "../../types/ethers-contracts/index.js";
import {
  anotherCourt,
  depositFor,
  fulfil,
  loadCourt,
  passWindow,
  signedForPool,
  vote,
  type Court,
} from "../support/court.ts";
import { receiptOf } from "../support/effects.ts";
import { statusCode } from "../support/jobs.ts";
import { blockTime, ethers } from "../support/network.ts";
import { newCase, phaseOf } from "../support/phases.ts";
import { expectMoves, expectWhole, usd } from "../support/poolEffects.ts";
import { NEVER, UNSIGNED } from "../support/signatures.ts";
import { REWARD } from "../support/terms.ts";
import type { Usdc } from "../support/usdc.ts";
import { deployEscrow, type World } from "../support/world.ts";

/** A court over a token that calls somebody in the midst of a transfer. */
async function courtOfReentrantToken(): Promise<Court & { token: TestReentrantToken }> {
  const court = await loadCourt();
  const token = await ethers.deployContract("TestReentrantToken", court.issuer);
  await token.mint(court.client.address, usd(10_000));
  const usdc = token as unknown as Usdc;
  const deployment = await deployEscrow({ ...court, usdc }, await court.reputation.getAddress());
  const world: World = { ...court, usdc, ...deployment };
  const another = await anotherCourt(court, world, court.coordinator);
  const subscription = await another.pool.SUBSCRIPTION_ID();
  await court.coordinator.fundSubscriptionWithNative(subscription, { value: ethers.parseEther("10") });
  return { ...another, token };
}

/** Whether the call from inside the token succeeded. */
async function reentered(token: TestReentrantToken, sent: Parameters<typeof receiptOf>[0]): Promise<boolean> {
  const { blockNumber } = await receiptOf(sent);
  const [event] = await token.queryFilter(token.filters.Reentered(), blockNumber);
  return event!.args.succeeded;
}

async function withdrawal(court: Court, amount: bigint, nonce: bigint): Promise<string> {
  const owner = court.client.address;
  const signature = await signedForPool(court, court.client, "Withdraw", { owner, amount, nonce });
  return court.pool.interface.encodeFunctionData("withdraw", [owner, amount, NEVER, signature]);
}

describe("reentrancy through a hostile token", () => {
  for (const { word, nonce } of [
    { word: "the same word", nonce: 0n },
    { word: "a fresh word", nonce: 1n },
  ]) {
    it(`withdraw inside withdraw, with ${word}: nobody gets the same balance twice`, async () => {
      const court = await courtOfReentrantToken();
      const { pool, token, client } = court;
      const balance = await pool.balance(client.address);
      await token.reenterWith(pool, await withdrawal(court, balance, nonce));
      const owner = client.address;
      const signature = await signedForPool(court, client, "Withdraw", { owner, amount: balance, nonce: 0n });
      const sent = pool.withdraw(owner, balance, NEVER, signature);
      await expectMoves(court, sent, { held: -balance, balances: { [owner]: -balance } });
      expect(await reentered(token, sent)).to.equal(false);
      await expectWhole(court);
    });
  }

  it("withdraw inside deposit: what comes in and what goes out are both counted", async () => {
    const court = await courtOfReentrantToken();
    const { pool, token, client, issuer } = court;
    const balance = await pool.balance(client.address);
    await token.mint(issuer.address, usd(50));
    await token.reenterWith(pool, await withdrawal(court, balance + usd(50), 0n));
    const sent = pool.connect(issuer).deposit(client.address, usd(50));
    await expectMoves(court, sent, { held: -balance, balances: { [client.address]: -balance } });
    expect(await reentered(token, sent)).to.equal(true);
    await expectWhole(court);
  });

  it("withdraw inside depositWithAuthorization: the same", async () => {
    const court = await courtOfReentrantToken();
    const { pool, token, client } = court;
    const balance = await pool.balance(client.address);
    await token.reenterWith(pool, await withdrawal(court, balance + usd(50), 0n));
    const sent = pool.depositWithAuthorization(client.address, usd(50), 0n, NEVER, id("nonce"), "0x");
    await expectMoves(court, sent, { held: -balance, balances: { [client.address]: -balance } });
    await expectWhole(court);
  });

  for (const operation of ["rule", "draw", "tally"] as const) {
    it(`${operation} inside rule, when the escrow pays: the case is over by then`, async () => {
      const court = await courtOfReentrantToken();
      const { pool, token } = court;
      const d = await newCase(court, "Waiting");
      await vote(d, [Vote.Worker, Vote.Worker, Vote.Worker]);
      await passWindow(d);
      const call =
        operation === "tally"
          ? pool.interface.encodeFunctionData("tally", [d.jobId])
          : pool.interface.encodeFunctionData(operation as "rule", [d.terms]);
      await token.reenterWith(pool, call);
      const sent = pool.rule(d.terms);
      expect(await reentered(token, sent)).to.equal(false);
      expect((await d.escrow.job(d.jobId)).status).to.equal(statusCode("Paid"));
      expect(await token.balanceOf(d.worker.address)).to.equal(REWARD);
      await expectWhole(court);
    });
  }
});

describe("reentrancy through a hostile ERC-1271 signer", () => {
  const modes = ["Agree", "Revert", "BurnGas", "ReturnGarbage", "Reenter"];

  async function courtOfHostileAccount(): Promise<Court & { account: TestHostileAccount; address: string }> {
    const court = await loadCourt();
    const account = await ethers.deployContract("TestHostileAccount");
    const address = await account.getAddress();
    await depositFor(court, address, usd(1_000));
    return { ...court, account, address };
  }

  for (const mode of ["Revert", "BurnGas", "ReturnGarbage"]) {
    it(`an account that does ${mode} when asked gives no word, and stops nobody else`, async () => {
      const { pool, account, address, ...court } = await courtOfHostileAccount();
      await account.setMode(modes.indexOf(mode));
      await expect(
        pool.withdraw(address, usd(1), NEVER, "0x1234", { gasLimit: 300_000n }),
      ).to.be.revertedWithCustomError(pool, "SignatureInvalid");
      await pool.connect(court.client).withdraw(court.client.address, usd(1), 0n, UNSIGNED);
    });
  }

  it("withdraw inside the question about its own signature pays once", async () => {
    const court = await courtOfHostileAccount();
    const { pool, account, address } = court;
    const again = pool.interface.encodeFunctionData("withdraw", [address, usd(600), NEVER, "0x1234"]);
    await account.reenterWith(pool, again);
    const sent = pool.withdraw(address, usd(600), NEVER, "0x1234", { gasLimit: 3_000_000n });
    await expectMoves(court, sent, { held: -usd(600), balances: { [address]: -usd(600) } });
    await expectWhole(court, [], [address]);
  });

  it("commit inside the question about its own commitment takes one seat, once", async () => {
    const court = await courtOfHostileAccount();
    const { pool, account, address } = court;
    await depositFor(court, address, usd(5_000_000));
    await pool.stake(address, usd(5_000_000), NEVER, "0x1234");
    const d = await newCase(court, "Drawing");
    await fulfil(d, 1n);
    await pool.draw(d.terms);
    const seat = (await pool.panelOf(d.jobId, 0n)).findIndex(({ juror }) => juror === address);
    const word = { seat: BigInt(seat), commitment: id("commitment"), validUntil: NEVER, signature: "0x1234" };
    await account.reenterWith(pool, pool.interface.encodeFunctionData("commit", [d.jobId, [word]]));
    await pool.commit(d.jobId, [word], { gasLimit: 3_000_000n });
    const committed = (await pool.panelOf(d.jobId, 0n)).filter((one) => one.committed);
    expect(committed).to.have.length(1);
    const { until } = await pool.caseOf(d.jobId);
    expect(until > (await blockTime())).to.equal(true);
  });

  it("answer inside the question about its own answer takes one bond", async () => {
    const court = await courtOfHostileAccount();
    const { pool, account, address } = court;
    await court.usdc.mint(address, usd(1_000));
    const client = { address, signTypedData: () => Promise.resolve("0x1234") };
    const d = await newCase(court, "Answering", {}, { client });
    await account.reenterWith(pool, pool.interface.encodeFunctionData("answer", [d.terms, address, NEVER, "0x1234"]));
    const sent = pool.answer(d.terms, address, NEVER, "0x1234", { gasLimit: 3_000_000n });
    await expectMoves(court, sent, { balances: { [address]: -usd(20) } });
    expect(await phaseOf(d)).to.equal("Waiting");
    await expectWhole(court, [d], [address]);
  });
});
