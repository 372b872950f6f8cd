import { network } from "hardhat";

/** One simulated chain for the whole run: every test starts from a snapshot of it, see `loadWorld` and `loadCourt`. */
export const { ethers, networkHelpers } = await network.create({ override: { accounts: { count: 40 } } });

let latestFixture: unknown;

/** Goes back to where the fixture ended, or runs it. */
export async function loadFixture<T>(fixture: () => Promise<T>): Promise<T> {
  // To go back to one snapshot ends the later ones, which Hardhat does not notice.
  if (fixture !== latestFixture) networkHelpers.clearSnapshots();
  latestFixture = fixture;
  return await networkHelpers.loadFixture(fixture);
}

export const SECOND = 1n;
export const MINUTE = 60n;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;

/** The latest block's time in unix seconds. */
export async function blockTime(): Promise<bigint> {
  return BigInt(await networkHelpers.time.latest());
}

/** Lets the next block, and so the next transaction, happen at this unix second. */
export async function nextBlockAt(time: bigint): Promise<void> {
  await networkHelpers.time.setNextBlockTimestamp(time);
}

/** The time of the block that took this transaction, in unix seconds. */
export async function timeOf(transaction: { getBlock(): Promise<{ timestamp: number } | null> }): Promise<bigint> {
  const block = await transaction.getBlock();
  if (block === null) throw new Error("the transaction is in no block yet; automine should be on");
  return BigInt(block.timestamp);
}
