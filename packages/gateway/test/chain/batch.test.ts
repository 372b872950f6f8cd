import { dataLength } from "ethers";
import { describe, expect, it } from "vitest";
import { type BatchedIntent, createEscrowBatch, gasOf, planBatches } from "../../src/chain/batch.ts";
import type { IntentKind } from "../../src/chain/intent.ts";

const escrow = `0x${"e".repeat(40)}`;
const batch = createEscrowBatch(escrow);
let made = 0;

const intent = (kind: IntentKind, jobId: string | null, overrides: Partial<BatchedIntent> = {}): BatchedIntent => ({
  id: `int_${made++}`,
  key: `${kind}:${jobId}`,
  kind,
  jobId,
  signer: "0x",
  to: escrow,
  data: "0x1234",
  gasLimit: 300_000n,
  alone: false,
  ...overrides,
});
const plansOf = (intents: BatchedIntent[]) => planBatches(intents, batch).map((plan) => plan.map(({ key }) => key));

describe("planBatches", () => {
  it("puts together what may use the same gas, in the order in which it was asked for", () => {
    const fund = (job: string) => intent("fund", job);
    const accept = (job: string) => intent("accept", job, { gasLimit: 250_000n });
    expect(plansOf([fund("a"), accept("b"), fund("c"), accept("d")])).toEqual([
      ["fund:a", "fund:c"],
      ["accept:b", "accept:d"],
    ]);
  });

  it("never sends for one job in another order than was asked for", () => {
    const low = { gasLimit: 200_000n };
    const intents = [
      intent("submit", "a", low),
      intent("release", "b"),
      intent("release", "a"),
      intent("submit", "b", low),
    ];
    const plans = plansOf(intents);
    const placeOf = (key: string) => plans.findIndex((plan) => plan.includes(key));
    expect(placeOf("submit:a")).toBeLessThan(placeOf("release:a"));
    expect(placeOf("release:b")).toBeLessThan(placeOf("submit:b"));
    expect(plans.flat()).toHaveLength(4);
  });

  it("leaves alone what goes elsewhere, what depends on more than its job, and what was reverted in a batch", () => {
    const intents = [
      intent("fund", "a"),
      intent("fund", "b", { to: `0x${"f".repeat(40)}` }),
      intent("dispute", "c"),
      intent("stake", null),
      intent("fund", "d", { alone: true }),
      intent("fund", "e"),
    ];
    expect(plansOf(intents)).toEqual([["fund:a", "fund:e"], ["fund:b"], ["dispute:c"], ["stake:null"], ["fund:d"]]);
    expect(planBatches(intents, undefined)).toHaveLength(6);
  });

  it("fills a transaction up to what any chain takes, and gives each call what it may use", () => {
    const data = `0x${"11".repeat(580)}`;
    const intents = Array.from({ length: 120 }, (_, index) => intent("fund", `job ${index}`, { data }));
    const plans = planBatches(intents, batch);
    expect(plans.flat()).toEqual(intents);
    for (const plan of plans) {
      const gas = gasOf(plan, batch);
      expect(gas).toBeLessThanOrEqual(2n ** 24n);
      const bytes = dataLength(batch.encode(plan.map((one) => one.data)));
      // An equal share of what is left after the transaction's own costs, less what the contract keeps back.
      const share = (gas - 21_000n - 16n * BigInt(bytes)) / BigInt(plan.length) - 20_000n;
      expect(share).toBeGreaterThanOrEqual(300_000n);
    }
    expect(plans.length).toBeLessThanOrEqual(3);
  });
});
