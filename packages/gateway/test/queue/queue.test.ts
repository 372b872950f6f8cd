import { PgBoss } from "pg-boss";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMetrics } from "../../src/observability/metrics.ts";
import { type Queue, createQueue } from "../../src/queue/queue.ts";
import { describeOnDatabases } from "../support/database.ts";
import { recordingLog, silentLog } from "../support/log.ts";

describeOnDatabases("the queue", (database) => {
  let queue: Queue;
  const make = (log = silentLog) => createQueue({ connection: database().queue, log, metrics: createMetrics() });

  beforeEach(() => {
    queue = make();
  });
  afterEach(async () => {
    await queue.stop();
  });

  it("does what was sent in a transaction once that is committed, and within a second", async () => {
    const done: string[] = [];
    queue.work("match", (id) => Promise.resolve(void done.push(id)));
    await queue.start();
    await database()
      .db.transaction()
      .execute(async (trx) => {
        await queue.send(trx, "match", "job_1");
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(done).toEqual([]);
      });
    await expect.poll(() => done, { timeout: 1_000 }).toEqual(["job_1"]);
  });

  it("forgets what was sent in a transaction that is rolled back", async () => {
    const done: string[] = [];
    queue.work("match", (id) => Promise.resolve(void done.push(id)));
    await queue.start();
    const failing = database()
      .db.transaction()
      .execute(async (trx) => {
        await queue.send(trx, "match", "rolled back");
        throw new Error("stop");
      });
    await expect(failing).rejects.toThrow("stop");
    await queue.send(null, "match", "later");
    await expect.poll(() => done).toEqual(["later"]);
  });

  it("tries again what failed, and tells the log of it", async () => {
    const { log, lines } = recordingLog();
    await queue.stop();
    queue = make(log);
    let attempts = 0;
    queue.work("verify", () => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new Error("not yet")) : Promise.resolve();
    });
    await queue.start();
    await queue.send(null, "verify", "evd_1");
    await expect.poll(() => attempts, { timeout: 15_000 }).toBe(3);
    const told = lines.filter(({ msg }) => msg === "queued work failed and is tried again");
    expect(told).toMatchObject([
      { queue: "verify", id: "evd_1", attempt: 1 },
      { queue: "verify", id: "evd_1", attempt: 2 },
    ]);
  });

  it("finishes the work in hand before it stops, and does what was left after the next start", async () => {
    const done: string[] = [];
    const started = Promise.withResolvers<undefined>();
    queue.work("webhook", async (id) => {
      started.resolve(undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      done.push(id);
    });
    await queue.start();
    await queue.send(null, "webhook", "dlv_1");
    await started.promise;
    await queue.stop();
    expect(done).toEqual(["dlv_1"]);

    const leaving = make();
    await leaving.start();
    await leaving.send(null, "webhook", "dlv_2");
    await leaving.stop();
    queue = make();
    queue.work("webhook", (id) => Promise.resolve(void done.push(id)));
    await queue.start();
    await expect.poll(() => done).toEqual(["dlv_1", "dlv_2"]);
  });

  it("gives the work of a process that died to another within half a minute", { timeout: 60_000 }, async () => {
    await queue.start();
    await queue.send(null, "verify", "evd_1");
    // What a process leaves that dies in the middle of its work: a job that it has taken and says no more of.
    const dying = new PgBoss(database().queue);
    await dying.start();
    expect(await dying.fetch("verify")).toMatchObject([{ data: { id: "evd_1" } }]);
    await dying.stop({ graceful: false });
    const diedAt = performance.now();

    await queue.stop();
    queue = make();
    const done: string[] = [];
    queue.work("verify", (id) => Promise.resolve(void done.push(id)));
    await queue.start();
    await expect.poll(() => done, { timeout: 50_000, interval: 100 }).toEqual(["evd_1"]);
    expect(performance.now() - diedAt).toBeLessThan(30_000);
  });

  it("sweeps again at once while there are due rows, then every so often, and goes on after a failure", async () => {
    let rows = 3;
    let failures = 0;
    const handled: number[] = [];
    queue.sweep("test", 20, () => {
      if (rows === 1 && failures++ === 0) return Promise.reject(new Error("stop"));
      if (rows > 0) handled.push(rows--);
      return Promise.resolve(rows > 0 ? 1 : 0);
    });
    await queue.start();
    await expect.poll(() => handled).toEqual([3, 2, 1]);
    rows = 1;
    await expect.poll(() => handled).toEqual([3, 2, 1, 1]);
  });
});
