import type { Terms } from "@hireforhumans/protocol";
import type { ContractTransactionResponse, Overrides } from "ethers";
import { newJob, signed, untilOf, verdict, type Case, type Status } from "./jobs.ts";
import { DAY, nextBlockAt } from "./network.ts";
import { CAP } from "./reputation.ts";
import { NEVER, UNSIGNED } from "./signatures.ts";
import { FEE, REWARD, TOTAL } from "./terms.ts";
import type { World } from "./world.ts";

/** One way in which a job's money leaves the escrow, or something is recorded of its worker. */
export interface Outcome {
  name: string;
  from: Status;
  to: Status;
  terms?: Partial<Terms>;
  /** Brings the clock to where the call is allowed. */
  wait?: (c: Case) => Promise<void>;
  call: (c: Case, overrides?: Overrides) => Promise<ContractTransactionResponse>;
  /** Who gets what, in base units. */
  worker: bigint;
  client: bigint;
  fee: bigint;
  /** What it adds to the worker's record, undefined where it records nothing. */
  recorded?: { success?: bigint; failure?: bigint };
}

const all = { worker: REWARD, client: 0n, fee: FEE };
const back = { worker: 0n, client: TOTAL, fee: 0n };

async function pastUntil(c: Case): Promise<void> {
  await nextBlockAt((await untilOf(c)) + 1n);
}

export const outcomes: Outcome[] = [
  {
    name: "release",
    from: "Submitted",
    to: "Paid",
    call: async (c, overrides = {}) =>
      c.escrow.release(c.terms, verdict, await signed(c, c.by.verifier, "Verdict"), overrides),
    ...all,
    recorded: { success: CAP },
  },
  {
    name: "complete",
    from: "Open",
    to: "Paid",
    call: async (c, overrides = {}) => {
      const submit = await signed(c, c.by.worker, "Submit");
      const pass = await signed(c, c.by.verifier, "Verdict");
      return await c.escrow.complete(c.terms, c.by.worker.address, NEVER, submit, verdict, pass, overrides);
    },
    ...all,
    recorded: { success: CAP },
  },
  {
    name: "settle of silence",
    from: "Submitted",
    to: "Paid",
    wait: async (c) => nextBlockAt((await untilOf(c)) + DAY + 1n),
    call: async (c, overrides = {}) => c.escrow.settle(c.terms, overrides),
    ...all,
    recorded: { success: CAP },
  },
  {
    name: "settle of a review",
    from: "Approved",
    to: "Paid",
    wait: pastUntil,
    call: async (c, overrides = {}) => c.escrow.settle(c.terms, overrides),
    ...all,
    recorded: { success: CAP },
  },
  {
    name: "settle of a dispute",
    from: "Disputed",
    to: "Split",
    terms: { backstopShareBps: 4_000n },
    wait: pastUntil,
    call: async (c, overrides = {}) => c.escrow.settle(c.terms, overrides),
    worker: 40_000_000n,
    client: 61_500_000n,
    fee: 1_000_000n,
  },
  {
    name: "rule of a split",
    from: "Disputed",
    to: "Split",
    call: async (c, overrides = {}) => c.arbiter.rule(c.escrow.target, c.terms, 4_000n, overrides),
    worker: 40_000_000n,
    client: 61_500_000n,
    fee: 1_000_000n,
    recorded: { success: (CAP * 4n) / 10n, failure: (2n * CAP * 6n) / 10n },
  },
  {
    name: "refund of a rejected job",
    from: "Rejected",
    to: "Refunded",
    wait: pastUntil,
    call: async (c, overrides = {}) => c.escrow.refund(c.terms, overrides),
    ...back,
    recorded: { failure: CAP },
  },
  {
    name: "refund of an open job",
    from: "Open",
    to: "Refunded",
    wait: async (c) => nextBlockAt(c.terms.deadline + 1n),
    call: async (c, overrides = {}) => c.escrow.refund(c.terms, overrides),
    ...back,
  },
  {
    name: "cancel",
    from: "Open",
    to: "Refunded",
    call: async (c, overrides = {}) => c.escrow.connect(c.client).cancel(c.terms, 0n, UNSIGNED, overrides),
    ...back,
  },
  {
    name: "reopen",
    from: "Accepted",
    to: "Open",
    wait: pastUntil,
    call: async (c, overrides = {}) => c.escrow.reopen(c.terms, overrides),
    worker: 0n,
    client: 0n,
    fee: 0n,
    recorded: { failure: CAP },
  },
];

/** A job right before this outcome, in a world that is there already. */
export async function beforeOutcome(world: World, outcome: Outcome): Promise<Case> {
  const c = { ...world, ...(await newJob(world, outcome.from, outcome.terms)) };
  await outcome.wait?.(c);
  return c;
}
