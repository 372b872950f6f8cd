import { sql } from "kysely";
import type { Context, Database, Trx } from "../context.ts";

/**
 * Locks workers until the transaction ends, in an order in which no two transactions can wait for each other. By the
 * lock order of the gateway a job is locked before its workers.
 */
export async function lockWorkers(trx: Trx, workerIds: readonly string[]): Promise<void> {
  await trx
    .selectFrom("workers")
    .select("id")
    .where("id", "in", [...workerIds])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

/**
 * Counts anew which places of these workers are taken: by jobs in hand (accepted or submitted) and by pending offers.
 * Call it after the change of a job or an offer, in the same transaction or after it. Counting, not adding up, makes it
 * right after any sequence of calls, also where a reorg tells the end of a job twice.
 */
export async function recountPlaces(db: Database | Trx, workerIds: readonly string[]): Promise<void> {
  if (workerIds.length > 0) await sql`select recount_places(${workerIds}::text[])`.execute(db);
}

/**
 * Brings `tags` and `available` of these workers' profiles in line with what they are made of, and tells every gateway's
 * index of candidates. Part of every transaction that changes a profile or reputation, or presence, places, capacity or
 * country of a worker.
 */
export async function syncProfiles(trx: Trx, workerIds: readonly string[]): Promise<void> {
  await sql`select sync_profiles(${workerIds}::text[])`.execute(trx);
}

const batchSize = 200;

/**
 * Counts anew the places of workers whose jobs moved without anybody's turn: a verdict that leaves a review window, a
 * block that was taken back.
 * @returns how many
 */
export async function sweepPlaces({ db, queue }: Pick<Context, "db" | "queue">): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    with in_hand as (
      select worker_id as id, count(*) as jobs from jobs
      where status in ('accepted', 'submitted') and worker_id is not null
      group by worker_id
    )
    select id from workers w where load > 0 and load <> coalesce((select jobs from in_hand where id = w.id), 0)
    union
    select id from in_hand join workers using (id) where load = 0
    limit ${sql.lit(batchSize)}
  `.execute(db);
  const ids = rows.map(({ id }) => id);
  await db.transaction().execute(async (trx) => {
    await recountPlaces(trx, ids);
    for (const id of ids) await queue.send(trx, "match", id);
  });
  return ids.length;
}
