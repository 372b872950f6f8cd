import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SchemaTooNew, migrate } from "../../src/database/migrate.ts";
import { type OpenDatabase, openPostgres } from "../../src/database/open.ts";
import { describeOnDatabases, engines } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { createServerDatabase } from "../support/server-database.ts";

describeOnDatabases("migrate", (database) => {
  it("does nothing a second time", async () => {
    expect(await migrate(database().db)).toEqual([]);
  });

  it("refuses a database of a newer gateway and names the migrations", async () => {
    const { db } = database();
    const record = sql`insert into kysely_migration (name, timestamp) values ('9999_later', now())`;
    await record.execute(db);
    await expect(migrate(db)).rejects.toThrow(SchemaTooNew);
    await expect(migrate(db)).rejects.toThrow(/9999_later/);
    await sql`delete from kysely_migration where name = '9999_later'`.execute(db);
  });
});

describe.runIf(engines.includes("postgres"))("migrate by several at once", () => {
  let drop: () => Promise<void>;
  let processes: OpenDatabase[];

  beforeEach(async () => {
    const server = await createServerDatabase();
    drop = server.drop;
    processes = Array.from({ length: 5 }, () => openPostgres(server.url, 2, silentLog));
  });
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.close()));
    await drop();
  });

  it("migrates once and lets all of them go on", async () => {
    const ran = await Promise.all(processes.map(({ db }) => migrate(db)));
    expect(ran.flat()).toEqual(["0001_initial", "0002_arbitration", "0003_review", "0004_screening", "0005_likeness"]);
    await Promise.all(processes.map(({ db }) => db.selectFrom("jobs").selectAll().execute()));
  });
});
