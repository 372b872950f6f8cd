import { readFile, readdir } from "node:fs/promises";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SchemaTooNew, migrate, newerMigrations } from "../../src/database/migrate.ts";
import { type OpenDatabase, openPostgres } from "../../src/database/open.ts";
import { describeOnDatabases, engines } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { createServerDatabase } from "../support/server-database.ts";

describeOnDatabases("migrate", (database) => {
  it("does nothing a second time", async () => {
    expect(await migrate(database().db)).toEqual([]);
  });

  const record = (name: string) =>
    sql`insert into kysely_migration (name, timestamp) values (${name}, now())`.execute(database().db);
  const forget = (name: string) => sql`delete from kysely_migration where name = ${name}`.execute(database().db);

  it("goes on beside what a newer gateway has added", async () => {
    const { db } = database();
    await record("9998_later");
    expect(await migrate(db)).toEqual([]);
    expect(await newerMigrations(db)).toEqual(["9998_later"]);
    await forget("9998_later");
  });

  it("refuses a database in which a newer gateway changed what it uses, and names the migrations", async () => {
    const { db } = database();
    await record("9998_later");
    await record("9999_narrower_breaking");
    for (const refusing of [migrate(db), newerMigrations(db)]) await expect(refusing).rejects.toThrow(SchemaTooNew);
    await expect(migrate(db)).rejects.toThrow(
      /migrations 9998_later, 9999_narrower_breaking, which this gateway does not know.*9999_narrower_breaking changed/,
    );
    await forget("9998_later");
    await forget("9999_narrower_breaking");
  });

  it("does not migrate into the middle of another gateway's migrations", async () => {
    const { db } = database();
    await record("9998_later");
    await forget("0005_likeness");
    await expect(migrate(db)).rejects.toThrow(/0005_likeness, which it does know, the database has not had/);
    await forget("9998_later");
    await record("0005_likeness");
  });
});

describe("a migration that is not called breaking", () => {
  // What is not there before a migration, no older gateway uses; what is there, it may.
  const takesAway =
    /\b(drop\s+(table|column|view|type)|rename\s+(to|column)|set\s+not\s+null|drop\s+default|alter\s+column\s+\w+\s+type)\b/i;

  it("takes nothing away that an older gateway uses", async () => {
    const folder = new URL("../../src/database/migrations/", import.meta.url);
    const files = (await readdir(folder)).filter((name) => !name.endsWith("_breaking.ts"));
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      const text = await readFile(new URL(file, folder), "utf8");
      expect(takesAway.exec(text)?.[0], file).toBeUndefined();
      // An older gateway names no column that it does not know when it inserts.
      const columns = text.match(/\badd\s+column\s[^,`]*/gi) ?? [];
      expect(
        columns.filter((column) => /not\s+null/i.test(column) && !/default/i.test(column)),
        file,
      ).toEqual([]);
    }
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
    expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
    await Promise.all(processes.map(({ db }) => db.selectFrom("jobs").selectAll().execute()));
  });
});
