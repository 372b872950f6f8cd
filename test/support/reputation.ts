import { ONE_USDC, WAD } from "@hireforhumans/protocol";
import { expect } from "chai";
import type { Case } from "./jobs.ts";

/** The most that one job weighs, in base units of its reward. */
export const CAP = 10n * ONE_USDC;

/** Beta mean (2 + S) / (4 + S + F) in WAD, where one unit of S or F is a job of `CAP` or more; weights in base units. */
export function scoreOf({ success = 0n, failure = 0n }: { success?: bigint; failure?: bigint }): bigint {
  return ((2n * CAP + success) * WAD) / (4n * CAP + success + failure);
}

export const START = scoreOf({});

/** Asserts the worker's score in the job's domain by what was recorded of it. */
export async function expectReputation(
  { reputation, escrow, terms }: Case,
  worker: { address: string },
  recorded: { success?: bigint; failure?: bigint },
): Promise<void> {
  expect(await reputation.scoreOf(escrow.target, worker.address, terms.domain)).to.equal(scoreOf(recorded));
}
