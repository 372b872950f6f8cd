import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLease } from "../../src/chain/lease.ts";
import { type OpenDatabase, openPostgres } from "../../src/database/open.ts";
import { engines, openTestDatabase } from "../support/database.ts";
import { silentLog } from "../support/log.ts";

describe.runIf(engines.includes("postgres"))("the lease of a process that is frozen", () => {
  let frozen: OpenDatabase;
  let other: OpenDatabase;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const made = await openTestDatabase("postgres");
    if (!("connectionString" in made.queue)) throw new Error("it is not on the server");
    frozen = openPostgres(made.queue.connectionString, 2, silentLog);
    other = openPostgres(made.queue.connectionString, 2, silentLog);
    close = async () => {
      await Promise.all([frozen.close(), other.close()]);
      await made.close();
    };
  });
  afterEach(() => close());

  it("passes on within 10 seconds, also from the middle of a transaction, which then comes to nothing", async () => {
    const [first, second] = [createLease(frozen.db, "signer"), createLease(other.db, "signer")];
    expect(await first.keep()).toEqual({ held: true, taken: true });
    const thaw = new AbortController();
    const interrupted = frozen.db.transaction().execute(async (trx) => {
      await first.guard(trx);
      await sleep(60_000, undefined, { signal: thaw.signal }).catch(() => undefined);
      await trx.insertInto("signer_nonces").values({ signer: "0x01", next_nonce: 1n }).execute();
    });
    const outcome = interrupted.then(
      () => "committed",
      () => "undone",
    );
    await expect.poll(async () => (await second.keep()).held, { timeout: 10_000, interval: 100 }).toBe(true);
    thaw.abort();
    expect(await outcome).toBe("undone");
    expect(await other.db.selectFrom("signer_nonces").selectAll().execute()).toEqual([]);
  });
});
