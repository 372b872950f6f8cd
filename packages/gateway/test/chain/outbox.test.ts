import { Wallet, parseEther } from "ethers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ChainNode } from "../../src/chain/node.ts";
import type { FailureReason, NewIntent, Outbox } from "../../src/chain/outbox.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, fundCall, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";
import { recordingLog } from "../support/log.ts";
import { type LossyRpc, startLossyRpc } from "../support/lossy-rpc.ts";
import { type OutboxSetUp, clearOutbox, lapseLeases, limitIntent, limitsSetBy, makeOutbox } from "../support/outbox.ts";
import { seeded } from "../support/random.ts";

const relayer = devAccounts.relayer;
let world: TestChain;
let lossy: LossyRpc;
let named = 0;

beforeAll(async () => {
  world = await startTestChain();
  lossy = await startLossyRpc(world.chain.url, seeded(11));
  await world.fundClient(1_000_000_000_000n);
});
afterAll(async () => {
  await lossy.stop();
  await world.stop();
});

describeOnDatabases("the outbox", (database) => {
  let outboxes: Outbox[] = [];
  let nodes: ChainNode[] = [];

  /** Each intent travels alone; what batches add stands in outbox-batch.test.ts. */
  function make(setUp: OutboxSetUp = {}): Outbox {
    const outbox = makeOutbox(world, database(), { batch: undefined, ...setUp });
    outboxes.push(outbox);
    return outbox;
  }
  function nodeAt(url: string): ChainNode {
    const node = new ChainNode(url, world.chain.chainId);
    nodes.push(node);
    return node;
  }
  const enqueue = (outbox: Outbox, intent: NewIntent) =>
    database()
      .db.transaction()
      .execute((trx) => outbox.enqueue(trx, intent));
  const statusOf = async (id: string) => {
    const query = database().db.selectFrom("intents").select("status").where("id", "=", id);
    return (await query.executeTakeFirstOrThrow()).status;
  };
  const transactionsOf = (id: string) =>
    database().db.selectFrom("transactions").selectAll().where("intent_id", "=", id).orderBy("created_at").execute();
  const limit = () => limitIntent(world, `limit ${named++}`);
  const becomes = (id: string, status: string) => expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe(status);
  /** A block holds it; whether that is final already is a matter of luck. */
  const landed = (id: string) => expect.poll(() => statusOf(id), { timeout: 20_000 }).toMatch(/^(mined|final)$/);

  afterEach(async () => {
    lossy.loss = 0;
    lossy.down = false;
    await Promise.all(outboxes.map((outbox) => outbox.stop()));
    for (const node of nodes) node.destroy();
    outboxes = [];
    nodes = [];
    await clearOutbox(database());
  });

  it("sends an intent once, however often it is asked for, and records what became of it in one transaction", async () => {
    const outbox = make();
    const handled: string[] = [];
    outbox.handle("fund", {
      async onMined(trx, [intent], receipt) {
        const id = intent?.id ?? "";
        const row = await trx.selectFrom("intents").select("mined_hash").where("id", "=", id).executeTakeFirstOrThrow();
        expect(row.mined_hash).toBe(receipt.transactionHash);
        handled.push(id);
      },
    });
    await outbox.start();
    const intent = limit();
    const id = await enqueue(outbox, intent);
    expect(await enqueue(outbox, intent)).toBe(id);
    const [hash, again] = await Promise.all([outbox.broadcast(id), outbox.broadcast(id)]);
    expect(again).toBe(hash);
    await landed(id);
    expect(handled).toEqual([id]);
    expect(await outbox.broadcast(id)).toBe(hash);
    expect(await world.node.receipt(hash)).toMatchObject({ succeeded: true });
    const all = await limitsSetBy(world, relayer.address);
    expect(all.filter((operator) => operator === intent.operator)).toHaveLength(1);

    await world.chain.mine(2);
    await becomes(id, "final");
  });

  it("sends nothing for a transaction that was rolled back", async () => {
    const outbox = make();
    await outbox.start();
    const intent = limit();
    const failing = database()
      .db.transaction()
      .execute(async (trx) => {
        await outbox.enqueue(trx, intent);
        throw new Error("stop");
      });
    await expect(failing).rejects.toThrow("stop");
    const later = await enqueue(outbox, limit());
    await landed(later);
    expect(await limitsSetBy(world, relayer.address)).not.toContain(intent.operator);
  });

  it("refuses a gas limit that no block takes, before it holds up all that comes after", async () => {
    const outbox = make();
    await expect(enqueue(outbox, { ...limit(), gasLimit: 2n ** 24n + 1n })).rejects.toThrow(/gas limit of 16777217/);
  });

  it("tells by the contract's own error why a transaction was reverted", async () => {
    const outbox = make();
    const failed: FailureReason[] = [];
    outbox.handle("fund", { onFailed: (_trx, _intent, reason) => Promise.resolve(void failed.push(reason)) });
    await outbox.start();
    const terms = await world.termsOf(`outbox ${named++}`);
    const intent = { kind: "fund", to: world.deployment.escrow, ...fundCall(terms) } as const;
    await landed(await enqueue(outbox, { ...intent, key: "fund:first" }));
    const id = await enqueue(outbox, { ...intent, key: "fund:second" });
    const hash = await outbox.broadcast(id);
    await expect
      .poll(() => failed)
      .toMatchObject([{ name: "AlreadyFunded", code: "wrong_status", transactionHash: hash }]);
    await world.chain.mine(2);
    await becomes(id, "failed");
  });

  it(
    "lands all of 150 intents, none twice, over a network that loses 15 % of the calls",
    { timeout: 120_000 },
    async () => {
      const outbox = make({ node: nodeAt(lossy.url) });
      await outbox.start();
      lossy.loss = 0.15;
      const intents = Array.from({ length: 150 }, limit);
      const ids: string[] = [];
      for (const intent of intents) ids.push(await enqueue(outbox, intent));
      await expect
        .poll(
          () => database().db.selectFrom("intents").select("id").where("status", "in", ["queued", "signed"]).execute(),
          {
            timeout: 100_000,
            interval: 250,
          },
        )
        .toEqual([]);
      expect(lossy.lost.requests).toBeGreaterThan(0);
      expect(lossy.lost.answers).toBeGreaterThan(0);
      const wanted = intents.map(({ operator }) => operator).sort();
      const landed = (await limitsSetBy(world, relayer.address)).filter((operator) => wanted.includes(operator)).sort();
      expect(landed).toEqual(wanted);
      for (const id of ids) expect(await transactionsOf(id)).toHaveLength(1);
    },
  );

  it("counts nothing as done of which it could not tell what became", async () => {
    const { log } = recordingLog();
    const outbox = make({ log });
    const failed: FailureReason[] = [];
    let broken = true;
    outbox.handle("fund", {
      onFailed: (_trx, _intent, reason) =>
        broken ? Promise.reject(new Error("the database is away")) : Promise.resolve(void failed.push(reason)),
    });
    await outbox.start();
    const terms = await world.termsOf(`outbox ${named++}`);
    const intent = { kind: "fund", to: world.deployment.escrow, ...fundCall(terms) } as const;
    await landed(await enqueue(outbox, { ...intent, key: `fund:untold ${named++}` }));
    const id = await enqueue(outbox, { ...intent, key: `fund:untold ${named++}` });
    const hash = await outbox.broadcast(id);
    await expect.poll(() => world.node.receipt(hash)).toBeDefined();
    await world.chain.mine(5);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await statusOf(id)).toBe("signed");
    broken = false;
    await becomes(id, "failed");
    expect(failed).toMatchObject([{ name: "AlreadyFunded" }]);
  });

  it("gives the hash of stored bytes while the node is out of reach, and sends them when it is back", async () => {
    const outbox = make({ node: nodeAt(lossy.url) });
    await outbox.start();
    await landed(await enqueue(outbox, limit()));
    lossy.down = true;
    const intent = limit();
    const id = await enqueue(outbox, intent);
    const hash = await outbox.broadcast(id);
    expect(await transactionsOf(id)).toMatchObject([{ hash, broadcast_at: null }]);
    lossy.down = false;
    await landed(id);
    expect(await limitsSetBy(world, relayer.address)).toContain(intent.operator);
  });

  it("broadcasts again what a reorg took back, and tells of it again", async () => {
    const outbox = make({ confirmations: 3 });
    const mined: string[] = [];
    outbox.handle("fund", {
      onMined: (_trx, intents, { blockHash }) =>
        Promise.resolve(void mined.push(...intents.map(({ id }) => id + blockHash))),
    });
    await outbox.start();
    const snapshot = await world.chain.rpc("evm_snapshot");
    const intent = limit();
    const id = await enqueue(outbox, intent);
    await landed(id);
    await world.chain.rpc("evm_revert", [snapshot]);
    await world.chain.increaseTime(5);
    await expect.poll(() => new Set(mined).size, { timeout: 10_000 }).toBe(2);
    await world.chain.mine(5);
    await becomes(id, "final");
    const all = await limitsSetBy(world, relayer.address);
    expect(all.filter((operator) => operator === intent.operator)).toHaveLength(1);
  });

  it("raises the fees of the lowest stuck transaction only, by an eighth and never above the cap", async () => {
    const metrics = createMetrics();
    await world.chain.rpc("evm_setAutomine", [false]);
    try {
      const outbox = make({ bumpAfterMs: 200, maxFeeGwei: 10, metrics });
      await outbox.start();
      const ids = [await enqueue(outbox, limit()), await enqueue(outbox, limit())];
      await Promise.all(ids.map((id) => outbox.broadcast(id)));
      await expect.poll(async () => (await transactionsOf(ids[0]!)).length, { timeout: 10_000 }).toBeGreaterThan(3);
      const offered = (await transactionsOf(ids[0]!)).map((row) => row.max_fee_per_gas);
      for (const [index, fee] of offered.slice(1).entries())
        expect(fee * 8n).toBeGreaterThanOrEqual(offered[index]! * 9n);
      expect(await transactionsOf(ids[1]!)).toHaveLength(1);
      await expect
        .poll(async () => (await metrics.outboxFeeCapped.get()).values[0]?.value, { timeout: 20_000 })
        .toBe(1);
      const last = (await transactionsOf(ids[0]!)).at(-1)!;
      expect(last.max_fee_per_gas).toBeLessThanOrEqual(10_000_000_000n);
      await world.chain.mine();
      for (const id of ids) await landed(id);
      expect(await world.node.receipt(last.hash)).toMatchObject({ succeeded: true });
    } finally {
      await world.chain.rpc("evm_setAutomine", [true]);
    }
  });

  it("fills nonces that a transaction of somebody else has left, so that later ones can be mined", async () => {
    await world.chain.rpc("evm_setAutomine", [false]);
    try {
      const stranger = new Wallet(relayer.privateKey, world.node);
      const foreign = await stranger.sendTransaction({
        to: relayer.address,
        maxFeePerGas: 10n ** 10n,
        gasLimit: 21_000n,
      });
      const outbox = make();
      await outbox.start();
      const id = await enqueue(outbox, limit());
      await outbox.broadcast(id);
      await world.chain.rpc("hardhat_dropTransaction", [foreign.hash]);
      const fills = database().db.selectFrom("intents").select("nonce").where("kind", "=", "fill");
      await expect.poll(() => fills.execute(), { timeout: 15_000 }).toEqual([{ nonce: BigInt(foreign.nonce) }]);
      // The fill is a row now, and in the pool soon.
      const mined = async () => world.chain.mine().then(() => statusOf(id));
      await expect.poll(mined, { timeout: 20_000 }).toMatch(/^(mined|final)$/);
    } finally {
      await world.chain.rpc("evm_setAutomine", [true]);
    }
  });

  it("replaces a transaction of somebody else that offers too little to be mined, once all have waited for it long enough", async () => {
    await world.chain.rpc("evm_setAutomine", [false]);
    const fiveGwei = "0x12a05f200";
    const mine = async () => {
      await world.chain.rpc("hardhat_setNextBlockBaseFeePerGas", [fiveGwei]);
      await world.chain.mine();
    };
    try {
      const stranger = new Wallet(relayer.privateKey, world.node);
      const foreign = await stranger.sendTransaction({
        to: relayer.address,
        maxFeePerGas: 2n * 10n ** 9n,
        maxPriorityFeePerGas: 10n ** 9n,
        gasLimit: 21_000n,
      });
      await mine();
      const node = nodeAt(world.chain.url);
      const counted = node.transactionCount.bind(node);
      // As geth and Bor count: by what is in the pool, whether a block would take it or not.
      node.transactionCount = async (address, tag) => {
        const count = await counted(address, tag);
        return tag === "pending" && count === BigInt(foreign.nonce) ? count + 1n : count;
      };
      const outbox = make({ bumpAfterMs: 500, node });
      await outbox.start();
      const id = await enqueue(outbox, limit());
      await outbox.broadcast(id);
      const mined = () => mine().then(() => statusOf(id));
      await expect.poll(mined, { timeout: 30_000, interval: 100 }).toMatch(/^(mined|final)$/);
      expect(await world.node.receipt(foreign.hash)).toBeUndefined();
    } finally {
      await world.chain.rpc("evm_setAutomine", [true]);
    }
  });

  it("gives an intent a new nonce when a foreign transaction took its own for good, and not before", async () => {
    const { log, lines } = recordingLog();
    const outbox = make({ node: nodeAt(lossy.url), confirmations: 4, log });
    await outbox.start();
    await landed(await enqueue(outbox, limit()));
    lossy.down = true;
    const intent = limit();
    const id = await enqueue(outbox, intent);
    await outbox.broadcast(id);
    const stranger = new Wallet(relayer.privateKey, world.node);
    const foreign = await stranger.sendTransaction({ to: relayer.address });
    const [stored] = await transactionsOf(id);
    expect(stored?.nonce).toBe(BigInt(foreign.nonce));
    lossy.down = false;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await transactionsOf(id)).toHaveLength(1);
    await world.chain.mine(5);
    await landed(id);
    expect(lines.some(({ msg }) => String(msg).includes("took this nonce"))).toBe(true);
    const all = await limitsSetBy(world, relayer.address);
    expect(all.filter((operator) => operator === intent.operator)).toHaveLength(1);
  });

  it("says once that the relayer can't pay its gas, and goes on when it can", async () => {
    const poor = Wallet.createRandom();
    const { log, lines } = recordingLog();
    const metrics = createMetrics();
    const outbox = make({ privateKey: poor.privateKey, log, metrics });
    await outbox.start();
    const id = await enqueue(outbox, limit());
    await outbox.broadcast(id);
    await expect.poll(async () => (await metrics.relayerBalanceShort.get()).values[0]?.value).toBe(1);
    await world.chain.rpc("hardhat_setBalance", [poor.address, `0x${parseEther("1").toString(16)}`]);
    await landed(id);
    expect((await metrics.relayerBalanceShort.get()).values[0]?.value).toBe(0);
    expect(lines.filter(({ msg }) => String(msg).includes("can't pay for gas"))).toHaveLength(1);
  });

  it("does after a start what was left by a process that ended", async () => {
    const first = make();
    const intents = [limit(), limit()];
    const ids: string[] = [];
    for (const intent of intents) ids.push(await enqueue(first, intent));
    const second = make();
    await second.start();
    for (const id of ids) await landed(id);
    expect(await limitsSetBy(world, relayer.address)).toEqual(
      expect.arrayContaining(intents.map(({ operator }) => operator)),
    );
  });

  it("is done by one of several processes, and by another within 10 seconds of that one's death", async () => {
    const first = make();
    await first.start();
    await landed(await enqueue(first, limit()));
    const second = make();
    await second.start();
    const id = await enqueue(second, limit());
    const hash = await second.broadcast(id);
    await landed(id);
    expect(await world.node.receipt(hash)).toBeDefined();
    await first.stop();
    const next = await enqueue(second, limit());
    await second.broadcast(next);
    await landed(next);
  });

  it("lets a holder that slept through the loss of its lease write nothing", async () => {
    const first = make({ pollMs: 60_000 });
    await first.start();
    await landed(await enqueue(first, limit()));
    await lapseLeases(database());
    const second = make();
    await second.start();
    const taken = await enqueue(second, limit());
    await landed(taken);

    await database().db.deleteFrom("leases").execute();
    await database()
      .db.insertInto("leases")
      .values({
        name: `signer:${first.signer}`,
        holder: "someone else",
        fence: 9n,
        expires_at: new Date(Date.now() + 60_000),
      })
      .execute();
    const id = await enqueue(first, limit());
    await expect(first.broadcast(id)).rejects.toThrow(/could not be signed in time/);
    expect(await transactionsOf(id)).toEqual([]);
  });
});
