import { totalOf, type Terms } from "@hireforhumans/protocol";
import { expect } from "chai";
import { ZeroAddress, id } from "ethers";
import { expectBalanceChanges, expectEvents, expectSlot } from "../support/effects.ts";
import { jobAt, newJob, statusCode, statuses, type Case } from "../support/jobs.ts";
import { DAY, blockTime, nextBlockAt } from "../support/network.ts";
import { UNSIGNED } from "../support/signatures.ts";
import { FEE, REWARD, TOTAL } from "../support/terms.ts";
import { usdcAt } from "../support/usdc.ts";
import { CLIENT_BALANCE, loadWorld } from "../support/world.ts";

const MAX_REWARD = (2n ** 96n - 1n) / 2n;
const MAX_WINDOW = 30n * DAY;

async function fundByClient(c: Case, terms: Terms = c.terms) {
  return await c.escrow.connect(c.client).fund(terms);
}

describe("fund", () => {
  for (const status of statuses.filter((status) => status !== "None")) {
    it(`refuses terms whose job is ${status} already`, async () => {
      const c = await jobAt(status);
      await expect(fundByClient(c))
        .to.be.revertedWithCustomError(c.escrow, "AlreadyFunded")
        .withArgs(c.jobId, statusCode(status));
    });
  }

  const unsound: { name: string; terms: Partial<Terms>; error: string; args: unknown[] }[] = [
    { name: "no verifier", terms: { verifier: ZeroAddress }, error: "PartyMissing", args: ["verifier"] },
    { name: "no reward", terms: { reward: 0n }, error: "RewardOutOfRange", args: [0n, 1n, MAX_REWARD] },
    {
      name: "a reward above half of its type's range",
      terms: { reward: MAX_REWARD + 1n },
      error: "RewardOutOfRange",
      args: [MAX_REWARD + 1n, 1n, MAX_REWARD],
    },
    ...(["work", "verify"] as const).map((window) => ({
      name: `no ${window} window`,
      terms: { [`${window}Window`]: 0n },
      error: "WindowOutOfRange",
      args: [window, 0n, 1n, MAX_WINDOW],
    })),
    ...(["work", "verify", "review"] as const).map((window) => ({
      name: `a ${window} window above 30 days`,
      terms: { [`${window}Window`]: MAX_WINDOW + 1n },
      error: "WindowOutOfRange",
      args: [window, MAX_WINDOW + 1n, window === "review" ? 0n : 1n, MAX_WINDOW],
    })),
    {
      name: "a backstop share above the whole",
      terms: { backstopShareBps: 10_001n },
      error: "ShareOutOfRange",
      args: [10_001n, 10_000n],
    },
    {
      name: "a minimum reputation above 1.0",
      terms: { minReputation: 10n ** 18n + 1n },
      error: "MinReputationOutOfRange",
      args: [10n ** 18n + 1n, 10n ** 18n],
    },
  ];
  for (const { name, terms, error, args } of unsound) {
    it(`refuses ${name}`, async () => {
      const c = await jobAt("None", terms);
      await expect(fundByClient(c))
        .to.be.revertedWithCustomError(c.escrow, error)
        .withArgs(...args);
    });
  }

  it("refuses a deadline that passed a second ago, or is a second more than 365 days ahead", async () => {
    const world = await loadWorld();
    const now = (await blockTime()) + 60n;
    for (const deadline of [now - 1n, now + 365n * DAY + 1n]) {
      const { terms } = await newJob(world, "None", { deadline });
      await nextBlockAt(now);
      await expect(world.escrow.connect(world.client).fund.staticCall(terms, { blockTag: "pending" }))
        .to.be.revertedWithCustomError(world.escrow, "DeadlineOutOfRange")
        .withArgs(deadline, now, now + 365n * DAY);
    }
  });

  it("refuses a stranger, though the client's allowance would do", async () => {
    const { escrow, terms, stranger, client } = await jobAt("None");
    await expect(escrow.connect(stranger).fund(terms))
      .to.be.revertedWithCustomError(escrow, "SenderNotAllowed")
      .withArgs(stranger.address, client.address);
  });

  it("refuses a client without the allowance, without the money, or blocked by the issuer", async () => {
    const c = await jobAt("None");
    const usdc = usdcAt(await c.usdc.getAddress(), c.client);
    await usdc.approve(await c.escrow.getAddress(), TOTAL - 1n);
    await expect(fundByClient(c)).to.be.revertedWith("ERC20: transfer amount exceeds allowance");
    await usdc.approve(await c.escrow.getAddress(), TOTAL);
    await usdc.transfer(c.stranger.address, CLIENT_BALANCE - TOTAL + 1n);
    await expect(fundByClient(c)).to.be.revertedWith("ERC20: transfer amount exceeds balance");
    await c.usdc.blacklist(c.client.address);
    await expect(fundByClient(c)).to.be.revertedWith("Blacklistable: account is blacklisted");
    await expectSlot(c, "None");
  });

  it("pulls reward and fee and opens the job", async () => {
    const c = await jobAt("None");
    expect(await c.escrow.connect(c.client).fund.staticCall(c.terms)).to.equal(c.jobId);
    const sent = fundByClient(c);
    const { specHash, salt } = c.terms;
    await expectEvents(c.escrow, sent, [
      ["Funded", c.jobId, c.client.address, c.client.address, REWARD, FEE, specHash, salt],
    ]);
    await expectBalanceChanges(c, sent, { client: -TOTAL, escrow: TOTAL });
    await expectSlot(c, "Open");
  });

  it("takes a second job of the same terms under another salt", async () => {
    const c = await jobAt("Open");
    const second = await newJob(c, "None", { salt: id("second job") });
    await fundByClient(c, second.terms);
    await expectSlot({ ...c, ...second }, "Open");
    expect(await c.usdc.balanceOf(await c.escrow.getAddress())).to.equal(2n * TOTAL);
  });

  it("takes the largest terms, and the largest reward comes out again", async () => {
    const c = await jobAt("None", {
      reward: MAX_REWARD,
      workWindow: MAX_WINDOW,
      verifyWindow: MAX_WINDOW,
      reviewWindow: MAX_WINDOW,
      backstopShareBps: 10_000n,
      minReputation: 10n ** 18n,
    });
    await c.usdc.mint(c.client.address, totalOf(MAX_REWARD));
    const now = (await blockTime()) + 60n;
    const terms = { ...c.terms, deadline: now + 365n * DAY };
    await nextBlockAt(now);
    const total = totalOf(MAX_REWARD);
    await expectBalanceChanges(c, fundByClient(c, terms), { client: -total, escrow: total });
    const back = c.escrow.connect(c.client).cancel(terms, 0n, UNSIGNED);
    await expectBalanceChanges(c, back, { client: total, escrow: -total });
  });

  it("takes the smallest terms: a base unit, windows of a second, the deadline now", async () => {
    const now = (await blockTime()) + DAY;
    const c = await jobAt("None", { reward: 1n, workWindow: 1n, verifyWindow: 1n, deadline: now });
    await nextBlockAt(now);
    await expectBalanceChanges(c, fundByClient(c), { client: -1n, escrow: 1n });
    await expectSlot(c, "Open");
  });
});
