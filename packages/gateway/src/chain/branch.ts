import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import type { ChainEvent } from "./events.ts";
import type { Block } from "./node.ts";
import type { Head } from "./reader.ts";

/** The followed branch as the database has it: every block since the last final one, before that those with events. */

export interface StoredBlock extends Head {
  final: boolean;
}

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
  const blockRows = blocks.map(({ hash, number, parentHash, timestampSeconds }) => {
    return { hash, number: number.toString(), parent: parentHash, seconds: timestampSeconds.toString() };
  });
  await sql`
    insert into blocks (hash, number, parent_hash, timestamp_seconds)
    select hash, number, parent, seconds
    from jsonb_to_recordset(${JSON.stringify(blockRows)}::jsonb)
      as block (hash text, number int8, parent text, seconds int8)`.execute(trx);
  if (events.length === 0) return;
  const eventRows = events.map((event) => ({
    block: event.blockHash,
    index: event.logIndex,
    number: event.blockNumber.toString(),
    transaction: event.transactionHash,
    address: event.address,
    name: event.name,
    job: event.chainJobId,
    args: event.args,
  }));
  await sql`
    insert into chain_events (block_hash, log_index, block_number, transaction_hash, address, name, chain_job_id, args)
    select block, index, number, transaction, address, name, job, args
    from jsonb_to_recordset(${JSON.stringify(eventRows)}::jsonb) as event (
      block text, index int4, number int8, transaction text, address text, name text, job text, args jsonb
    )`.execute(trx);
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
