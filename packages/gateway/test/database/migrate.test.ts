import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SchemaTooNew, migrate, migrations, newerMigrations } from "../../src/database/migrate.ts";
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
    await expect(migrate(db)).rejects.toThrow(SchemaTooNew);
    await expect(newerMigrations(db)).rejects.toThrow(SchemaTooNew);
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

  it("runs each migration once and lets all of them go on", async () => {
    const ran = await Promise.all(processes.map(({ db }) => migrate(db)));
    expect(ran.flat().sort()).toEqual(Object.keys(migrations));
    await Promise.all(processes.map(({ db }) => db.selectFrom("jobs").selectAll().execute()));
  });

  it("lets those at work get on and never ends what they have begun, however many tables it waits for", async () => {
    const [newer, agent, worker, watch] = processes.map(({ db }) => db);
    if (!newer || !agent || !worker || !watch) throw new Error("five processes have to be open");
    await migrate(newer);
    const nextRelease = {
      async up(db: Kysely<unknown>) {
        for (const table of ["jobs", "workers", "intents"])
          await sql`alter table ${sql.table(table)} add column later int4`.execute(db);
      },
    };
    const agentsOwn = await agent.startTransaction().execute();
    const workersOwn = await worker.startTransaction().execute();
    await sql`lock table intents in row exclusive mode`.execute(agentsOwn);
    await sql`lock table workers in row exclusive mode`.execute(workersOwn);
    const migrating = migrate(newer, { ...migrations, "9000_next_release": nextRelease });
    // It has the jobs, and waits for the worker's transaction.
    while ((await sql`select from pg_locks where not granted`.execute(watch)).rows.length === 0) await sleep(5);
    const reading = sql`select from jobs`.execute(agentsOwn);
    await sleep(700);
    await workersOwn.commit().execute();
    await reading;
    await agentsOwn.commit().execute();
    expect(await migrating).toEqual(["9000_next_release"]);
  });
});
