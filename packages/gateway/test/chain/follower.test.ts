import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ChainMismatch, ChainReplaced, ChainUnavailable } from "../../src/chain/errors.ts";
import type { ChainEvent } from "../../src/chain/events.ts";
import { type Follower, createFollower } from "../../src/chain/follower.ts";
import { ChainNode } from "../../src/chain/node.ts";
import type { Trx } from "../../src/context.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { type TestChain, startTestChain } from "../support/chain.ts";
import { describeOnDatabases } from "../support/database.ts";
import { logOfTest } from "../support/log.ts";
import { seeded } from "../support/random.ts";

let world: TestChain;
let named = 0;

beforeAll(async () => {
  world = await startTestChain();
  await world.fundClient(1_000_000_000_000n);
});
afterAll(() => world.stop());

/** Funds a job by the client itself, which mines a block. @returns its id on chain */
async function fundOne(): Promise<string> {
  const terms = await world.termsOf(`follower ${named++}`);
  await world.escrowOf(devAccounts.client).fund(terms);
  return world.jobIdOf(terms);
}

/** What the node says now about our contracts' events: the truth to compare with. */
async function truth(): Promise<string[]> {
  const { escrow, reputation, startBlock } = world.deployment;
  const latest = await world.node.block("latest");
  const logs = await world.node.logsOfRange(startBlock, latest?.number ?? 0n, [escrow, reputation]);
  return logs.map((log) => `${log.blockHash}:${log.logIndex}:${log.transactionHash}`);
}

describeOnDatabases("the follower", (database) => {
  let followers: Follower[];
  /** A projection of the kind that jobs have, of jobs seen funded; kept in the database by the follower's transactions. */
  const project = async (trx: Trx, chainJobIds: string[]) => {
    for (const id of new Set(chainJobIds)) {
      await sql`delete from funded where id = ${id}`.execute(trx);
      await sql`insert into funded select distinct chain_job_id from chain_events
        where chain_job_id = ${id} and name = 'Funded'`.execute(trx);
    }
  };

  function follow(overrides: Partial<Parameters<typeof createFollower>[0]> = {}): Follower {
    const follower = createFollower({
      db: database().db,
      node: world.node,
      deployment: world.deployment,
      log: logOfTest(),
      metrics: createMetrics(),
      pollMs: 20,
      confirmations: 16,
      onEvents: (trx, events) =>
        project(
          trx,
          events.flatMap(({ chainJobId }) => chainJobId ?? []),
        ),
      onRolledBack: project,
      ...overrides,
    });
    followers.push(follower);
    return follower;
  }

  const storedEvents = async () => {
    const rows = await database()
      .db.selectFrom("chain_events")
      .select(["block_hash", "log_index", "transaction_hash"])
      .orderBy("block_number")
      .orderBy("log_index")
      .execute();
    return rows.map((row) => `${row.block_hash}:${row.log_index}:${row.transaction_hash}`);
  };
  const projected = async () => {
    const { rows } = await sql<{ id: string }>`select id from funded`.execute(database().db);
    return rows.map(({ id }) => id).sort();
  };
  const fundedByEvents = async () => {
    const { rows } = await sql<{ id: string }>`
      select chain_job_id as id from chain_events where name = 'Funded'`.execute(database().db);
    return rows.map(({ id }) => id).sort();
  };

  beforeEach(async () => {
    followers = [];
    await sql`create table funded (id text)`.execute(database().db);
  });
  afterEach(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
    await sql`drop table funded`.execute(database().db);
    for (const table of ["chain_events", "blocks", "chain_identity", "leases"] as const) {
      await database().db.deleteFrom(table).execute();
    }
  });

  it("tells events by name, arguments and job, in the transaction that stores them", async () => {
    const told: ChainEvent[] = [];
    const follower = follow({
      async onEvents(trx, events) {
        for (const { blockHash, logIndex } of events) {
          await trx
            .selectFrom("chain_events")
            .select("name")
            .where("block_hash", "=", blockHash)
            .where("log_index", "=", logIndex)
            .executeTakeFirstOrThrow();
        }
        told.push(...events);
      },
    });
    await follower.start();
    await follower.caughtUp();
    const jobId = await fundOne();
    await follower.caughtUp();
    const latest = await world.node.block("latest");
    expect(told.at(-1)).toMatchObject({
      name: "Funded",
      address: world.deployment.escrow,
      chainJobId: jobId,
      args: { client: devAccounts.client.address, reward: "1000000", fee: "25000" },
      blockNumber: latest?.number,
      blockTimestampSeconds: latest?.timestampSeconds,
    });
    expect(follower.head()).toEqual({
      number: latest?.number,
      hash: latest?.hash,
      timestampSeconds: latest?.timestampSeconds,
    });
  });

  it("knows no head before the first block", () => {
    expect(() => follow().head()).toThrow(ChainUnavailable);
  });

  it.each([1, 2, 3, 4, 5, 6])("leaves no phantom of a branch of %i blocks that the chain gave up", async (depth) => {
    const follower = follow();
    await follower.start();
    await fundOne();
    await follower.caughtUp();
    const snapshot = await world.chain.rpc("evm_snapshot");
    const givenUp: string[] = [];
    for (let block = 0; block < depth; block++) givenUp.push(await fundOne());
    await follower.caughtUp();
    expect(await projected()).toEqual(expect.arrayContaining(givenUp));

    await world.chain.rpc("evm_revert", [snapshot]);
    const kept = await fundOne();
    await world.chain.mine(depth);
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    const funded = await projected();
    expect(funded).toEqual(await fundedByEvents());
    expect(funded).toContain(kept);
    for (const jobId of givenUp) expect(funded).not.toContain(jobId);
  });

  it("comes to the same end over many reorgs, some while it is at work, some to a shorter branch", async () => {
    const random = seeded(7);
    const upTo = (most: number) => 1 + Math.floor(random() * most);
    const follower = follow();
    await follower.start();
    for (let round = 0; round < 25; round++) {
      const snapshot = await world.chain.rpc("evm_snapshot");
      for (let block = upTo(6); block > 0; block--) await (random() < 0.7 ? fundOne() : world.chain.mine());
      if (random() < 0.6) await follower.caughtUp();
      await world.chain.rpc("evm_revert", [snapshot]);
      for (let block = upTo(6); block > 0; block--) await (random() < 0.7 ? fundOne() : world.chain.mine());
      if (random() < 0.3) await follower.caughtUp();
    }
    await fundOne();
    await world.chain.mine(6);
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toEqual(await fundedByEvents());
  });

  it("takes up an event again that the other branch has in another block", async () => {
    const follower = follow();
    await follower.start();
    const terms = await world.termsOf(`follower ${named++}`);
    const snapshot = await world.chain.rpc("evm_snapshot");
    await world.escrowOf(devAccounts.client).fund(terms);
    await follower.caughtUp();
    await world.chain.rpc("evm_revert", [snapshot]);
    await world.chain.mine(2);
    await world.escrowOf(devAccounts.client).fund(terms);
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toContain(world.jobIdOf(terms));
  });

  it("rolls back and follows on after a restart over a reorg that it slept through", async () => {
    const first = follow();
    await first.start();
    const snapshot = await world.chain.rpc("evm_snapshot");
    await fundOne();
    await fundOne();
    await first.caughtUp();
    await first.stop();
    await world.chain.rpc("evm_revert", [snapshot]);
    await fundOne();
    await world.chain.mine(30);
    const second = follow();
    await second.start();
    await second.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toEqual(await fundedByEvents());
  });

  it("catches up over final blocks in ranges and keeps of them only those with events", async () => {
    await fundOne();
    await world.chain.mine(700);
    await fundOne();
    await world.chain.mine(40);
    const follower = follow();
    await follower.start();
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    const latest = await world.node.block("latest");
    expect(follower.head().hash).toBe(latest?.hash);
    const blocks = await database().db.selectFrom("blocks").select(["number", "final"]).execute();
    expect(blocks.length).toBeLessThan(200);
    const final = blocks.filter((block) => block.final).map(({ number }) => number);
    expect(final.reduce((most, number) => (number > most ? number : most), 0n)).toBe((latest?.number ?? 0n) - 16n);
  });

  it("takes back nothing that is final, and says why it halts", async () => {
    const follower = follow({ confirmations: 2 });
    await follower.start();
    const snapshot = await world.chain.rpc("evm_snapshot");
    await fundOne();
    await world.chain.mine(4);
    await follower.caughtUp();
    const before = await storedEvents();
    await expect
      .poll(() => database().db.selectFrom("blocks").where("final", "=", true).select("number").execute())
      .not.toEqual([]);
    await world.chain.rpc("evm_revert", [snapshot]);
    await fundOne();
    await world.chain.mine(8);
    await expect.poll(() => follower.halted()?.name).toBe("FinalBlockReplaced");
    await expect(follower.caughtUp()).rejects.toThrow(/was final as 0x/);
    expect(await storedEvents()).toEqual(before);
  });

  it("follows again what a database has forgotten that was promoted before it had heard of everything", async () => {
    const follower = follow();
    await follower.start();
    await fundOne();
    await world.chain.mine(3);
    await follower.caughtUp();
    const forgotten = sql`delete from blocks where number > ${follower.head().number - 4n}`;
    await forgotten.execute(database().db);
    await fundOne();
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toEqual(await fundedByEvents());
  });

  it("stores nothing of a block whose listener throws, and tries again", async () => {
    let failures = 2;
    const follower = follow({
      onEvents: (trx, events) => {
        if (failures-- > 0) return Promise.reject(new Error("stop"));
        return project(
          trx,
          events.flatMap(({ chainJobId }) => chainJobId ?? []),
        );
      },
    });
    await follower.start();
    const jobId = await fundOne();
    await follower.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toContain(jobId);
  });

  it("lets one of several follow, and another go on when that one is gone", async () => {
    const first = follow();
    await first.start();
    await first.caughtUp();
    const second = follow();
    await second.start();
    await fundOne();
    await Promise.all([first.caughtUp(), second.caughtUp()]);
    await first.stop();
    const jobId = await fundOne();
    await second.caughtUp();
    expect(await storedEvents()).toEqual(await truth());
    expect(await projected()).toContain(jobId);
  });

  describe("at start", () => {
    it("names a node of another chain", async () => {
      const follower = follow({ deployment: { ...world.deployment, chainId: 137n } });
      await expect(follower.start()).rejects.toThrow(ChainMismatch);
    });

    it("tells a new local chain from the one that the database is about", async () => {
      const first = follow();
      await first.start();
      await first.caughtUp();
      await first.stop();
      await database()
        .db.updateTable("chain_identity")
        .set({ genesis_hash: `0x${"12".repeat(32)}` })
        .execute();
      await expect(follow().start()).rejects.toThrow(ChainReplaced);
    });

    it("waits for a node that does not answer yet", async () => {
      const dead = new ChainNode("http://127.0.0.1:9", world.chain.chainId);
      const follower = follow({ node: dead });
      await follower.start();
      expect(() => follower.head()).toThrow(ChainUnavailable);
      expect(follower.halted()).toBeUndefined();
      dead.destroy();
    });
  });
});
