import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createClient, createEscrowClient, createWorkerClient } from "@hireforhumans/client";
import { type EvidenceItem, parseUsdc } from "@hireforhumans/protocol";
import { JsonRpcProvider } from "ethers";
import { sql } from "kysely";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import { until } from "../../../../scripts/stack/until.ts";
import type { Config } from "../../src/config.ts";
import type { Database } from "../../src/context.ts";
import { type Gateway, startGateway } from "../../src/gateway.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { rebuild } from "../../src/rebuild/rebuild.ts";
import type { RebuildReport } from "../../src/rebuild/report.ts";
import { domain, type Stage, startStage } from "../gateway/stage.ts";
import { silentLog } from "../support/log.ts";
import { type Lived, live, type State, wanted } from "./history.ts";

const day = 24 * 3600;
const mainPath = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** All of money and evidence that the rows tell, without what only the old database could have known. */
async function booksOf(db: Database) {
  const { rows: jobs } = await sql<Record<string, unknown>>`
    select j.id, c.address as client, w.address as worker, chain_job_id, terms, packet, request, status, chain_status, round,
      chain_until_seconds, deadline_seconds, reward, fee, category, domain, skills, languages, certifications, tier,
      min_reputation, resolution, worker_notes, escrow_transaction_hash, release_transaction_hash,
      refund_transaction_hash
    from jobs j join clients c on c.id = j.client_id left join workers w on w.id = j.worker_id order by j.id`.execute(
    db,
  );
  const { rows: evidence } = await sql<Record<string, unknown>>`
    select e.id, job_id, w.address as worker, round, bundle, evidence_hash, fingerprints, signature, valid_until_seconds
    from evidence e join workers w on w.id = e.worker_id order by e.id`.execute(db);
  const { rows: verdicts } = await sql<Record<string, unknown>>`
    select evidence_id, job_id, outcome, reasons, reasons_hash, signature, valid_until_seconds
    from verdicts where outcome <> 'unsure' order by evidence_id`.execute(db);
  const { rows: cases } = await sql<Record<string, unknown>>`
    select job_id, phase, until_seconds, state from cases order by job_id`.execute(db);
  const { rows: documents } = await sql<Record<string, unknown>>`
    select job_id, kind, hash, by_address, body, files from case_documents order by job_id, hash`.execute(db);
  const { rows: confirmations } = await sql<Record<string, unknown>>`
    select token_hash, job_id, w.address, statement, answer, answered_at, expires_at
    from confirmations c join workers w on w.id = c.worker_id order by token_hash`.execute(db);
  const { rows: files } = await sql<Record<string, unknown>>`
    select f.sha256, size, media_type, u.name, w.address from files f join file_uploads u on u.sha256 = f.sha256
    join workers w on w.id = u.worker_id order by f.sha256`.execute(db);
  const { rows: reputations } = await sql<Record<string, unknown>>`
    select address, domain_hash, score, successes, failures from reputations where successes + failures > 0
    order by 1, 2`.execute(db);
  const { rows: contents } = await sql<Record<string, unknown>>`
    select sha256, size, media_type from files order by sha256`.execute(db);
  const { rows: links } = await sql<Record<string, unknown>>`
    select evidence_id, item, url, sha256, media_type, problem from evidence_links order by 1, 2`.execute(db);
  const { rows: copies } = await sql<Record<string, unknown>>`
    select job_id, w.address, url, sha256, media_type from link_copies c join workers w on w.id = c.worker_id
    order by 1, 2, 3, 4`.execute(db);
  return { jobs, evidence, verdicts, cases, documents, confirmations, files, reputations, contents, links, copies };
}

/** Says something else each time, as pages do. */
let page: Server;
let stage: Stage;
let config: Config;
let lived: Lived;
let before: Awaited<ReturnType<typeof booksOf>>;
let restored: Gateway | undefined;
beforeAll(async () => {
  stage = await startStage({ env: { OFFER_WAVE_SECONDS: "600,600,600,600" } });
  ({ config } = stage.stack.gateway.context);
  page = createServer((_, response) => void response.setHeader("content-type", "text/plain").end(randomUUID()));
  page.listen(0, "127.0.0.1");
  await once(page, "listening");
  lived = await live(stage, `http://127.0.0.1:${(page.address() as AddressInfo).port}/case`);
  await stage.stack.gateway.caughtUp();
  before = await booksOf(stage.stack.gateway.context.db);
  await stage.stack.gateway.stop();
  page.close().closeAllConnections();
}, 600_000);
afterAll(async () => {
  await restored?.stop();
  await stage.stop();
}, 120_000);

const dropDatabase = () => rm(join(config.dataDir, "database"), { recursive: true });

function environment(): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    PORT: String(config.port),
    HFH_DATA_DIR: config.dataDir,
    RPC_URL: config.rpcUrl,
    CHAIN_ID: String(config.chainId),
    ESCROW_ADDRESS: config.escrow,
    REPUTATION_ADDRESS: config.reputation,
    USDC_ADDRESS: config.usdc,
    ARBITRATION_POOL: config.arbitrationPool ?? "",
    START_BLOCK: String(config.startBlock),
    RELAYER_PRIVATE_KEY: devAccounts.relayer.privateKey,
    ORACLE_PRIVATE_KEY: devAccounts.verifier.privateKey,
    REVIEW_FUND: devAccounts.reviewFund.address,
  };
}

/** The command, in a process of its own. @param killAt ends it at once when it says so */
async function command(args: string[], killAt?: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [mainPath, ...args], { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    if (killAt !== undefined && err.includes(killAt)) child.kill("SIGKILL");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

describe("a database made anew from chain and content store", () => {
  it("stands on a hundred jobs in all states", () => {
    const count = (state: State) => lived[state].length;
    expect(Object.fromEntries(Object.keys(wanted).map((state) => [state, count(state as State)]))).toEqual(wanted);
    expect(before.jobs).toHaveLength(100);
    expect(before.verdicts).toHaveLength(60);
    expect(before.links.filter(({ sha256 }) => sha256 !== null)).toHaveLength(2 * wanted.paid);
    expect(before.copies).toHaveLength(wanted.paid);
  });

  it("is refused to a gateway while it is half done, and goes on after a kill", { timeout: 120_000 }, async () => {
    await dropDatabase();
    const killed = await command(["rebuild"], "reading evidence");
    expect(killed.code, killed.err).toBe(null);
    await expect(startGateway(config, silentLog)).rejects.toThrow(/rebuild of this database .* has not finished/);

    const finished = await command(["rebuild"]);
    expect(finished.code, finished.err).toBe(0);
    expect(finished.out).toContain("44  jobs that are paid");
    expect(finished.out).toContain("Nothing was missing.");
    expect(finished.out).toContain("give each client a new key");
    await expect(rebuild(config, silentLog)).rejects.toThrow(/holds jobs already.*--into-existing/);
  });

  it("is refused with an option that there is not", async () => {
    expect((await command(["rebuild", "--force"])).code).toBe(2);
  });

  it("holds all of money and evidence, and nothing twice", { timeout: 120_000 }, async () => {
    const report = await rebuild(config, silentLog, { intoExisting: true });
    expect(report.problems).toEqual([]);
    const openJobs = 100 - wanted.paid - wanted.refunded;
    expect(report.money).toEqual({
      escrowed: BigInt(openJobs) * parseUsdc("12.30"),
      paid: BigInt(wanted.paid) * parseUsdc("12.00"),
      refunded: BigInt(wanted.refunded) * parseUsdc("12.30"),
    });
    restored = await startGateway(config, silentLog);
    const after = await booksOf(restored.context.db);
    for (const table of Object.keys(before) as (keyof typeof before)[]) {
      expect(after[table], table).toEqual(before[table]);
    }
  });

  it("answers its clients with a new key, and goes on where it was", { timeout: 180_000 }, async () => {
    if (restored === undefined) throw new Error("the gateway was not started");
    const { db } = restored.context;
    const { apiKey } = await bootstrapClient(db, { address: devAccounts.client.address });
    const agent = createClient({ baseUrl: restored.url, apiKey });
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await agent.jobs.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
      listed.push(...page.data.map(({ job_id }) => job_id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(listed.sort()).toEqual(Object.values(lived).flat().sort());
    const paid = await agent.jobs.get(lived.paid[0] ?? "");
    expect(paid).toMatchObject({ status: "paid", resolution: `Settled ${paid.job_id}.`, verdict: { outcome: "pass" } });
    expect(paid.evidence).toHaveLength(1);

    // A worker who was in the middle of a job hands in, and one who comes back finds what was open.
    const ada = createWorkerClient({
      baseUrl: restored.url,
      signer: stage.ada.wallet,
      trusted: stage.stack.deployment,
    });
    await ada.signIn();
    const [inHand = ""] = lived.accepted;
    const { data } = await ada.offers.list({ status: "accepted", limit: 100 });
    const offer = data.find(({ job_id }) => job_id === inHand);
    if (offer === undefined) throw new Error(`${inHand} is not in hand any more`);
    const items: EvidenceItem[] = [{ kind: "text", text: `Called the customer about ${inHand}, again.` }];
    await ada.evidence.submit(offer, { resolution: "Settled.", items });
    await reached(restored, inHand, "paid");
    await ada.createProfile({ domain: "lapsing", skills: [], languages: ["german"] });
    await ada.createProfile({ domain, skills: [], languages: ["english"] });
    await ada.update({ capacity: 50 });
    await ada.setPresence("online");
    const [reopened = ""] = lived.reopened;
    const second = await until(`${reopened} is offered again`, async () =>
      (await ada.offers.list({ status: "pending", limit: 100 })).data.find(({ job_id }) => job_id === reopened),
    );
    expect(second.round).toBe(1);

    // What runs out of time is ended: the rejected go back, the undecided are paid, the lapsed are opened again.
    await stage.stack.chain.increaseTime(day + 3600 + 60);
    for (const jobId of lived.rejected) await reached(restored, jobId, "refunded");
    for (const jobId of lived.submitted) await reached(restored, jobId, "paid");
    for (const jobId of lived.open) await reached(restored, jobId, "refunded");
    const failed = await db.selectFrom("intents").select("intent_key").where("status", "=", "failed").execute();
    expect(failed).toEqual([]);
  });
});

const reached = (gateway: Gateway, jobId: string, status: string) =>
  vi.waitFor(
    async () => {
      const { db } = gateway.context;
      const job = await db.selectFrom("jobs").select("chain_status").where("id", "=", jobId).executeTakeFirstOrThrow();
      const intents = await db
        .selectFrom("intents")
        .select(["intent_key", "status", "failure"])
        .where("job_id", "=", jobId)
        .execute();
      expect(job.chain_status, `${jobId} after ${JSON.stringify(intents)}`).toBe(status);
    },
    { timeout: 60_000, interval: 100 },
  );

describe("a content store that lacks something", () => {
  let report: RebuildReport;
  beforeAll(async () => {
    await restored?.stop();
    await dropDatabase();
    await changeRecords((record) => {
      // One job's record is gone, one bundle was altered, one verdict is gone.
      if (record["kind"] === "job" && record["job_id"] === lived.paid[0]) return undefined;
      const bundle = record["bundle"] as Record<string, unknown> | undefined;
      if (bundle?.["job_id"] === lived.paid[1]) return { ...record, bundle: { ...bundle, resolution: "Altered." } };
      return record["kind"] === "verdict" && record["job_id"] === lived.paid[2] ? undefined : record;
    });
    report = await rebuild(config, silentLog);
  }, 120_000);

  async function changeRecords(change: (record: Record<string, unknown>) => Record<string, unknown> | undefined) {
    const folder = join(config.dataDir, "records");
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith(".jsonl")) continue;
      const lines = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n");
      const changed = lines.flatMap((line) => {
        const record = change(JSON.parse(line) as Record<string, unknown>);
        return record === undefined ? [] : [`${JSON.stringify(record)}\n`];
      });
      await writeFile(join(folder, name), changed.join(""));
    }
  }

  it("is told of, job by job", () => {
    const [lostJob = "", altered = "", unexplained = ""] = lived.paid;
    const about = (id: string) => report.problems.filter((problem) => problem.includes(id));
    expect(about(lostJob)).toEqual([
      `job ${lostJob}: no record, so its context packet is lost; its money was restored from the chain`,
    ]);
    expect(about(altered)).toEqual([
      expect.stringMatching(/no record of the evidence 0x/),
      expect.stringMatching(/no record of the verdict's reasons 0x/),
    ]);
    expect(about(unexplained)).toEqual([expect.stringMatching(/no record of the verdict's reasons 0x/)]);
    expect(report.problems.some((problem) => problem.includes("its bundle does not have the hash"))).toBe(true);
    expect(report.problems).toHaveLength(5);
  });

  it("loses no money: all of it stands where the chain says", async () => {
    const provider = new JsonRpcProvider(config.rpcUrl, undefined, { staticNetwork: true });
    const escrow = createEscrowClient({ provider, deployment: stage.stack.deployment });
    const statuses = await Promise.all(
      before.jobs.map(async (job) => (await escrow.job({ jobId: String(job["chain_job_id"]) })).status),
    );
    provider.destroy();
    const jobsIn = (status: string) => BigInt(statuses.filter((each) => each === status).length);
    expect(report.money).toEqual({
      paid: jobsIn("paid") * parseUsdc("12.00"),
      refunded: jobsIn("refunded") * parseUsdc("12.30"),
      escrowed: (100n - jobsIn("paid") - jobsIn("refunded")) * parseUsdc("12.30"),
    });
  });
});
