import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ChainUnavailable } from "../../src/chain/errors.ts";
import type { NewIntent, Outbox } from "../../src/chain/outbox.ts";
import { type TransactionSigner, createKeySigner } from "../../src/chain/signer.ts";
import { Secret } from "../../src/config.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";
import { type OutboxSetUp, clearOutbox, lapseLeases, limitIntent, limitsSetBy, makeOutbox } from "../support/outbox.ts";

const relayer = devAccounts.relayer;
const key = createKeySigner(new Secret(relayer.privateKey));
let world: TestChain;
let named = 0;

beforeAll(async () => {
  world = await startTestChain();
});
afterAll(() => world.stop());

/** A key elsewhere, of which each test says how it answers. */
class RemoteKey implements TransactionSigner {
  readonly address = key.address;
  /** The nonces that it was asked to sign. */
  readonly asked: bigint[] = [];
  answers: (nonce: bigint) => Promise<void> = () => Promise.resolve();

  async sign(transaction: Parameters<TransactionSigner["sign"]>[0]) {
    this.asked.push(transaction.nonce);
    await this.answers(transaction.nonce);
    return key.sign(transaction);
  }
}

describeOnDatabases("an outbox whose key is slow, or fails", (database) => {
  let outboxes: Outbox[] = [];
  const make = (signer: TransactionSigner, setUp: OutboxSetUp = {}): Outbox => {
    const outbox = makeOutbox(world, database(), { signer, ...setUp });
    outboxes.push(outbox);
    return outbox;
  };
  const enqueue = (outbox: Outbox, intents: readonly NewIntent[]) =>
    database()
      .db.transaction()
      .execute((trx) => outbox.enqueueAll(trx, intents));
  const limits = (count: number) => Array.from({ length: count }, () => limitIntent(world, `signing ${named++}`));
  const transactions = () =>
    database().db.selectFrom("transactions").select(["hash", "nonce"]).orderBy("nonce").execute();
  const landOnce = async (intents: readonly { operator: string }[]) => {
    const set = async () => {
      const all = await limitsSetBy(world, relayer.address);
      return intents.map(({ operator }) => all.filter((one) => one === operator).length);
    };
    await expect.poll(set, { timeout: 30_000 }).toEqual(intents.map(() => 1));
  };
  const nextNonce = () => world.node.transactionCount(relayer.address, "latest");

  afterEach(async () => {
    await Promise.all(outboxes.map((outbox) => outbox.stop().catch(() => undefined)));
    outboxes = [];
    await clearOutbox(database());
  });

  it.each([
    { what: "alone", count: 1 },
    { what: "together", count: 3 },
  ])("holds no row and no connection while intents $what are being signed, and keeps the lease", async ({ count }) => {
    const remote = new RemoteKey();
    const asked = Promise.withResolvers<undefined>();
    const answer = Promise.withResolvers<undefined>();
    remote.answers = () => {
      asked.resolve(undefined);
      return answer.promise.then(() => undefined);
    };
    const outbox = make(remote);
    await outbox.start();
    const wanted = limits(count);
    const ids = await enqueue(outbox, wanted);
    const hashes = Promise.all(ids.map((id) => outbox.broadcast(id)));
    await asked.promise;
    // The embedded database has one connection, so that this would wait for whoever holds it.
    await database()
      .db.transaction()
      .execute(async (trx) => {
        await sql`set local lock_timeout = '1s'`.execute(trx);
        for (const table of ["leases", "signer_nonces", "intents"])
          await sql`select 1 from ${sql.table(table)} for update`.execute(trx);
      });
    expect(await transactions()).toEqual([]);

    const soon = sql<Date>`clock_timestamp() + interval '3 seconds'`;
    await database().db.updateTable("leases").set({ expires_at: soon }).execute();
    const lasts = async () =>
      (
        await sql<{
          lasts: boolean;
        }>`select expires_at > clock_timestamp() + interval '3 seconds' as lasts from leases`.execute(database().db)
      ).rows[0]?.lasts;
    await expect.poll(lasts, { timeout: 20_000 }).toBe(true);
    answer.resolve(undefined);
    expect(new Set(await hashes)).toEqual(new Set((await transactions()).map(({ hash }) => hash)));
    await landOnce(wanted);
  });

  it("keeps what was signed when the key fails at one of several, and signs that one with its nonce later", async () => {
    const remote = new RemoteKey();
    const first = await nextNonce();
    let away = true;
    remote.answers = (nonce) =>
      away && nonce === first + 1n ? Promise.reject(new ChainUnavailable("the key is away")) : Promise.resolve();
    const outbox = make(remote, { batch: undefined });
    const wanted = limits(3);
    await enqueue(outbox, wanted);
    await outbox.start();
    const signed = async () => (await transactions()).map(({ nonce }) => nonce);
    await expect.poll(signed, { timeout: 20_000 }).toEqual([first, first + 2n]);
    const more = limits(2);
    await enqueue(outbox, more);
    await expect
      .poll(() => remote.asked.filter((nonce) => nonce === first + 1n).length, { timeout: 20_000 })
      .toBeGreaterThan(2);
    // Nothing gets a nonce behind one that can't be signed.
    expect(new Set(remote.asked)).toEqual(new Set([first, first + 1n, first + 2n]));
    away = false;
    await landOnce([...wanted, ...more]);
    expect(await signed()).toEqual([0n, 1n, 2n, 3n, 4n].map((each) => first + each));
    expect(await nextNonce()).toBe(first + 5n);
  });

  it.each([
    { what: "one alone", count: 1 },
    { what: "a batch", count: 3 },
  ])(
    "lets the next process sign $what with the same nonce when one dies over it; its late bytes are nobody's",
    async ({ count }) => {
      const first = await nextNonce();
      const slow = new RemoteKey();
      const asked = Promise.withResolvers<undefined>();
      const answer = Promise.withResolvers<undefined>();
      slow.answers = () => {
        asked.resolve(undefined);
        return answer.promise.then(() => undefined);
      };
      // Each signs other bytes, by which they can be told apart.
      const fees = {
        current: () => Promise.resolve({ maxFeePerGas: 50n * 10n ** 9n, maxPriorityFeePerGas: 2n * 10n ** 9n }),
        bump: () => Promise.resolve(undefined),
      };
      const asleep = make(slow, { fees });
      await asleep.start();
      const wanted = limits(count);
      const ids = await enqueue(asleep, wanted);
      await asked.promise;
      const quick = new RemoteKey();
      const heir = make(quick);
      await heir.start();
      // The sleeper renews it as long as it can.
      const begun = async () => lapseLeases(database()).then(() => quick.asked.length);
      await expect.poll(begun, { timeout: 20_000 }).toBe(1);
      const [hash] = await Promise.all(ids.map((id) => heir.broadcast(id)));
      answer.resolve(undefined);
      expect(await asleep.broadcast(ids[0] ?? "")).toBe(hash);
      await landOnce(wanted);
      expect(quick.asked).toEqual(slow.asked);
      expect(await transactions()).toEqual([{ hash, nonce: first }]);
      expect(await nextNonce()).toBe(first + 1n);
    },
  );
});
