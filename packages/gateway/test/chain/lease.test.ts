import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FencedOut } from "../../src/chain/errors.ts";
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

  it("passes on, also from the middle of a transaction, which then comes to nothing", async () => {
    const [first, second] = [createLease(frozen.db, "signer"), createLease(other.db, "signer")];
    expect(await first.keep()).toEqual({ held: true, taken: true });
    const thaw = new AbortController();
    const interrupted = first.transaction(async (trx) => {
      await sleep(60_000, undefined, { signal: thaw.signal }).catch(() => undefined);
      await trx.insertInto("signer_nonces").values({ signer: "0x01", next_nonce: 1n }).execute();
    });
    const outcome = interrupted.then(
      () => "committed",
      () => "undone",
    );
    await expect.poll(async () => (await second.keep()).held, { interval: 100 }).toBe(true);
    thaw.abort();
    expect(await outcome).toBe("undone");
    expect(await other.db.selectFrom("signer_nonces").selectAll().execute()).toEqual([]);
  });

  it("holds its row once, however many of its transactions want it, so that it passes on no later", async () => {
    const [first, second] = [createLease(frozen.db, "signer"), createLease(other.db, "signer")];
    await first.keep();
    const thaw = new AbortController();
    const interrupted = [0, 1, 2].map(() =>
      first.transaction(() => sleep(60_000, undefined, { signal: thaw.signal }).catch(() => undefined)),
    );
    const outcomes = Promise.allSettled(interrupted);
    await sleep(500);
    // One is begun, and none waits for the row in the database, where it would hold it in its turn.
    expect(frozen.connections?.()).toMatchObject({ busy: 1, waiting: 0 });
    await expect.poll(async () => (await second.keep()).held, { interval: 100 }).toBe(true);
    thaw.abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  it("renews it by transactions and beside them, and learns of its loss by the next one", async () => {
    const [first, second] = [createLease(frozen.db, "signer"), createLease(other.db, "signer")];
    await first.keep();
    const expiry = () =>
      other.db.selectFrom("leases").select("expires_at").where("name", "=", "signer").executeTakeFirstOrThrow();
    const before = await expiry();
    await first.transaction(() => Promise.resolve());
    const renewed = await expiry();
    expect(renewed.expires_at.getTime()).toBeGreaterThan(before.expires_at.getTime());
    await first.during(() => sleep(3_500));
    expect((await expiry()).expires_at.getTime()).toBeGreaterThan(renewed.expires_at.getTime() + 1_000);
    await other.db
      .updateTable("leases")
      .set({ expires_at: new Date(0) })
      .execute();
    expect(await second.keep()).toEqual({ held: true, taken: true });
    await expect(first.transaction(() => Promise.resolve())).rejects.toThrow(FencedOut);
    expect(await first.keep()).toEqual({ held: false, taken: false });
  });
});
