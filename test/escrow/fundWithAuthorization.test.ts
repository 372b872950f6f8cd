import type { Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress, id } from "ethers";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, statusCode, statuses, type Case } from "../support/jobs.ts";
import { HOUR, blockTime, nextBlockAt } from "../support/network.ts";
import { NEVER } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";
import { signAuthorization } from "../support/tokenSignatures.ts";
import { usdcAt } from "../support/usdc.ts";
import { deployAccount, loadWorld } from "../support/world.ts";

const INVALID = "FiatTokenV2: invalid signature";

async function carry(c: Case, signature: string, terms: Terms = c.terms) {
  return await c.escrow.fundWithAuthorization(terms, 0n, NEVER, signature);
}

describe("fundWithAuthorization", () => {
  for (const status of statuses.filter((status) => status !== "None")) {
    it(`refuses terms whose job is ${status} already`, async () => {
      const c = await jobAt(status);
      await expect(carry(c, await signAuthorization(c)))
        .to.be.revertedWithCustomError(c.escrow, "AlreadyFunded")
        .withArgs(c.jobId, statusCode(status));
    });
  }

  it("refuses unsound terms", async () => {
    const { escrow, terms } = await jobAt("None");
    await expect(escrow.fundWithAuthorization({ ...terms, client: ZeroAddress }, 0n, NEVER, "0x"))
      .to.be.revertedWithCustomError(escrow, "PartyMissing")
      .withArgs("client");
    await expect(escrow.fundWithAuthorization({ ...terms, reward: 0n }, 0n, NEVER, "0x")).to.be.revertedWithCustomError(
      escrow,
      "RewardOutOfRange",
    );
  });

  it("refuses a word that somebody else signed", async () => {
    const c = await jobAt("None");
    const signature = await signAuthorization({ ...c, by: { ...c.by, client: c.stranger } });
    await expect(carry(c, signature)).to.be.revertedWith(INVALID);
  });

  it("refuses a word for other terms: each of them is a part of the nonce", async () => {
    const c = await jobAt("None");
    const signature = await signAuthorization(c);
    const changed: Partial<Terms>[] = [
      { worker: c.stranger.address },
      { matcher: c.stranger.address },
      { verifier: c.stranger.address },
      { arbiter: c.stranger.address },
      { minReputation: 1n },
      { backstopShareBps: 10_000n },
      { deadline: c.terms.deadline - 1n },
      { workWindow: 1n },
      { verifyWindow: 1n },
      { reviewWindow: 1n },
      { domain: id("another domain") },
      { specHash: id("another packet") },
      { salt: id("another salt") },
    ];
    for (const change of changed) {
      await expect(carry(c, signature, { ...c.terms, ...change }), Object.keys(change)[0]).to.be.revertedWith(INVALID);
    }
  });

  for (const [about, changes] of Object.entries({
    "a smaller value": { value: TOTAL - 1n },
    "a larger value": { value: TOTAL + 1n },
    "another payee": { to: ZeroAddress },
    "another nonce": { nonce: id("another job") },
  })) {
    it(`refuses a word for ${about}`, async () => {
      const c = await jobAt("None");
      await expect(carry(c, await signAuthorization(c, changes))).to.be.revertedWith(INVALID);
    });
  }

  it("refuses in the second in which the word ends, and takes the one before", async () => {
    const c = await jobAt("None");
    const validBefore = (await blockTime()) + HOUR;
    const signature = await signAuthorization(c, { validBefore });
    await nextBlockAt(validBefore);
    await expect(
      c.escrow.fundWithAuthorization.staticCall(c.terms, 0n, validBefore, signature, { blockTag: "pending" }),
    ).to.be.revertedWith("FiatTokenV2: authorization is expired");
    await nextBlockAt(validBefore - 1n);
    await c.escrow.fundWithAuthorization(c.terms, 0n, validBefore, signature);
    await expectSlot(c, "Open");
  });

  it("refuses a word before its time", async () => {
    const c = await jobAt("None");
    const validAfter = (await blockTime()) + HOUR;
    const signature = await signAuthorization(c, { validAfter });
    await nextBlockAt(validAfter);
    await expect(c.escrow.fundWithAuthorization(c.terms, validAfter, NEVER, signature)).to.be.revertedWith(
      "FiatTokenV2: authorization is not yet valid",
    );
  });

  it("can't be carried to the token past the escrow", async () => {
    const c = await jobAt("None");
    const signature = await signAuthorization(c);
    const usdc = usdcAt(await c.usdc.getAddress(), c.stranger);
    const receive = usdc["receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"];
    await expect(
      receive(c.client.address, await c.escrow.getAddress(), TOTAL, 0n, NEVER, c.jobId, signature),
    ).to.be.revertedWith("FiatTokenV2: caller must be the payee");

    await carry(c, signature);
    await expectSlot(c, "Open");
  });

  it("pays the job from the client's balance without its gas or allowance, whoever carries the word", async () => {
    const c = await jobAt("None");
    await usdcAt(await c.usdc.getAddress(), c.client).approve(await c.escrow.getAddress(), 0n);
    const signature = await signAuthorization(c);
    expect(await c.escrow.fundWithAuthorization.staticCall(c.terms, 0n, NEVER, signature)).to.equal(c.jobId);
    const sent = c.escrow.connect(c.stranger).fundWithAuthorization(c.terms, 0n, NEVER, signature);
    const { specHash, salt } = c.terms;
    await expectEvents(c.escrow, sent, [
      ["Funded", c.jobId, c.client.address, c.stranger.address, REWARD, FEE, specHash, salt],
    ]);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    await expectSlot(c, "Open");
    expect(await c.usdc.authorizationState(c.client.address, c.jobId)).to.equal(true);
  });

  it("takes the word of an ERC-1271 account", async () => {
    const world = await loadWorld();
    const account = await deployAccount(world, world.client);
    const c = { ...world, ...(await newJob(world, "None", {}, { client: account })) };
    await expectBalanceChanges(c, carry(c, await signAuthorization(c)), { escrow: TOTAL });
    await expectSlot(c, "Open");
  });
});
