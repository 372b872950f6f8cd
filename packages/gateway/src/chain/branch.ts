import type { Database, Trx } from "../context.ts";
import type { ChainEvent } from "./events.ts";
import type { Block } from "./node.ts";
import type { Head } from "./reader.ts";

/** The followed branch as the database has it: every block since the last final one, before that those with events. */

export interface StoredBlock extends Head {
  final: boolean;
}

/** Rows of one statement; PostgreSQL takes 65,535 parameters at most, an event has 8. */
const ROWS_PER_INSERT = 2_000;

export async function readHead(db: Database): Promise<Head | undefined> {
  const row = await db
    .selectFrom("blocks")
    .select(["number", "hash", "timestamp_seconds"])
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && { number: row.number, hash: row.hash, timestampSeconds: row.timestamp_seconds };
}

/** The blocks that a reorg could still take back, and the last final one, newest first. */
export async function readOpenBlocks(db: Database): Promise<StoredBlock[]> {
  const rows = await db
    .selectFrom("blocks")
    .select(["number", "hash", "timestamp_seconds", "final"])
    .where("number", ">=", (where) =>
      where
        .selectFrom("blocks")
        .select((select) => select.fn.coalesce(select.fn.max("number"), select.val(0n)).as("number"))
        .where("final", "=", true),
    )
    .orderBy("number", "desc")
    .execute();
  return rows.map((row) => ({
    number: row.number,
    hash: row.hash,
    timestampSeconds: row.timestamp_seconds,
    final: row.final,
  }));
}

export async function appendBlocks(trx: Trx, blocks: Block[], events: ChainEvent[]): Promise<void> {
  for (const chunk of chunksOf(blocks)) {
    await trx
      .insertInto("blocks")
      .values(
        chunk.map((block) => ({
          hash: block.hash,
          number: block.number,
          parent_hash: block.parentHash,
          timestamp_seconds: block.timestampSeconds,
        })),
      )
      .execute();
  }
  for (const chunk of chunksOf(events)) {
    await trx
      .insertInto("chain_events")
      .values(
        chunk.map((event) => ({
          block_hash: event.blockHash,
          log_index: event.logIndex,
          block_number: event.blockNumber,
          transaction_hash: event.transactionHash,
          address: event.address,
          name: event.name,
          chain_job_id: event.chainJobId,
          args: JSON.stringify(event.args),
        })),
      )
      .execute();
  }
}

/** Takes back the blocks above `ancestor` with their events. @returns the jobs that those were about, by id on chain */
export async function dropAbove(trx: Trx, ancestor: bigint): Promise<{ blocks: number; chainJobIds: string[] }> {
  const jobs = await trx
    .selectFrom("chain_events")
    .select("chain_job_id")
    .distinct()
    .where("block_number", ">", ancestor)
    .where("chain_job_id", "is not", null)
    .execute();
  const { numDeletedRows } = await trx.deleteFrom("blocks").where("number", ">", ancestor).executeTakeFirstOrThrow();
  return {
    blocks: Number(numDeletedRows),
    chainJobIds: jobs.flatMap(({ chain_job_id }) => (chain_job_id === null ? [] : [chain_job_id])),
  };
}

/** Marks blocks up to `number` final and forgets those of them that hold nothing, but for the newest. */
export async function finalizeUpTo(trx: Trx, number: bigint): Promise<void> {
  const newlyFinal = await trx
    .updateTable("blocks")
    .set({ final: true })
    .where("number", "<=", number)
    .where("final", "=", false)
    .returning("number")
    .execute();
  if (newlyFinal.length === 0) return;
  const newest = newlyFinal.reduce((most, row) => (row.number > most ? row.number : most), 0n);
  await trx
    .deleteFrom("blocks")
    .where("final", "=", true)
    .where("number", "<", newest)
    .where((where) =>
      where.not(
        where.exists(
          where.selectFrom("chain_events").select("log_index").whereRef("chain_events.block_hash", "=", "blocks.hash"),
        ),
      ),
    )
    .execute();
}

function chunksOf<T>(rows: T[]): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT)
    chunks.push(rows.slice(start, start + ROWS_PER_INSERT));
  return chunks;
}
