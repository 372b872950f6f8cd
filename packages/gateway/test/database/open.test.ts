import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderInUse } from "../../src/database/folder-lock.ts";
import { EmbeddedRefused, openDatabase } from "../../src/database/open.ts";
import { describeOnDatabases } from "../support/database.ts";
import { silentLog } from "../support/log.ts";

const columns = sql<Record<string, unknown>>`
  select 9007199254740993::int8 as amount, null::int8 as nothing, 500000000000000000::numeric(19) as wad,
    '2026-01-02T03:04:05.678Z'::timestamptz as at, '{"a": [1, "2"]}'::jsonb as json, array['x', 'y'] as tags, 7 as small`;

describeOnDatabases("a database", (database) => {
  it("gives int8 as bigint, numeric as text, timestamptz as Date and jsonb parsed", async () => {
    const { rows } = await columns.execute(database().db);
    expect(rows).toEqual([
      {
        amount: 9007199254740993n,
        nothing: null,
        wad: "500000000000000000",
        at: new Date("2026-01-02T03:04:05.678Z"),
        json: { a: [1, "2"] },
        tags: ["x", "y"],
        small: 7,
      },
    ]);
  });

  it("takes bigint, text[] and Date as parameters and gives them back", async () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    const { rows } = await sql`
      select ${2n ** 62n}::int8 as amount, ${["a", 'b"c']}::text[] as tags, ${at}::timestamptz as at`.execute(
      database().db,
    );
    expect(rows).toEqual([{ amount: 2n ** 62n, tags: ["a", 'b"c'], at }]);
  });

  it("says by SQLSTATE and constraint why a row was refused", async () => {
    const insert = () =>
      database().db.insertInto("clients").values({ id: "clt_1", address: "0x01", webhook_secret: "s" }).execute();
    await insert();
    await expect(insert()).rejects.toMatchObject({ code: "23505", constraint: "clients_pkey" });
  });

  it("undoes a transaction whose work throws, and is not disturbed by it", async () => {
    const { db } = database();
    const failing = db.transaction().execute(async (trx) => {
      await trx
        .insertInto("sign_ins")
        .values({ message_hash: "undone", address: "0x", expires_at: new Date() })
        .execute();
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    const rows = await db.selectFrom("sign_ins").select("message_hash").where("message_hash", "=", "undone").execute();
    expect(rows).toEqual([]);
  });

  it("refuses to call a transaction committed in which a statement had failed", async () => {
    const { db } = database();
    const poisoned = db.transaction().execute(async (trx) => {
      await trx
        .insertInto("sign_ins")
        .values({ message_hash: "poisoned", address: "0x", expires_at: new Date() })
        .execute();
      await sql`select 1 / 0`.execute(trx).catch(() => undefined);
    });
    await expect(poisoned).rejects.toThrow();
    expect(
      await db.selectFrom("sign_ins").select("message_hash").where("message_hash", "=", "poisoned").execute(),
    ).toEqual([]);
  });

  it("keeps what runs beside a transaction out of it", async () => {
    const { db } = database();
    const beside: Promise<unknown>[] = [];
    const failing = db.transaction().execute(async (trx) => {
      await sql`select 1`.execute(trx);
      beside.push(
        db.insertInto("sign_ins").values({ message_hash: "beside", address: "0x", expires_at: new Date() }).execute(),
      );
      await sql`select 2`.execute(trx);
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    await Promise.all(beside);
    expect(
      await db.selectFrom("sign_ins").select("message_hash").where("message_hash", "=", "beside").execute(),
    ).toHaveLength(1);
  });

  it("notifies at commit, and not of what was rolled back", async () => {
    const { db, listen } = database();
    const heard: string[] = [];
    const unlisten = await listen("job_events", (payload) => heard.push(payload));
    const notify = (payload: string, fail: boolean) =>
      db.transaction().execute(async (trx) => {
        await sql`select pg_notify('job_events', ${payload})`.execute(trx);
        expect(heard).not.toContain(payload);
        if (fail) throw new Error("stop");
      });
    await expect(notify("rolled back", true)).rejects.toThrow("stop");
    await notify("committed", false);
    await expect.poll(() => heard).toEqual(["committed"]);
    await unlisten();
  });
});

describe("openDatabase without DATABASE_URL", () => {
  let dataDir: string;
  let holder: ChildProcess | undefined;
  const config = (chainId = 31337) => ({ databaseUrl: undefined, databaseConnections: 2, dataDir, chainId });

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "hireforhumans-data-"));
  });
  afterEach(async () => {
    holder?.kill("SIGKILL");
    await rm(dataDir, { recursive: true });
  });

  it("refuses Polygon, whose money it could lose", async () => {
    await expect(openDatabase(config(137), silentLog)).rejects.toThrow(EmbeddedRefused);
  });

  // Making a database takes a busy machine many seconds.
  it(
    "keeps its data over a restart, and refuses a folder in use, until the user of it is gone however it went",
    { timeout: 90_000 },
    async () => {
      const holderPath = fileURLToPath(new URL("../support/hold-database.ts", import.meta.url));
      holder = fork(holderPath, [dataDir], { execArgv: [] });
      await once(holder, "message");
      await expect(openDatabase(config(), silentLog)).rejects.toThrow(FolderInUse);

      holder.kill("SIGKILL");
      await once(holder, "exit");
      const database = await openDatabase(config(), silentLog);
      const { rows } = await sql`select word from kept`.execute(database.db);
      expect(rows).toEqual([{ word: "kept" }]);
      await database.close();
      await (await openDatabase(config(), silentLog)).close();
    },
  );
});
