import { WAD } from "@hireforhumans/protocol";
import { expect } from "chai";
import { id } from "ethers";
import { CAP } from "../support/reputation.ts";
import { loadWorld, type World } from "../support/world.ts";

const DOMAIN = id("customer_support");

async function record({ reputation, relayer, worker }: World, share: bigint, times = 1, ruled = false): Promise<void> {
  const recorder = reputation.connect(relayer);
  for (let time = 0; time < times; time++) await recorder.record(worker.address, DOMAIN, CAP, share, ruled);
}

async function score({ reputation, relayer, worker }: World): Promise<bigint> {
  return await reputation.scoreOf(relayer.address, worker.address, DOMAIN);
}

describe("scoreOf", () => {
  it("is 0.50 at the start", async () => {
    expect(await score(await loadWorld())).to.equal(WAD / 2n);
  });

  it("passes 0.90 with the 17th clean job, not before", async () => {
    const w = await loadWorld();
    await record(w, 10_000n, 16);
    expect(await score(w)).to.equal((18n * WAD) / 20n);
    await record(w, 10_000n);
    expect(await score(w)).to.equal((19n * WAD) / 21n);
  });

  it("falls by a lapse, and by a lost ruling twice as much", async () => {
    const w = await loadWorld();
    await record(w, 0n);
    expect(await score(w)).to.equal((2n * WAD) / 5n);
    await record(w, 0n, 1, true);
    expect(await score(w)).to.equal((2n * WAD) / 7n);
  });

  it("stays between 0 and 1 however much is recorded", async () => {
    const w = await loadWorld();
    await record(w, 0n, 50, true);
    expect(await score(w)).to.equal((2n * WAD) / 104n);
  });

  it("is that of the recorder asked about: what a worker records of itself moves nothing else", async () => {
    const w = await loadWorld();
    await w.reputation.connect(w.worker).record(w.worker.address, DOMAIN, CAP, 10_000n, false);
    expect(await score(w)).to.equal(WAD / 2n);
  });
});
