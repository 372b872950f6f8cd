import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalChain, startLocalChain } from "../../../../scripts/chain/local-chain.ts";
import { createFees } from "../../src/chain/fees.ts";
import { ChainNode } from "../../src/chain/node.ts";

const GWEI = 1_000_000_000n;
let chain: LocalChain;
let node: ChainNode;

beforeAll(async () => {
  chain = await startLocalChain();
  node = new ChainNode(chain.url, chain.chainId);
});
afterAll(async () => {
  node.destroy();
  await chain.stop();
});

async function setBaseFee(gwei: bigint): Promise<void> {
  await chain.rpc("hardhat_setNextBlockBaseFeePerGas", [`0x${(gwei * GWEI).toString(16)}`]);
  await chain.mine();
}

describe("fees", () => {
  it.each([137n, 80_002n])(
    "offer Polygon's validators (chain %i) 30 gwei at least, else no block takes it",
    async (chainId) => {
      const fees = await createFees(node, chainId, 2_000).current();
      expect(fees.maxPriorityFeePerGas).toBeGreaterThanOrEqual(30n * GWEI);
      expect(fees.maxFeePerGas).toBeGreaterThan(fees.maxPriorityFeePerGas);
    },
  );

  it("leave room for a doubled base fee", async () => {
    await setBaseFee(100n);
    const { maxFeePerGas } = await createFees(node, 137n, 2_000).current();
    // An empty block lowers the base fee by an eighth.
    expect(maxFeePerGas).toBeGreaterThanOrEqual(2n * 87n * GWEI + 30n * GWEI);
  });

  it("never pass the cap, neither at first nor raised", async () => {
    await setBaseFee(500n);
    const fees = createFees(node, 137n, 60);
    expect((await fees.current()).maxFeePerGas).toBe(60n * GWEI);
    expect(await fees.bump({ maxFeePerGas: 60n * GWEI, maxPriorityFeePerGas: 30n * GWEI })).toBeUndefined();
  });

  it("rise by an eighth, rounded up, or to what the chain asks now", async () => {
    await setBaseFee(1n);
    const fees = createFees(node, 31337n, 2_000);
    expect(await fees.bump({ maxFeePerGas: 10n * GWEI + 1n, maxPriorityFeePerGas: 8n * GWEI })).toEqual({
      maxFeePerGas: 11_250_000_002n,
      maxPriorityFeePerGas: 9n * GWEI,
    });
    await setBaseFee(100n);
    const raised = await createFees(node, 31337n, 2_000).bump({ maxFeePerGas: GWEI, maxPriorityFeePerGas: 1n });
    expect(raised?.maxFeePerGas).toBeGreaterThan(170n * GWEI);
  });
});
