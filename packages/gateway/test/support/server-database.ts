import { randomBytes } from "node:crypto";
import pg from "pg";

/** A PostgreSQL server on which databases may be made; undefined: there is none. */
export const serverUrl = process.env["TEST_DATABASE_URL"];

export interface ServerDatabase {
  name: string;
  url: string;
  drop: () => Promise<void>;
}

/**
 * A database of its own on the server of TEST_DATABASE_URL.
 * @param template the name of one that it starts as a copy of; undefined: it is empty
 */
export async function createServerDatabase(template?: string): Promise<ServerDatabase> {
  if (serverUrl === undefined) throw new Error("TEST_DATABASE_URL is not set.");
  const server = serverUrl;
  const name = `hireforhumans_test_${randomBytes(8).toString("hex")}`;
  await onServer(server, `create database ${name}${template === undefined ? "" : ` template ${template}`}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => onServer(server, `drop database ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
