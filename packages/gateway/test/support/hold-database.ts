/** A process that opens the embedded database in the folder of its first argument, writes, and stays. */
import { sql } from "kysely";
import { openDatabase } from "../../src/database/open.ts";
import { silentLog } from "./log.ts";

const dataDir = process.argv[2] ?? "";
const { db } = await openDatabase(
  { databaseUrl: undefined, databaseConnections: 2, dataDir, chainId: 31337 },
  silentLog,
);
await sql`create table kept (word text)`.execute(db);
await sql`insert into kept values ('kept')`.execute(db);
process.send?.("open");
