import { type Kysely, sql } from "kysely";

/** Whether the rows were made anew from chain and content store, and whether that has come to its end. */
const statements = [
  sql`create table rebuilds (
    one boolean primary key default true check (one),
    begun_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
