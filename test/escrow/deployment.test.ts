import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers } from "../support/network.ts";
import { loadWorld, type World } from "../support/world.ts";

async function deploy(usdc: string, reputation: string, treasury: string) {
  return await ethers.deployContract("Escrow", [usdc, reputation, treasury]);
}

describe("deployment", () => {
  const missing: { party: string; args: (w: World) => Promise<[string, string, string]> }[] = [
    {
      party: "usdc",
      args: async (w) => [w.stranger.address, await w.reputation.getAddress(), w.treasury.address],
    },
    { party: "reputation", args: async (w) => [await w.usdc.getAddress(), w.stranger.address, w.treasury.address] },
    {
      party: "treasury",
      args: async (w) => [await w.usdc.getAddress(), await w.reputation.getAddress(), ZeroAddress],
    },
  ];
  for (const { party, args } of missing) {
    it(`refuses to stand without its ${party}`, async () => {
      const w = await loadWorld();
      await expect(deploy(...(await args(w))))
        .to.be.revertedWithCustomError(w.escrow, "PartyMissing")
        .withArgs(party);
    });
  }

  it("fixes token, reputation and treasury", async () => {
    const w = await loadWorld();
    const { escrow } = w;
    expect(await escrow.USDC()).to.equal(w.usdc.target);
    expect(await escrow.REPUTATION()).to.equal(w.reputation.target);
    expect(await escrow.TREASURY()).to.equal(w.treasury.address);
  });

  it("has no function by which anyone could own, pause, upgrade or redirect it", async () => {
    const { escrow } = await loadWorld();
    const writing: string[] = [];
    escrow.interface.forEachFunction(({ name, constant }) => {
      if (!constant) writing.push(name);
    });
    expect(writing.sort()).to.deep.equal([
      "accept",
      "cancel",
      "complete",
      "dispute",
      "fund",
      "fundWithAuthorization",
      "fundWithPermit",
      "multicall",
      "refund",
      "reject",
      "release",
      "reopen",
      "rule",
      "setSpendingLimit",
      "settle",
      "submit",
      "tryMulticall",
      "withdraw",
    ]);
  });

  it("takes no native coin", async () => {
    const { escrow, stranger } = await loadWorld();
    await expect(stranger.sendTransaction({ to: escrow.target, value: 1n })).to.revert(ethers);
  });
});
