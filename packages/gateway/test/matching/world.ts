import { Wallet, ZeroAddress } from "ethers";
import { type InsertObject, sql } from "kysely";
import { type Terms, domainOf, escrowDomain, jobIdOf, saltOf, signWord, termsToJson } from "@hireforhumans/protocol";
import { devAccounts } from "../../../../scripts/chain/dev-accounts.ts";
import type { Context } from "../../src/context.ts";
import type { Schema } from "../../src/database/schema.ts";
import { buildPacket } from "../../src/handoff/packet.ts";
import { redactPacket } from "../../src/handoff/redact.ts";
import { newId } from "../../src/ids.ts";
import { bootstrapClient } from "../../src/keys/bootstrap.ts";
import { type AcceptOffer, createAcceptance } from "../../src/matching/accept.ts";
import { type Waves, createWaves } from "../../src/matching/waves.ts";
import { syncProfiles } from "../../src/workers/places.ts";
import { createSession } from "../../src/workers/sessions.ts";
import { type MatchingGateway, matchingGateway } from "./gateway.ts";

export interface TestWorker {
  id: string;
  wallet: Pick<Wallet, "address" | "signTypedData" | "signMessage">;
  token: string;
  profileId: string;
}

export interface TestClient {
  id: string;
  keyId: string;
  apiKey: string;
  address: string;
}

type WorkerRow = Partial<InsertObject<Schema, "workers">>;
type ProfileRow = Partial<InsertObject<Schema, "profiles">>;
type JobRow = Partial<Omit<InsertObject<Schema, "jobs">, "packet" | "request" | "terms">>;

export interface JobOverrides extends JobRow {
  /** Default: 3600 s after the chain's time. */
  deadline_seconds?: bigint;
  domain?: string;
  /** WAD. */
  min_reputation?: string;
  /** The only address that the terms let accept. */
  worker?: string;
  description?: string;
  fallback?: string;
}

export interface AcceptOverrides {
  round?: bigint;
  validUntil?: bigint;
  escrow?: string;
  chainId?: bigint;
}

export const WORK_WINDOW_SECONDS = 900n;
const verifier = new Wallet(`0x${"55".repeat(32)}`).address;

/** What tests fill, in the order in which it can be emptied. */
const filled = [
  "reviews",
  "golden_tasks",
  "webhook_deliveries",
  "webhook_endpoints",
  "transactions",
  "intents",
  "job_events",
  "offers",
  "jobs",
  "profiles",
  "sessions",
  "workers",
  "sign_ins",
  "reputations",
  "pools",
] as const satisfies (keyof Schema)[];

export interface MatchingWorld extends MatchingGateway {
  client: TestClient;
  waves: Waves;
  accept: AcceptOffer;
  /** On line, free, does billing in English. */
  worker(profile?: ProfileRow, worker?: WorkerRow): Promise<TestWorker>;
  /** An open, funded job whose first wave is due. */
  job(overrides?: JobOverrides): Promise<string>;
  /** Moves a job's offers and next wave this far into the past, as if so much time had gone by. */
  pass(jobId: string, seconds: number): Promise<void>;
  /** The oldest first. */
  offers(jobId: string): ReturnType<typeof offersOf>;
  /** A worker's signed acceptance, as the API takes it. */
  acceptance(worker: TestWorker, jobId: string, change?: AcceptOverrides): ReturnType<typeof sign>;
  clear(): Promise<void>;
}

/** A gateway's matching with a client, stepped by hand. */
export async function matchingWorld(...on: Parameters<typeof matchingGateway>): Promise<MatchingWorld> {
  const gateway = await matchingGateway(...on);
  const { ctx, clock } = gateway;
  const { address } = devAccounts.client;
  const { clientId, keyId, apiKey } = await bootstrapClient(ctx.db, { address });
  const client = { id: clientId, keyId, apiKey, address };
  return {
    ...gateway,
    client,
    waves: createWaves(ctx),
    accept: createAcceptance(ctx),
    worker: (profile = {}, worker = {}) => insertWorker(ctx, profile, worker),
    job: (overrides = {}) => insertJob(ctx, client, { deadline_seconds: clock.seconds + 3600n, ...overrides }),
    pass: (jobId, seconds) => moveBack(ctx, jobId, seconds),
    offers: (jobId) => offersOf(ctx, jobId),
    acceptance: (worker, jobId, change = {}) =>
      sign(ctx, worker, jobId, { validUntil: clock.seconds + 600n, ...change }),
    async clear() {
      for (const table of filled) await ctx.db.deleteFrom(table).execute();
    },
  };
}

async function insertWorker({ db }: Context, profile: ProfileRow, worker: WorkerRow): Promise<TestWorker> {
  const wallet = Wallet.createRandom();
  const [id, profileId] = [newId("wrk"), newId("prf")];
  const token = await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("workers")
      .values({ id, address: wallet.address, presence: "online", ...worker })
      .execute();
    const trade = { domain: "support", languages: ["en"], skills: ["billing"] };
    await trx
      .insertInto("profiles")
      .values({ id: profileId, worker_id: id, ...trade, ...profile })
      .execute();
    await syncProfiles(trx, [id]);
    return (await createSession(trx, id)).token;
  });
  return { id, wallet, token, profileId };
}

async function insertJob(
  { db, chain, outbox }: Context,
  client: TestClient,
  {
    worker = ZeroAddress,
    description = "Call the customer back.",
    fallback = "wait",
    ...row
  }: JobOverrides & { deadline_seconds: bigint },
): Promise<string> {
  const id = newId("job");
  const domain = row.domain ?? "support";
  const { packet, packetHash } = buildPacket({
    jobId: id,
    request: { category: "support", description, context: { customer_name: "Maria Lopez" } },
    deadlineAt: new Date(Number(row.deadline_seconds) * 1000),
  });
  const terms: Terms = {
    client: client.address,
    worker,
    matcher: outbox.signer,
    verifier,
    arbiter: ZeroAddress,
    reward: 15_000_000n,
    minReputation: BigInt(row.min_reputation ?? 0),
    backstopShareBps: 5000n,
    deadline: row.deadline_seconds,
    workWindow: WORK_WINDOW_SECONDS,
    verifyWindow: 600n,
    reviewWindow: 0n,
    domain: domainOf(domain),
    specHash: packetHash,
    salt: saltOf(id),
  };
  const asked = { requirements: [], tier: null, min_reputation: null, metadata: {}, state: null };
  await db
    .insertInto("jobs")
    .values({
      id,
      client_id: client.id,
      key_id: client.keyId,
      chain_job_id: jobIdOf(chain.deployment.chainId, chain.deployment.escrow, terms),
      terms: JSON.stringify(termsToJson(terms)),
      request: JSON.stringify({ description, fallback, ...asked }),
      packet: JSON.stringify(packet),
      preview: JSON.stringify(redactPacket(packet)),
      status: "open",
      chain_status: "open",
      reward: terms.reward,
      fee: 375_000n,
      category: "support",
      domain,
      tier: "general",
      funded_at: new Date(),
      next_wave_at: sql`now()`,
      ...row,
    })
    .execute();
  return id;
}

async function moveBack({ db }: Context, jobId: string, seconds: number): Promise<void> {
  const back = (column: string) => sql<Date>`${sql.ref(column)} - make_interval(secs => ${seconds})`;
  await db
    .updateTable("offers")
    .set({ expires_at: back("expires_at") })
    .where("job_id", "=", jobId)
    .execute();
  await db
    .updateTable("jobs")
    .set({ next_wave_at: back("next_wave_at") })
    .where("id", "=", jobId)
    .execute();
}

function offersOf({ db }: Context, jobId: string) {
  return db
    .selectFrom("offers")
    .select(["id", "worker_id", "status", "wave", "reason"])
    .where("job_id", "=", jobId)
    .orderBy("id")
    .execute();
}

async function sign(
  { db, chain: { deployment } }: Context,
  { wallet }: TestWorker,
  jobId: string,
  { round = 0n, validUntil, escrow, chainId }: AcceptOverrides & { validUntil: bigint },
) {
  const { chain_job_id } = await db
    .selectFrom("jobs")
    .select("chain_job_id")
    .where("id", "=", jobId)
    .executeTakeFirstOrThrow();
  const domain = escrowDomain(chainId ?? deployment.chainId, escrow ?? deployment.escrow);
  const signature = await signWord(wallet, domain, "Accept", { jobId: chain_job_id, round, validUntil });
  return { valid_until: Number(validUntil), signature };
}
