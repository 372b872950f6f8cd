import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseUsdc } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { until } from "../../../../scripts/stack/until.ts";
import { type Config, Secret } from "../../src/config.ts";
import { type Gateway, startGateway } from "../../src/gateway.ts";
import { rebuild } from "../../src/rebuild/rebuild.ts";
import { type Stage, startStage } from "../gateway/stage.ts";
import { type Engine, engines, gatewayDatabase } from "../support/database.ts";
import { silentLog } from "../support/log.ts";
import { createServerDatabase } from "../support/server-database.ts";

const run = promisify(execFile);

interface Backup {
  /** Settings of a gateway on what was restored from it. */
  restore(): Promise<Config>;
  drop(): Promise<void>;
}

/** What docs/operations.md says, by the same commands. */
async function backUp(engine: Engine, config: Config): Promise<Backup> {
  const folder = await mkdtemp(join(tmpdir(), "hireforhumans-backup-"));
  if (engine === "embedded") {
    await cp(config.dataDir, folder, { recursive: true });
    return {
      restore: () => Promise.resolve({ ...config, dataDir: folder }),
      drop: () => rm(folder, { recursive: true }),
    };
  }
  const dump = join(folder, "gateway.dump");
  await run("pg_dump", ["--format=custom", `--file=${dump}`, config.databaseUrl?.reveal() ?? ""]);
  const made = await createServerDatabase(undefined);
  return {
    async restore() {
      await run("pg_restore", ["--no-owner", "--exit-on-error", `--dbname=${made.url}`, dump]);
      return { ...config, databaseUrl: new Secret(made.url) };
    },
    async drop() {
      await made.drop();
      await rm(folder, { recursive: true });
    },
  };
}

describe.each(engines)("a backup (%s)", (engine) => {
  let stage: Stage;
  let restored: Gateway | undefined;
  let backup: Backup | undefined;
  beforeEach(async () => {
    stage = await startStage({ database: gatewayDatabase(engine) });
  }, 120_000);
  afterEach(async () => {
    await restored?.stop();
    await stage.stop();
    await backup?.drop();
  });

  const nonce = async () =>
    Number(await stage.stack.chain.rpc("eth_getTransactionCount", [devAccounts.relayer.address, "latest"]));

  it("brings a gateway back to where the chain is, and nothing is sent twice", { timeout: 120_000 }, async () => {
    const { stack, ada, agent } = stage;
    const { config } = stack.gateway.context;
    const before = await stack.usdcOf(devAccounts.client.address);
    const { job, offer } = await stage.accepted();
    // A funding that is signed and sent while the backup is made, and in a block only after it.
    await stack.chain.rpc("evm_setAutomine", [false]);
    const late = await stage.post();
    if (engine === "embedded") await stack.gateway.stop();
    backup = await backUp(engine, config);
    if (engine === "postgres") {
      // And a job that goes on to its payment, unknown to the backup.
      await stack.chain.rpc("evm_setAutomine", [true]);
      await stack.chain.mine();
      await ada.api.evidence.submit(offer, {
        resolution: "Settled.",
        items: [{ kind: "text", text: "Called the customer." }],
      });
      await stage.reached(job.job_id, "paid");
      await until("the other is funded", async () =>
        (await agent.jobs.get(late.job_id)).status === "open" ? true : undefined,
      );
      await stack.gateway.stop();
    } else {
      await stack.chain.rpc("evm_setAutomine", [true]);
      await stack.chain.mine();
    }
    const sent = await nonce();

    const restoredConfig = await backup.restore();
    const report = await rebuild(restoredConfig, silentLog, { intoExisting: true });
    expect(report.problems).toEqual([]);
    restored = await startGateway(restoredConfig, silentLog);
    await restored.caughtUp();
    const { db } = restored.context;
    const standing = async () =>
      Object.fromEntries(
        (await db.selectFrom("jobs").select(["id", "chain_status"]).execute()).map((row) => [row.id, row.chain_status]),
      );
    const was = engine === "postgres" ? "paid" : "accepted";
    expect(await standing()).toEqual({ [job.job_id]: was, [late.job_id]: "open" });
    await until("nothing is on its way", async () => {
      const open = await db.selectFrom("intents").select("id").where("status", "in", ["queued", "signed"]).execute();
      return open.length === 0 ? true : undefined;
    });
    expect(await nonce()).toBe(sent);
    expect(await stack.usdcOf(devAccounts.client.address)).toBe(before - 2n * parseUsdc("12.30"));
    if (engine !== "postgres") return;
    const verdict = await db.selectFrom("verdicts").select("outcome").where("job_id", "=", job.job_id).execute();
    expect(verdict).toEqual([{ outcome: "pass" }]);
  });
});
