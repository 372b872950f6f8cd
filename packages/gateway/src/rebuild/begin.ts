import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { LEASE_SECONDS } from "../chain/lease.ts";
import type { Database } from "../context.ts";

/** A rebuild was asked for, and the database holds something. */
export class DatabaseNotEmpty extends Error {
  override readonly name = "DatabaseNotEmpty";

  constructor(holds: string) {
    super(
      `The database holds ${holds} already. A rebuild is for an empty one; to add to this one what it lacks, keeping ` +
        `every row that is there, say --into-existing.`,
    );
  }
}

/** Some gateway follows the chain into this database. */
export class GatewayRunning extends Error {
  override readonly name = "GatewayRunning";

  constructor() {
    super("A gateway works on this database. Stop all gateways before a rebuild.");
  }
}

/** A rebuild of this database was begun and has not come to its end. */
export class RebuildUnfinished extends Error {
  override readonly name = "RebuildUnfinished";

  constructor(begunAt: Date) {
    super(
      `The rebuild of this database that began at ${begunAt.toISOString()} has not finished. Run it again; it goes on ` +
        `where it was broken off.`,
    );
  }
}

/** @throws RebuildUnfinished: on half a database a gateway would take jobs for unknown that it has */
export async function requireNoRebuild(db: Database): Promise<void> {
  const row = await db.selectFrom("rebuilds").selectAll().executeTakeFirst();
  if (row?.finished_at === null) throw new RebuildUnfinished(row.begun_at);
}

/**
 * Marks the database as being rebuilt, unless it holds something.
 * @throws DatabaseNotEmpty, GatewayRunning
 */
export async function beginRebuild(db: Database, { intoExisting }: { intoExisting: boolean }): Promise<void> {
  await requireNoGateway(db);
  await db.transaction().execute(async (trx) => {
    const earlier = await trx.selectFrom("rebuilds").select("finished_at").executeTakeFirst();
    const goesOn = earlier?.finished_at === null;
    if (!goesOn && !intoExisting) {
      for (const table of ["jobs", "clients", "workers", "chain_events"] as const) {
        const row = await trx
          .selectFrom(table)
          .select(sql`1`.as("one"))
          .limit(1)
          .executeTakeFirst();
        if (row !== undefined) throw new DatabaseNotEmpty(table === "chain_events" ? "events of the chain" : table);
      }
    }
    await trx
      .insertInto("rebuilds")
      .values({ finished_at: null })
      .onConflict((conflict) => conflict.column("one").doUpdateSet({ begun_at: sql`now()`, finished_at: null }))
      .execute();
  });
}

export async function finishRebuild(db: Database): Promise<void> {
  await db
    .updateTable("rebuilds")
    .set({ finished_at: sql<Date>`now()` })
    .execute();
}

/** A process that died holds its leases for some seconds more. */
async function requireNoGateway(db: Database): Promise<void> {
  const endAt = performance.now() + (LEASE_SECONDS + 2) * 1_000;
  for (;;) {
    const { rows } = await sql`select 1 from leases where expires_at > clock_timestamp() limit 1`.execute(db);
    if (rows.length === 0) return;
    if (performance.now() > endAt) throw new GatewayRunning();
    await sleep(500);
  }
}
