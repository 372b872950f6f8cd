import { sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "../context.ts";
import * as initial from "./migrations/0001_initial.ts";
import * as arbitration from "./migrations/0002_arbitration.ts";
import * as review from "./migrations/0003_review.ts";
import * as screening from "./migrations/0004_screening.ts";
import * as likeness from "./migrations/0005_likeness.ts";

/** In order; a name that was released is never changed, nor what it does. */
const migrations: Record<string, Migration> = {
  "0001_initial": initial,
  "0002_arbitration": arbitration,
  "0003_review": review,
  "0004_screening": screening,
  "0005_likeness": likeness,
};

/** The database was written by a newer gateway. */
export class SchemaTooNew extends Error {
  override readonly name = "SchemaTooNew";

  constructor(actual: string[]) {
    const known = Object.keys(migrations).at(-1) ?? "none";
    super(
      `The database has had the migrations ${actual.join(", ")}, which this gateway does not know; its last is ${known}. ` +
        `Run the gateway that made them, or a newer one.`,
    );
  }
}

/**
 * Brings the database to this code's schema. Each migration is a transaction with its own record; where several
 * processes start at once, one migrates and the others wait.
 * @returns the names of the migrations that ran now
 * @throws SchemaTooNew, or what a migration threw
 */
export async function migrate(db: Database): Promise<string[]> {
  await refuseNewer(db);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await refuseNewer(db);
    throw error instanceof Error ? error : new Error("A migration failed.", { cause: error });
  }
  return results.map(({ migrationName }) => migrationName);
}

/** @throws SchemaTooNew */
export async function refuseNewer(db: Database): Promise<void> {
  const { rows: tables } = await sql<{ present: boolean }>`
    select to_regclass('kysely_migration') is not null as present`.execute(db);
  if (tables[0]?.present !== true) return;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = rows.map(({ name }) => name).filter((name) => !(name in migrations));
  if (unknown.length > 0) throw new SchemaTooNew(unknown);
}
