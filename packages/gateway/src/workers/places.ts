import { sql } from "kysely";
import type { Context, Trx } from "../context.ts";

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
 * Call it after the change of a job or an offer, in the same transaction. Counting, not adding up, makes it right after
 * any sequence of calls, also where a reorg tells the end of a job twice.
 */
export async function recountPlaces(trx: Trx, workerIds: readonly string[]): Promise<void> {
  if (workerIds.length === 0) return;
  // In a statement of its own: the one that counts must see what was committed before the lock was given.
  await lockWorkers(trx, workerIds);
  await sql`
    update workers w
    set load = counted.load,
        offered = counted.offered,
        idle_since = case when w.load > 0 and counted.load = 0 then now() else w.idle_since end
    from (
      select id,
        (select count(*) from jobs where worker_id = ids.id and status in ('accepted', 'submitted')) as load,
        (select count(*) from offers where worker_id = ids.id and status = 'pending') as offered
      from unnest(${workerIds}::text[]) ids (id)
    ) counted
    where w.id = counted.id
  `.execute(trx);
  await syncProfiles(trx, workerIds);
}

/**
 * Brings `tags` and `available` of these workers' profiles in line with what they are made of. Part of every
 * transaction that changes a profile, or presence, places, capacity or country of a worker.
 */
export async function syncProfiles(trx: Trx, workerIds: readonly string[]): Promise<void> {
  await sql`
    update profiles p
    set tags = made.tags, available = made.available
    from (
      select p.id,
        tags_of(p.skills, p.languages, p.certifications, p.pools, w.country) as tags,
        p.active and p.deleted_at is null and w.presence = 'online' and w.load + w.offered < w.capacity as available
      from profiles p
      join workers w on w.id = p.worker_id
      where w.id = any (${workerIds}::text[])
    ) made
    where p.id = made.id and (p.tags, p.available) is distinct from (made.tags, made.available)
  `.execute(trx);
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
