import { domainOf } from "@hireforhumans/protocol";
import { sql } from "kysely";
import { join } from "node:path";
import type { Logger } from "pino";
import { projectCases } from "../arbitration/project.ts";
import { createFollower } from "../chain/follower.ts";
import type { NewIntent } from "../chain/intent.ts";
import { insertIntents } from "../chain/intent-rows.ts";
import { ChainNode } from "../chain/node.ts";
import { createChainReader, type Deployment, type Head } from "../chain/reader.ts";
import { openRelayer } from "../chain/keys.ts";
import type { Config } from "../config.ts";
import type { Database, Trx } from "../context.ts";
import { migrate } from "../database/migrate.ts";
import { openDatabase } from "../database/open.ts";
import { createDiskFileStore } from "../evidence/files.ts";
import { type ProjectionListeners, projectJobs } from "../jobs/project.ts";
import { createMetrics } from "../observability/metrics.ts";
import { faultOf, type StoredRecord } from "../records/record.ts";
import { createDiskRecordStore } from "../records/store.ts";
import { readGoldenTasks } from "../review/golden.ts";
import { storeReputations } from "../workers/reputation.ts";
import { restoreAcceptances } from "./acceptances.ts";
import { beginRebuild, finishRebuild } from "./begin.ts";
import { missingFiles, restoreDocument } from "./documents.ts";
import { restoreFromCallData, restoreJob } from "./jobs.ts";
import { missingDocuments } from "./problems.ts";
import type { RebuildReport } from "./report.ts";
import { restoreReview } from "./reviews.ts";
import { endStaleOffers, endUnfunded, restoreHistory, restoreIntents, resumeWork } from "./settle.ts";
import { carryVerdicts, restoreReviewAnswers, restoreVerdict } from "./verdicts.ts";

/** Nobody is to be told or asked anything of what is long past. */
const silent: ProjectionListeners = {
  onOpened: () => Promise.resolve(),
  onTaken: () => Promise.resolve(),
  onTakenBack: () => Promise.resolve(),
  onEnded: () => Promise.resolve(),
  onDelivered: () => Promise.resolve(),
  onRecorded: () => Promise.resolve(),
};

const documentKinds = ["evidence", "confirmation", "case_document", "file", "link_copy", "evidence_link"] as const;

/** Rows of one transaction: a broken off rebuild loses this much work, and each costs the disk one wait. */
const AT_ONCE = 100;

interface Rebuild {
  config: Config;
  log: Logger;
  db: Database;
  node: ChainNode;
  deployment: Deployment;
  relayer: string;
  report: RebuildReport;
}

/**
 * Makes the database of a gateway anew, from the chain and the content store in HFH_DATA_DIR. What is there already stays
 * as it is, so a rebuild that was broken off goes on when it is called again, and a second one changes nothing.
 * @throws DatabaseNotEmpty unless `intoExisting`, GatewayRunning; and what opening the database and the chain throw
 */
export async function rebuild(
  config: Config,
  log: Logger,
  { intoExisting = false }: { intoExisting?: boolean } = {},
): Promise<RebuildReport> {
  const database = await openDatabase(config, log);
  const node = new ChainNode(config.rpcUrl, config.chainId);
  try {
    await migrate(database.db);
    await beginRebuild(database.db, { intoExisting });
    const report: RebuildReport = { restored: {}, problems: [], money: { escrowed: 0n, paid: 0n, refunded: 0n } };
    const deployment: Deployment = {
      chainId: BigInt(config.chainId),
      escrow: config.escrow,
      reputation: config.reputation,
      usdc: config.usdc,
      arbitrationPool: config.arbitrationPool,
      startBlock: BigInt(config.startBlock),
    };
    const relayer = (await openRelayer(config)).address;
    await restoreAll({ config, log, db: database.db, node, deployment, relayer, report });
    await finishRebuild(database.db);
    return report;
  } finally {
    node.destroy();
    await database.close();
  }
}

async function restoreAll(made: Rebuild): Promise<void> {
  const { config, db, node, deployment, relayer, report, log } = made;
  const { escrow } = deployment;
  if (config.goldenTasksFile !== undefined) await readGoldenTasks(db, config.goldenTasksFile);

  log.info("reading jobs from the content store");
  await restoreRecords(made, "jobs", ["job"], (trx, record) =>
    record.kind === "job" ? restoreJob(trx, record) : Promise.resolve(false),
  );
  const head = await followChain(made);
  const unrecorded = await restoreFromCallData(db, { node, deployment, relayer, reviewFund: config.reviewFund });
  report.problems.push(...unrecorded);
  count(report, "acceptances", await restoreAcceptances(db, escrow));

  log.info("reading evidence from the content store");
  await restoreRecords(made, "documents", documentKinds, async (trx, record) =>
    record.kind !== "job" && record.kind !== "verdict" ? (await restoreDocument(trx, record)) === "added" : false,
  );
  await restoreRecords(made, "verdicts and reviews", ["verdict", "job"], async (trx, record) => {
    if (record.kind === "verdict") return (await restoreVerdict(trx, record, head.timestampSeconds)) === "added";
    return record.kind === "job" && record.review !== null ? restoreReview(trx, record) : false;
  });
  count(report, "answers of reviewers", await restoreReviewAnswers(db));

  log.info("reading off where jobs and cases stand");
  await restoreIntents(db, { signer: relayer, escrow });
  await projectAll(made);
  await restoreHistory(db, escrow);
  await setGoing(made, head.timestampSeconds);
  count(report, "reputations", await restoreReputations(made, head));

  const files = createDiskFileStore(join(config.dataDir, "files"));
  report.problems.push(...(await missingDocuments(db)), ...(await missingFiles(db, files)));
  report.money = await readMoney(db);
}

const count = ({ restored }: RebuildReport, what: string, more: number): void => {
  restored[what] = (restored[what] ?? 0) + more;
};

/** Reads the store once for records of these kinds; one that does not have its hash is told of and left out. */
async function restoreRecords(
  { config, db, deployment, report }: Rebuild,
  what: string,
  kinds: readonly StoredRecord["kind"][],
  restore: (trx: Trx, record: StoredRecord) => Promise<boolean>,
): Promise<void> {
  const store = createDiskRecordStore(join(config.dataDir, "records"));
  const problems = new Set(report.problems);
  let batch: StoredRecord[] = [];
  const write = async () => {
    const records = batch;
    batch = [];
    const done = await db.transaction().execute(async (trx) => {
      const added: boolean[] = [];
      for (const record of records) added.push(await restore(trx, record));
      return added;
    });
    count(report, what, done.filter(Boolean).length);
  };
  for await (const record of store.read((where) => problems.add(`${where}: not readable`))) {
    if (!kinds.includes(record.kind)) continue;
    const fault = faultOf(record, deployment);
    if (fault === undefined) batch.push(record);
    else problems.add(fault);
    if (batch.length >= AT_ONCE) await write();
  }
  await write();
  report.problems = [...problems];
}

/** Copies the contracts' events of the whole chain. @returns the newest block */
async function followChain({ config, log, db, node, deployment, report }: Rebuild) {
  log.info({ from: deployment.startBlock }, "reading the chain");
  const follower = createFollower({
    db,
    node,
    deployment,
    log,
    metrics: createMetrics(),
    pollMs: config.followerPollMs,
    confirmations: config.confirmations,
    onEvents: () => Promise.resolve(),
    onRolledBack: () => Promise.resolve(),
  });
  await follower.start();
  try {
    await follower.caughtUp();
  } finally {
    await follower.stop();
  }
  const events = await db
    .selectFrom("chain_events")
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .executeTakeFirstOrThrow();
  report.restored["events of the chain"] = Number(events.count);
  return follower.head();
}

async function projectAll({ db, deployment, report }: Rebuild): Promise<void> {
  const { escrow, arbitrationPool } = deployment;
  const rows = await db.selectFrom("jobs").select("chain_job_id").orderBy("id").execute();
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const ids = rows.slice(start, start + AT_ONCE).map(({ chain_job_id }) => chain_job_id);
    await db.transaction().execute(async (trx) => {
      await projectJobs(trx, escrow, ids, silent);
      if (arbitrationPool !== undefined) await projectCases(trx, arbitrationPool, ids);
    });
  }
  const states = await sql<{ status: string; count: number }>`
    select status, count(*)::int4 as count from jobs where chain_status is not null group by 1 order by 1`.execute(db);
  for (const { status, count: jobs } of states.rows) report.restored[`jobs that are ${status}`] = jobs;
}

async function setGoing({ db, deployment, relayer, report }: Rebuild, nowSeconds: bigint): Promise<void> {
  const carry = {
    db,
    chain: { deployment },
    outbox: { enqueueAll: (trx: Trx, intents: readonly NewIntent[]) => insertIntents(trx, relayer, intents) },
  };
  count(report, "signed verdicts to be carried", await carryVerdicts(carry));
  const { waiting, dropped } = await endUnfunded(db, nowSeconds);
  count(report, "jobs that no block has funded yet, shown as failed", waiting);
  count(report, "records of jobs that were never funded, left out", dropped);
  await endStaleOffers(db);
  const { open, unjudged } = await resumeWork(db);
  count(report, "open jobs to be offered again", open);
  count(report, "pieces of evidence to be judged", unjudged);
}

/** What the chain holds of everybody who worked, where matching looks for it. */
async function restoreReputations({ db, node, deployment }: Rebuild, head: Head): Promise<number> {
  const chain = createChainReader(node, deployment, () => head);
  const rows = await db
    .selectFrom("offers")
    .innerJoin("workers", "workers.id", "offers.worker_id")
    .innerJoin("jobs", "jobs.id", "offers.job_id")
    .select(["workers.address", "jobs.domain"])
    .distinct()
    .where("offers.status", "=", "accepted")
    .execute();
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const read = await Promise.all(
      rows.slice(start, start + AT_ONCE).map(async ({ address, domain }) => ({
        address,
        domain,
        ...(await chain.reputationOf(address, domainOf(domain))),
      })),
    );
    await db.transaction().execute((trx) => storeReputations(trx, read));
  }
  return rows.length;
}

/** What jobs hold, and what went to workers and back to clients, by each job's status on chain. */
async function readMoney(db: Database): Promise<RebuildReport["money"]> {
  const { rows } = await sql<{ escrowed: bigint; paid: bigint; refunded: bigint }>`
    select
      coalesce(sum(reward + fee) filter (where chain_status not in ('paid', 'refunded', 'split')), 0)::int8 as escrowed,
      coalesce(sum(reward) filter (where chain_status = 'paid'), 0)::int8 as paid,
      coalesce(sum(reward + fee) filter (where chain_status = 'refunded'), 0)::int8 as refunded
    from jobs where chain_status is not null`.execute(db);
  return rows[0] ?? { escrowed: 0n, paid: 0n, refunded: 0n };
}
