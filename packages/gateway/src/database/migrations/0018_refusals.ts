import { type Kysely, sql } from "kysely";

/** A refusal that could have no consequence when it was told is looked at again after a reorg, by its name too. */
const statements = [sql`alter table intents add column failure_name text`];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
