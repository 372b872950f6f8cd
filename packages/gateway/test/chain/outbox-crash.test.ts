import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { NewIntent, Outbox } from "../../src/chain/outbox.ts";
import { createKeySigner } from "../../src/chain/signer.ts";
import { Secret } from "../../src/config.ts";
import type { Database } from "../../src/context.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, fundCall, startTestChain } from "../support/chain.ts";
import { CrashPlan, CrashingNode, crashingDatabase, crashingSigner } from "../support/crash.ts";
import { describeOnDatabases, engines } from "../support/database.ts";
import { clearOutbox, lapseLeases, limitIntent, limitsSetBy, makeOutbox } from "../support/outbox.ts";

const relayer = devAccounts.relayer;
const key = createKeySigner(new Secret(relayer.privateKey));
let world: TestChain;
let named = 0;

beforeAll(async () => {
  world = await startTestChain();
  await world.fundClient(1_000_000_000_000n);
});
afterAll(() => world.stop());

interface Scenario {
  intents: NewIntent[];
  operator: string;
  together: boolean;
}

/**
 * One intent that succeeds and one that the contract refuses.
 * @param together they may use the same gas and are stored together, so that one transaction carries both
 */
async function scenario(together: boolean): Promise<Scenario> {
  const name = `crash ${named++}`;
  const limit = limitIntent(world, `limit:${name}`);
  const unaffordable = await world.termsOf(name, { reward: 10n ** 15n });
  const fund: NewIntent = {
    key: `fund:${name}`,
    kind: "submit",
    to: world.deployment.escrow,
    ...fundCall(unaffordable),
    ...(together ? { gasLimit: limit.gasLimit } : {}),
  };
  return { intents: [limit, fund], operator: limit.operator, together };
}

/** A process dies at every step on one engine; where there are two, they take turns. */
const stride = engines.length;

describeOnDatabases("an outbox whose process dies", (database, engine) => {
  const effects = new Map<string, string[]>();

  /** Handlers as jobs have them: idempotent, in the transaction that they are given. */
  function handle(outbox: Outbox): void {
    const note = (id: string, what: string) =>
      Promise.resolve(void effects.set(id, [...(effects.get(id) ?? []), what]));
    for (const kind of ["fund", "submit"] as const) {
      outbox.handle(kind, {
        onMined: async (_trx, intents) => {
          for (const { id } of intents) await note(id, "mined");
        },
        onFailed: (_trx, { id }, reason) => note(id, reason.name),
      });
    }
  }

  const enqueueAll = async (outbox: Outbox, db: Database, intents: NewIntent[], together = false) => {
    if (together) return db.transaction().execute((trx) => outbox.enqueueAll(trx, intents));
    const ids: string[] = [];
    for (const intent of intents) ids.push(await db.transaction().execute((trx) => outbox.enqueue(trx, intent)));
    return ids;
  };
  const statuses = async () =>
    (
      await database().db.selectFrom("intents").select("status").where("kind", "<>", "batch").orderBy("kind").execute()
    ).map(({ status }) => status);
  const unsettled = async () =>
    database()
      .db.selectFrom("intents")
      .select("id")
      .where("status", "in", ["queued", "signed", "carried"])
      .where("settled_at", "is", null)
      .execute();

  /** One life of a process: it may end at any step. @returns whether it did */
  async function live(plan: CrashPlan, { intents, together }: Scenario): Promise<boolean> {
    const db = crashingDatabase(database().db, plan);
    const node = new CrashingNode(world.chain.url, world.chain.chainId, plan);
    // Few turns in which nothing happens: each is a dozen steps that teach nothing.
    const outbox = makeOutbox(world, { ...database(), db }, { node, signer: crashingSigner(key, plan), pollMs: 250 });
    handle(outbox);
    await outbox.start();
    try {
      const ids = await enqueueAll(outbox, db, intents, together);
      for (const id of ids) await outbox.broadcast(id);
      while (!plan.crashed && (await unsettled()).length > 0) await pause(10);
      if (!plan.crashed) await world.chain.mine(2);
      while (!plan.crashed && (await statuses()).join() !== "final,failed") await pause(10);
    } catch (error) {
      if (!plan.crashed) throw error;
    }
    await outbox.stop().catch(() => undefined);
    node.destroy();
    return plan.crashed;
  }

  async function recover({ intents, together }: Scenario): Promise<void> {
    await lapseLeases(database());
    const outbox = makeOutbox(world, database());
    handle(outbox);
    await outbox.start();
    // The caller asks again, as it does when it got no answer.
    const ids = await enqueueAll(outbox, database().db, intents, together);
    for (const id of ids) await outbox.broadcast(id);
    await expect.poll(unsettled, { timeout: 15_000 }).toEqual([]);
    await world.chain.mine(2);
    await expect.poll(statuses, { timeout: 15_000 }).toEqual(["final", "failed"]);
    await outbox.stop();
  }

  afterEach(() => clearOutbox(database()));

  it.each([
    { together: false, transactions: 2n, what: "each intent" },
    { together: true, transactions: 1n, what: "each intent of a batch" },
  ])(
    "has $what done exactly once, whichever step it dies at",
    { timeout: 600_000 },
    async ({ together, transactions }) => {
      let crashes = 0;
      for (let at = 1 + engines.indexOf(engine), crashed = true; crashed; at += stride) {
        await clearOutbox(database());
        effects.clear();
        const nonce = await world.node.transactionCount(relayer.address, "latest");
        const wanted = await scenario(together);
        crashed = await live(new CrashPlan(at), wanted);
        crashes += crashed ? 1 : 0;
        await recover(wanted);

        const step = `died at step ${at}`;
        expect(await world.node.transactionCount(relayer.address, "latest"), step).toBe(nonce + transactions);
        const limits = await limitsSetBy(world, relayer.address);
        expect(
          limits.filter((operator) => operator === wanted.operator),
          step,
        ).toHaveLength(1);
        const told = [...effects.values()].map((whats) => whats.at(-1)).sort();
        expect(told, step).toEqual(["SpendingLimitExceeded", "mined"]);
      }
      expect(crashes).toBeGreaterThan((together ? 48 : 62) / stride);
    },
  );

  it("is followed by another process once its lease is over", async () => {
    const plan = new CrashPlan(Infinity);
    const db = crashingDatabase(database().db, plan);
    const dying = makeOutbox(world, { ...database(), db });
    await dying.start();
    const [first] = await enqueueAll(dying, database().db, [limitIntent(world, "before death")]);
    await dying.broadcast(first ?? "");
    plan.crashNow();
    const heir = makeOutbox(world, database());
    await heir.start();
    const intent = limitIntent(world, "after death");
    await enqueueAll(heir, database().db, [intent]);
    await expect.poll(() => limitsSetBy(world, relayer.address)).toContain(intent.operator);
    await heir.stop();
    await dying.stop().catch(() => undefined);
  });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
