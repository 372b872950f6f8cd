import { keccak256, toUtf8Bytes } from "ethers";
import type { Database } from "../../src/context.ts";
import type { StoredChainEvent } from "../../src/jobs/chain-state.ts";

/**
 * Makes these the events that the followed branch holds of a job, as the follower stores them: a block for each.
 * @param logIndex where they stand in the blocks, which all jobs of a test share
 */
export async function storeBranch(
  db: Database,
  { chainJobId, logIndex }: { chainJobId: string; logIndex: number },
  events: readonly StoredChainEvent[],
): Promise<void> {
  await db.deleteFrom("chain_events").where("chain_job_id", "=", chainJobId).execute();
  for (const [index, event] of events.entries()) {
    const hash = keccak256(toUtf8Bytes(`block ${index}`));
    await db
      .insertInto("blocks")
      .values({
        hash,
        number: BigInt(index),
        parent_hash: hash,
        timestamp_seconds: event.timestampSeconds,
      })
      .onConflict((conflict) => conflict.column("hash").doNothing())
      .execute();
    await db
      .insertInto("chain_events")
      .values({
        block_hash: hash,
        log_index: logIndex,
        block_number: BigInt(index),
        transaction_hash: event.transactionHash,
        address: "0x",
        name: event.name,
        chain_job_id: chainJobId,
        args: JSON.stringify(event.args),
      })
      .execute();
  }
}
