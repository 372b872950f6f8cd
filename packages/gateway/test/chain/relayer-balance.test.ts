import { toQuantity } from "ethers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFees } from "../../src/chain/fees.ts";
import { createBalanceWatch } from "../../src/chain/relayer-balance.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { recordingLog } from "../support/log.ts";

let world: TestChain;
beforeAll(async () => {
  world = await startTestChain();
});
afterAll(() => world.stop());

it("gives the alarm once when the relayer's coin runs out, and says when there is enough again", async () => {
  const metrics = createMetrics();
  const { log, lines } = recordingLog();
  const relayer = devAccounts.relayer.address;
  const fees = createFees(world.node, world.deployment.chainId, 2_000);
  const look = createBalanceWatch({ node: world.node, fees, relayer, least: 100, log, metrics });
  const give = (wei: bigint) => world.chain.rpc("hardhat_setBalance", [relayer, toQuantity(wei)]);
  const valueOf = async (name: string) => (await metrics.registry.getSingleMetric(name)?.get())?.values[0]?.value;

  await look();
  expect(await valueOf("hfh_relayer_balance_low")).toBe(0);
  const { maxFeePerGas } = await fees.current();
  await give(50n * 250_000n * maxFeePerGas);
  await look();
  await look();
  expect(await valueOf("hfh_relayer_balance_low")).toBe(1);
  expect(await valueOf("hfh_relayer_transactions_left")).toBeLessThanOrEqual(50);
  await give(10n ** 21n);
  await look();
  expect(await valueOf("hfh_relayer_balance")).toBe(1_000);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "the relayer's coin is running out: fund it",
    "the relayer has coin enough again",
  ]);
});
