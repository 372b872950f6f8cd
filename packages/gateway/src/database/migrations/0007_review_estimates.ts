import { type Kysely, sql } from "kysely";

/** What all answered reviews of a domain together say of its reviewers, see review/estimate.ts. */
const statements = [
  sql`create table review_estimates (
    domain text primary key,
    -- Which gateway makes it is settled by who comes first after an hour.
    claimed_at timestamptz not null,
    estimated_at timestamptz,
    estimate jsonb
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
