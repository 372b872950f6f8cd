import {
  type ContextPacket,
  type Terms,
  domainOf,
  feeOf,
  jobIdOf,
  parseTerms,
  publicJobIdOf,
  termsToJson,
} from "@hireforhumans/protocol";
import type { ChainNode } from "../chain/node.ts";
import type { Deployment } from "../chain/reader.ts";
import type { Database, Trx } from "../context.ts";
import { redactPacket } from "../handoff/redact.ts";
import { appendJobEvent } from "../jobs/events.ts";
import type { RecordOf } from "../records/record.ts";
import { clientIdOf } from "./accounts.ts";
import { termsIn } from "./call-data.ts";

/** Named among a packet's redactions only where the packet itself is lost: every packet has an acceptance. */
export const LOST_MEMBER = "acceptance";
const LOST_MEMBERS = ["goal", "transcript", "entities", LOST_MEMBER];

/** Writes the row of a recorded job. @returns false where it is there already */
export async function restoreJob(trx: Trx, record: RecordOf<"job">): Promise<boolean> {
  const { asked, packet } = record;
  const terms = parseTerms(record.terms);
  const clientId = await clientIdOf(trx, terms.client);
  if (asked.pool_id !== null) await keepPool(trx, asked.pool_id, clientId);
  return insertJob(trx, {
    id: record.job_id,
    chainJobId: record.chain_job_id,
    clientId,
    terms,
    packet,
    asked,
    createdAt: new Date(record.created_at),
  });
}

/** Its name and members are gone; the id lets the pool's jobs be, and go to nobody else. */
async function keepPool(trx: Trx, id: string, clientId: string): Promise<void> {
  await trx
    .insertInto("pools")
    .values({ id, client_id: clientId, name: id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

interface RestoredJob {
  id: string;
  chainJobId: string;
  clientId: string;
  terms: Terms;
  packet: ContextPacket;
  asked: RecordOf<"job">["asked"];
  createdAt: Date;
}

async function insertJob(trx: Trx, job: RestoredJob): Promise<boolean> {
  const { id, chainJobId, clientId, terms, packet, asked, createdAt } = job;
  const inserted = await trx
    .insertInto("jobs")
    .values({
      id,
      client_id: clientId,
      chain_job_id: chainJobId,
      terms: JSON.stringify(termsToJson(terms)),
      request: JSON.stringify(asked.request),
      packet: JSON.stringify(packet),
      preview: JSON.stringify(redactPacket(packet)),
      status: "funding",
      deadline_seconds: terms.deadline,
      reward: terms.reward,
      fee: feeOf(terms.reward),
      category: asked.category,
      domain: asked.domain,
      skills: [...asked.skills],
      languages: [...asked.languages],
      certifications: [...asked.certifications],
      countries_allow: [...asked.countries_allow],
      countries_deny: [...asked.countries_deny],
      min_reputation: terms.minReputation.toString(),
      pool_id: asked.pool_id,
      tier: asked.tier,
      created_at: createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted === undefined) return false;
  await appendJobEvent(trx, { jobId: id, type: "job.created", once: "created" });
  return true;
}

/** By what a job shows that this gateway posted it. */
interface OurJobs {
  relayer: string;
  reviewFund: string | undefined;
}

interface Unrecorded {
  client: string;
  chain_job_id: string;
  transaction_hash: string;
  timestamp_seconds: bigint;
  salt: string;
}

/**
 * Makes rows of jobs that were funded through this relayer and of which the content store has no record, from the terms
 * in the transactions that funded them. Their money can be followed and ended; their context is gone, so nobody can be
 * asked to work on them.
 * @returns a line about each
 */
export async function restoreFromCallData(
  db: Database,
  { node, deployment, relayer, reviewFund }: { node: ChainNode; deployment: Deployment } & OurJobs,
): Promise<string[]> {
  const told: string[] = [];
  for (const funded of await readUnrecorded(db, deployment.escrow)) {
    const id = publicJobIdOf(funded.salt);
    if (id === undefined && funded.client === reviewFund)
      told.push(
        `review job ${funded.chain_job_id}: no record, and no terms tell its id; its money can be taken back on chain after its deadline`,
      );
    if (id === undefined) continue;
    const terms = await termsOf(node, deployment, funded);
    if (terms === undefined) {
      told.push(`job ${id}: no record, and transaction ${funded.transaction_hash} does not show its terms`);
    } else if (terms.matcher === relayer) {
      await db.transaction().execute((trx) => restoreWithoutContext(trx, id, funded, terms));
      told.push(`job ${id}: no record, so its context packet is lost; its money was restored from the chain`);
    }
  }
  return told;
}

async function readUnrecorded(db: Database, escrow: string): Promise<Unrecorded[]> {
  const rows = await db
    .selectFrom("chain_events")
    .innerJoin("blocks", "blocks.hash", "chain_events.block_hash")
    .leftJoin("jobs", "jobs.chain_job_id", "chain_events.chain_job_id")
    .select(["chain_events.chain_job_id", "transaction_hash", "args", "blocks.timestamp_seconds"])
    .where("chain_events.name", "=", "Funded")
    .where("chain_events.address", "=", escrow)
    .where("jobs.id", "is", null)
    .orderBy("block_number")
    .execute();
  return rows.flatMap(({ chain_job_id, args, ...row }) =>
    chain_job_id === null ? [] : [{ ...row, chain_job_id, client: args["client"] ?? "", salt: args["salt"] ?? "" }],
  );
}

async function termsOf(
  node: ChainNode,
  { chainId, escrow }: Deployment,
  { chain_job_id, transaction_hash }: Unrecorded,
): Promise<Terms | undefined> {
  const transaction = (await node.send("eth_getTransactionByHash", [transaction_hash])) as { input?: string } | null;
  return termsIn(transaction?.input ?? "0x").find((terms) => jobIdOf(chainId, escrow, terms) === chain_job_id);
}

async function restoreWithoutContext(trx: Trx, id: string, funded: Unrecorded, terms: Terms): Promise<void> {
  const domains = await trx.selectFrom("jobs").select("domain").distinct().execute();
  const domain = domains.find((known) => domainOf(known.domain) === terms.domain)?.domain ?? "lost";
  const goal = "The context of this job was lost with the database that held it.";
  const packet: ContextPacket = {
    version: 1,
    job_id: id,
    reason: "lost",
    goal,
    question: null,
    summary: null,
    transcript: [],
    entities: {},
    attempts: [],
    user_confirmed: [],
    constraints: [],
    attachments: [],
    acceptance: { required_evidence: [], checks: [], reviewers: 0 },
    response_schema: null,
    response_options: [],
    state: null,
    deadline_at: new Date(Number(terms.deadline) * 1000).toISOString(),
    redactions: LOST_MEMBERS,
    packet_hash: terms.specHash,
  };
  const request = { description: goal, requirements: [], fallback: "wait" as const, metadata: {}, state: null };
  await insertJob(trx, {
    id,
    chainJobId: funded.chain_job_id,
    clientId: await clientIdOf(trx, terms.client),
    terms,
    packet,
    asked: {
      request,
      category: "lost",
      domain,
      skills: [],
      languages: [],
      certifications: [],
      countries_allow: [],
      countries_deny: [],
      pool_id: null,
      tier: "general",
    },
    createdAt: new Date(Number(funded.timestamp_seconds) * 1000),
  });
}
