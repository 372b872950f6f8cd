import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { type Migration, type MigrationResultSet, Migrator } from "kysely/migration";
import type { Database } from "../context.ts";
import * as initial from "./migrations/0001_initial.ts";
import * as arbitration from "./migrations/0002_arbitration.ts";
import * as review from "./migrations/0003_review.ts";
import * as screening from "./migrations/0004_screening.ts";
import * as likeness from "./migrations/0005_likeness.ts";
import * as links from "./migrations/0006_links.ts";
import * as likenessBands from "./migrations/0007_likeness_bands.ts";
import * as reviewEstimates from "./migrations/0007_review_estimates.ts";
import * as batches from "./migrations/0008_batches.ts";
import * as matching from "./migrations/0009_matching.ts";
import * as security from "./migrations/0012_security.ts";
import * as rebuild from "./migrations/0013_rebuild.ts";
import * as matchingGroups from "./migrations/0014_matching_groups.ts";
import * as linkPlaces from "./migrations/0015_link_places.ts";
import * as oneStep from "./migrations/0016_one_step.ts";
import * as twoStatements from "./migrations/0017_two_statements.ts";
import * as refusals from "./migrations/0018_refusals.ts";

/**
 * In order; a name that was released is never changed, nor what it does. A migration adds: columns with a default, tables,
 * indexes, so that gateways which don't know it go on working beside those that do. One that can't be lived with (it
 * drops, renames or redefines what older gateways use) ends its name in `_breaking`, and they refuse the database.
 */
export const migrations: Record<string, Migration> = {
  "0001_initial": initial,
  "0002_arbitration": arbitration,
  "0003_review": review,
  "0004_screening": screening,
  "0005_likeness": likeness,
  "0006_links": links,
  "0007_likeness_bands": likenessBands,
  "0007_review_estimates": reviewEstimates,
  "0008_batches": batches,
  "0009_matching": matching,
  "0012_security": security,
  "0013_rebuild": rebuild,
  "0014_matching_groups": matchingGroups,
  "0015_link_places": linkPlaces,
  "0016_one_step": oneStep,
  "0017_two_statements": twoStatements,
  "0018_refusals": refusals,
};

/**
 * Whoever comes after a migration that waits for a lock waits too, behind it; and so do those who want what it already
 * has. Some such waits in one migration are still less than the second after which PostgreSQL looks for deadlocks, and
 * would end the transaction of a gateway at work instead of the migration.
 */
const LOCK_TIMEOUT = "200ms";
/** Gateways at work get on with what has waited before the next try. */
const PAUSE_MS = 1_000;
const TRY_FOR_MS = 300_000;
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: deadlock_detected, lock_not_available. */
const inTheWay = ["40P01", "55P03"];

const isBreaking = (name: string): boolean => name.endsWith("_breaking");

/** The database was written by a newer gateway, and this one can't work with what that made of it. */
export class SchemaTooNew extends Error {
  override readonly name = "SchemaTooNew";

  constructor({ unknown, missing }: Standing) {
    const last = Object.keys(migrations).at(-1) ?? "none";
    const breaking = unknown.filter(isBreaking);
    const reason =
      breaking.length > 0
        ? `${breaking.join(", ")} changed what it uses`
        : `${missing.join(", ")}, which it does know, the database has not had`;
    super(
      `The database has had the migrations ${unknown.join(", ")}, which this gateway does not know; its last is ${last}. ` +
        `It can't go on beside them: ${reason}. Run the gateway that made them, or a newer one.`,
    );
  }
}

interface Standing {
  /** Migrations of the database that this code does not know. */
  unknown: string[];
  /** Those of this code that the database has not had. */
  missing: string[];
}

/**
 * Brings the database to this code's schema. Each migration is a transaction with its own record; where several
 * processes start at once, each is run by one of them; what is in its way is waited for by trying again, for five
 * minutes. A database that newer gateways have added to is left as it is.
 * @returns the names of the migrations that this call ran
 * @throws SchemaTooNew, or what a migration threw
 */
export async function migrate(db: Database, list = migrations): Promise<string[]> {
  const ran: string[] = [];
  const endsAt = performance.now() + TRY_FOR_MS;
  for (;;) {
    const { error, results = [] } = await tryNext(db, list);
    if (error === undefined) {
      if (results.length === 0) return ran;
      ran.push(...results.map(({ migrationName }) => migrationName));
    } else if (isInTheWay(error) && performance.now() < endsAt) {
      await sleep(PAUSE_MS);
    } else {
      // A newer gateway may have migrated between the look and this one's turn.
      if ((await newerMigrations(db, list)).length > 0) return ran;
      throw error instanceof Error ? error : new Error("A migration failed.", { cause: error });
    }
  }
}

const isInTheWay = (error: unknown): boolean =>
  error instanceof Error && "code" in error && inTheWay.includes(String(error.code));

/** Runs the next migration that is missing. Gateways that are at work use the tables that it changes. */
async function tryNext(db: Database, list: typeof migrations): Promise<MigrationResultSet> {
  return db.connection().execute(async (connection) => {
    if ((await newerMigrations(connection, list)).length > 0) return { results: [] };
    await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, false)`.execute(connection);
    // An index of a large table takes its time, and so does waiting for another process that makes it.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      const provider = { getMigrations: () => Promise.resolve(list) };
      return await new Migrator({ db: connection, provider }).migrateUp();
    } finally {
      await sql`reset lock_timeout`.execute(connection);
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

/**
 * The migrations that newer gateways made, beside which this one can go on.
 * @throws SchemaTooNew where it can't
 */
export async function newerMigrations(db: Database, list = migrations): Promise<string[]> {
  const standing = await readStanding(db, list);
  const { unknown, missing } = standing;
  if (unknown.some(isBreaking) || (unknown.length > 0 && missing.length > 0)) throw new SchemaTooNew(standing);
  return unknown;
}

async function readStanding(db: Database, list: typeof migrations): Promise<Standing> {
  const known = Object.keys(list);
  const { rows: tables } = await sql<{ present: boolean }>`
    select to_regclass('kysely_migration') is not null as present`.execute(db);
  if (tables[0]?.present !== true) return { unknown: [], missing: known };
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const had = new Set(rows.map(({ name }) => name));
  return {
    unknown: [...had].filter((name) => !(name in list)),
    missing: known.filter((name) => !had.has(name)),
  };
}
