import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./world.ts";

const migration = `import { type Kysely, sql } from "kysely";

/** What a next release may do to tables that are in use. */
const statements = [
  sql\`alter table jobs add column region text not null default 'any'\`,
  sql\`alter table intents add column priority int4 not null default 0\`,
  sql\`alter table workers add column pronouns text\`,
  sql\`create index jobs_by_region on jobs (region)\`,
  sql\`create table regions (id text primary key, name text not null)\`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db);
}
`;

/** The code of a next release: this one with one more migration, which adds to the busiest tables. @returns its folder */
export async function makeNewerCode(folder: string): Promise<string> {
  const code = join(folder, "newer");
  await cp(join(root, "packages"), join(code, "packages"), { recursive: true, verbatimSymlinks: true });
  await cp(join(root, "package.json"), join(code, "package.json"));
  await symlink(join(root, "node_modules"), join(code, "node_modules"));
  const database = join(code, "packages/gateway/src/database");
  await writeFile(join(database, "migrations/9000_next_release.ts"), migration);
  const list = join(database, "migrate.ts");
  const text = await readFile(list, "utf8");
  const opening = "export const migrations: Record<string, Migration> = {";
  const [before, after] = text.split(opening);
  const end = after?.indexOf("\n};") ?? -1;
  if (before === undefined || after === undefined || end === -1) throw new Error(`${list} has no list of migrations`);
  await writeFile(
    list,
    `import * as nextRelease from "./migrations/9000_next_release.ts";\n${before}${opening}` +
      `${after.slice(0, end)}\n  "9000_next_release": nextRelease,${after.slice(end)}`,
  );
  return code;
}
