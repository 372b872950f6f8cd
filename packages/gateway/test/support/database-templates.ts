import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";
import { PgBoss, fromPglite } from "pg-boss";
import type { TestProject } from "vitest/node";
import type { Database } from "../../src/context.ts";
import type { Schema } from "../../src/database/schema.ts";
import { migrate } from "../../src/database/migrate.ts";
import { type QueueConnection, openPostgres } from "../../src/database/open.ts";
import { createLogger } from "../../src/observability/log.ts";
import { type ServerDatabase, createServerDatabase, serverUrl } from "./server-database.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "hireforhumans-test-"));
  const [folder, dump] = [join(scratch, "database"), join(scratch, "database.tar")];
  await makeEmbedded(folder, dump);
  const server = serverUrl === undefined ? undefined : await makeOnServer();
  project.provide("databaseTemplates", { folder, dump, server: server?.name });
  return async () => {
    await server?.drop();
    await rm(scratch, { recursive: true });
  };
}

async function makeEmbedded(folder: string, dump: string): Promise<void> {
  const pglite = await PGlite.create(folder);
  const db = new Kysely<Schema>({ dialect: new PGliteDialect({ pglite }) });
  await makeSchemas(db, { db: fromPglite(pglite), backend: "pglite" });
  const dumped = await pglite.dumpDataDir("none");
  await writeFile(dump, Buffer.from(await dumped.arrayBuffer()));
  await db.destroy();
}

async function makeOnServer(): Promise<ServerDatabase> {
  const made = await createServerDatabase();
  const database = openPostgres(made.url, 2, createLogger("silent"));
  await makeSchemas(database.db, database.queue);
  await database.close();
  return made;
}

async function makeSchemas(db: Database, queue: QueueConnection): Promise<void> {
  await migrate(db);
  const boss = new PgBoss({ ...queue, registerInstance: false });
  await boss.start();
  await boss.stop();
}
