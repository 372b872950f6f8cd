import { WAD } from "@hireforhumans/protocol";
import { expect } from "chai";
import { AbiCoder, MaxUint256, id, keccak256 } from "ethers";
import { networkHelpers } from "../support/network.ts";
import { CAP } from "../support/reputation.ts";
import { loadWorld, type World } from "../support/world.ts";

const DOMAIN = id("customer_support");

interface Entry {
  reward: bigint;
  share: bigint;
  ruled?: boolean;
}

/** Records one job of the worker by the relayer. */
async function record({ reputation, relayer, worker }: World, { reward, share, ruled = false }: Entry) {
  return await reputation.connect(relayer).record(worker.address, DOMAIN, reward, share, ruled);
}

async function recordOf({ reputation, relayer, worker }: World): Promise<bigint[]> {
  return [...(await reputation.recordOf(relayer.address, worker.address, DOMAIN))];
}

describe("record", () => {
  it("touches no other recorder's record, worker or domain", async () => {
    const w = await loadWorld();
    await record(w, { reward: CAP, share: 0n });
    const untouched = [
      [w.stranger.address, w.worker.address, DOMAIN],
      [w.relayer.address, w.otherWorker.address, DOMAIN],
      [w.relayer.address, w.worker.address, id("another domain")],
    ] as const;
    for (const [recorder, worker, domain] of untouched) {
      expect([...(await w.reputation.recordOf(recorder, worker, domain))]).to.deep.equal([0n, 0n, 0n, 0n]);
    }
  });

  const entries: (Entry & { name: string; success: bigint; failure: bigint; counted: "success" | "failure" })[] = [
    {
      name: "a small paid job by its reward",
      reward: 3n,
      share: 10_000n,
      success: 3n,
      failure: 0n,
      counted: "success",
    },
    {
      name: "a paid job at the cap in full",
      reward: CAP,
      share: 10_000n,
      success: CAP,
      failure: 0n,
      counted: "success",
    },
    {
      name: "a large paid job by the cap only",
      reward: 1_000n * CAP,
      share: 10_000n,
      success: CAP,
      failure: 0n,
      counted: "success",
    },
    {
      name: "a failed job by its reward",
      reward: CAP - 1n,
      share: 0n,
      success: 0n,
      failure: CAP - 1n,
      counted: "failure",
    },
    {
      name: "a large failed job by the cap only",
      reward: 1_000n * CAP,
      share: 0n,
      success: 0n,
      failure: CAP,
      counted: "failure",
    },
    {
      name: "a ruling against the worker double",
      reward: CAP,
      share: 0n,
      ruled: true,
      success: 0n,
      failure: 2n * CAP,
      counted: "failure",
    },
    {
      name: "a ruling for the worker once",
      reward: CAP,
      share: 10_000n,
      ruled: true,
      success: CAP,
      failure: 0n,
      counted: "success",
    },
    {
      name: "a ruled split in both parts, the failure double",
      reward: CAP,
      share: 4_999n,
      ruled: true,
      success: 4_999_000n,
      failure: 10_002_000n,
      counted: "failure",
    },
    {
      name: "half of the reward as a success",
      reward: CAP,
      share: 5_000n,
      ruled: true,
      success: 5_000_000n,
      failure: 10_000_000n,
      counted: "success",
    },
    {
      name: "a part below one base unit as none",
      reward: 3n,
      share: 3_333n,
      success: 0n,
      failure: 3n,
      counted: "failure",
    },
    {
      name: "a share above the whole as the whole",
      reward: CAP,
      share: 20_000n,
      success: CAP,
      failure: 0n,
      counted: "success",
    },
  ];
  for (const { name, success, failure, counted, ...entry } of entries) {
    it(`counts ${name}`, async () => {
      const w = await loadWorld();
      await record(w, entry);
      const counts = counted === "success" ? [1n, 0n] : [0n, 1n];
      expect(await recordOf(w)).to.deep.equal([success, failure, ...counts]);
    });
  }

  it("adds up", async () => {
    const w = await loadWorld();
    await record(w, { reward: CAP, share: 10_000n });
    await record(w, { reward: 2_000_000n, share: 10_000n });
    await record(w, { reward: 1_000_000n, share: 0n });
    expect(await recordOf(w)).to.deep.equal([12_000_000n, 1_000_000n, 2n, 1n]);
  });

  it("stays at the top instead of failing or starting over when a value is full", async () => {
    const w = await loadWorld();
    const full = [2n ** 96n - 1n, 2n ** 96n - 1n, 2n ** 32n - 1n, 2n ** 32n - 1n];
    const slot = slotOf(w.relayer.address, w.worker.address, DOMAIN);
    await networkHelpers.setStorageAt(await w.reputation.getAddress(), slot, MaxUint256);
    expect(await recordOf(w)).to.deep.equal(full);
    await record(w, { reward: CAP, share: 10_000n });
    await record(w, { reward: CAP, share: 0n });
    expect(await recordOf(w)).to.deep.equal(full);
    expect(await w.reputation.scoreOf(w.relayer.address, w.worker.address, DOMAIN)).to.equal(WAD / 2n);
  });
});

/** Where the record lies: the contract's one mapping of mappings, at slot zero. */
function slotOf(recorder: string, worker: string, domain: string): string {
  const coder = AbiCoder.defaultAbiCoder();
  const ofRecorder = keccak256(coder.encode(["address", "uint256"], [recorder, 0n]));
  const ofWorker = keccak256(coder.encode(["address", "bytes32"], [worker, ofRecorder]));
  return keccak256(coder.encode(["bytes32", "bytes32"], [domain, ofWorker]));
}
