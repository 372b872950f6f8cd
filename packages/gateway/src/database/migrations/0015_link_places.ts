import { type Kysely, sql } from "kysely";

/** Pages that a worker may have kept are counted before they are fetched. */
const statements = [
  sql`create table link_places (
    job_id text not null references jobs,
    worker_id text not null references workers,
    taken int4 not null,
    primary key (job_id, worker_id)
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
