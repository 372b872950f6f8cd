import { type Expression, type SqlBool, sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import type { IntentStatus } from "../database/schema.ts";
import { newId } from "../ids.ts";
import { type BatchCall, type BatchedIntent, gasOf } from "./batch.ts";
import type { Fees } from "./fees.ts";
import { GAS_LIMIT } from "./gas-limit.ts";
import type { FailureReason, Intent, IntentKind, NewIntent } from "./intent.ts";
import type { Receipt } from "./node.ts";
import type { SignedTransaction } from "./signer.ts";

/** The rows of the outbox. Whatever writes them but `insertIntents` runs behind the signer's lease. */

export interface StoredTransaction {
  hash: string;
  fees: Fees;
  signedAgoMs: number;
}

/** An intent that has a nonce and is not final: one that travels alone, or a batch. */
export interface OpenIntent extends Pick<Intent, "id" | "key" | "kind" | "jobId" | "signer"> {
  nonce: bigint;
  status: "signed" | "mined";
  minedHash: string | null;
  /** Newest first, and those of a nonce that was lost as well. */
  transactions: StoredTransaction[];
}

/** An intent as something is told of it: alone or out of a batch. */
export interface CarriedIntent extends Intent {
  /** Its place in the batch. */
  place: number;
  minedHash: string | null;
  minedBlockHash: string | null;
  createdAt: Date;
}

export interface UnsentTransaction {
  hash: string;
  raw: string;
  intentId: string;
  jobId: string | null;
}

/** @returns their ids in their order, also of those that were there before */
export async function insertIntents(trx: Trx, signer: string, intents: readonly NewIntent[]): Promise<string[]> {
  for (const { key, gasLimit } of intents) {
    if (gasLimit >= GAS_LIMIT.min && gasLimit <= GAS_LIMIT.max) continue;
    throw new RangeError(
      `Intent ${key} has a gas limit of ${gasLimit}; expected ${GAS_LIMIT.min} to ${GAS_LIMIT.max}.`,
    );
  }
  if (intents.length === 0) return [];
  const wanted = intents.map(({ key, kind, jobId, to, data, gasLimit }) => {
    return { id: newId("int"), key, kind, job: jobId ?? null, to, data, gas: gasLimit.toString() };
  });
  const { rows: inserted } = await sql<{ id: string; intent_key: string }>`
    with inserted as (
      insert into intents (id, intent_key, kind, job_id, signer, to_address, data, gas_limit)
      select id, key, kind, job, ${signer}, "to", data, gas
      from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
        as wanted (id text, key text, kind text, job text, "to" text, data text, gas int8)
      on conflict (intent_key) do nothing
      returning id, intent_key
    )
    select id, intent_key, pg_notify('intents', '') from inserted`.execute(trx);
  const ids = new Map(inserted.map(({ id, intent_key }) => [intent_key, id]));
  const missing = intents.map(({ key }) => key).filter((key) => !ids.has(key));
  if (missing.length > 0) {
    const rows = await trx
      .selectFrom("intents")
      .select(["id", "intent_key"])
      .where("intent_key", "in", missing)
      .execute();
    for (const { id, intent_key } of rows) ids.set(intent_key, id);
  }
  return intents.map(({ key }) => {
    const id = ids.get(key);
    if (id === undefined) throw new Error(`Intent ${key} was neither stored nor found.`);
    return id;
  });
}

/** Which transaction carries an intent: the newest, or the one that a block took. By intent, where there is one. */
export async function transactionsOf(
  db: Database,
  intentIds: readonly string[],
): Promise<Map<string, { hash: string; sent: boolean }>> {
  if (intentIds.length === 0) return new Map();
  const { rows } = await sql<{ id: string; hash: string; sent: boolean }>`
    select distinct on (i.id) i.id, t.hash,
      t.broadcast_at is not null or i.settled_at is not null or i.status not in ('signed', 'carried') as sent
    from intents i join transactions t on t.intent_id = coalesce(i.carrier_id, i.id)
    where i.id = any (${[...intentIds]}::text[])
    order by i.id, (t.hash is not distinct from i.mined_hash) desc, t.created_at desc`.execute(db);
  return new Map(rows.map(({ id, hash, sent }) => [id, { hash, sent }]));
}

const intentColumns = ["id", "intent_key", "kind", "job_id", "signer", "to_address", "data", "gas_limit"] as const;

/** Those that have no nonce yet. */
export async function readQueued(db: Database, signer: string, limit: number): Promise<BatchedIntent[]> {
  const rows = await db
    .selectFrom("intents")
    .select([...intentColumns, "alone"])
    .where("signer", "=", signer)
    .where("status", "=", "queued")
    .where("nonce", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...toIntent(row), alone: row.alone }));
}

/** Transactions that have their nonces and no bytes: whoever was to sign them did not get to the end. By nonce. */
export async function readAssigned(db: Database, signer: string): Promise<AssignedTransaction[]> {
  const rows = await db
    .selectFrom("intents")
    .select(["id", "nonce", "to_address", "data", "gas_limit"])
    .where("signer", "=", signer)
    .where("status", "=", "queued")
    .where("nonce", "is not", null)
    .orderBy("nonce")
    .execute();
  return rows.map(({ id, nonce, to_address, data, gas_limit }) => ({
    id,
    nonce: nonce ?? 0n,
    to: to_address,
    data,
    gasLimit: gas_limit,
  }));
}

/** Whether anything waits for a nonce or for its bytes. */
export async function hasQueued(db: Database, signer: string): Promise<boolean> {
  const { rows } = await sql`select 1 from intents where signer = ${signer} and status = 'queued' limit 1`.execute(db);
  return rows.length > 0;
}

/** Those that no block is known to hold, by nonce. */
export const readSigned = (db: Database, signer: string): Promise<OpenIntent[]> =>
  readOpen(db, sql<SqlBool>`signer = ${signer} and status = 'signed'`);

/** Those that these blocks were seen to hold. */
export const readMinedIn = (db: Database, signer: string, blockHashes: readonly string[]): Promise<OpenIntent[]> =>
  readOpen(db, sql<SqlBool>`signer = ${signer} and status = 'mined' and mined_block_hash = any (${[...blockHashes]})`);

/** Batches whose transaction a block holds, but of which not all members were told what became of them. */
export const readHalfTold = (db: Database, signer: string): Promise<OpenIntent[]> =>
  readOpen(
    db,
    sql<SqlBool>`status not in ('queued', 'signed') and id in (
      select carrier_id from intents where signer = ${signer} and status = 'carried' and settled_at is null
    )`,
  );

async function readOpen(db: Database, which: Expression<SqlBool>): Promise<OpenIntent[]> {
  const rows = await db
    .selectFrom("intents")
    .select(["id", "intent_key", "kind", "job_id", "signer", "nonce", "status", "mined_hash"])
    .where(which)
    .orderBy("nonce")
    .execute();
  if (rows.length === 0) return [];
  const transactions = await db
    .selectFrom("transactions")
    .select(["hash", "intent_id", "max_fee_per_gas", "max_priority_fee_per_gas"])
    .select(sql<number>`extract(epoch from clock_timestamp() - created_at)::float8 * 1000`.as("signed_ago_ms"))
    .where(
      "intent_id",
      "in",
      rows.map(({ id }) => id),
    )
    .orderBy("created_at", "desc")
    .execute();
  const byIntent = Map.groupBy(transactions, ({ intent_id }) => intent_id);
  return rows.map((row) => ({
    id: row.id,
    key: row.intent_key,
    kind: row.kind as IntentKind,
    jobId: row.job_id,
    signer: row.signer,
    nonce: row.nonce ?? 0n,
    status: row.status === "signed" ? "signed" : "mined",
    minedHash: row.mined_hash,
    transactions: (byIntent.get(row.id) ?? []).map((transaction) => ({
      hash: transaction.hash,
      fees: {
        maxFeePerGas: transaction.max_fee_per_gas,
        maxPriorityFeePerGas: transaction.max_priority_fee_per_gas,
      },
      signedAgoMs: transaction.signed_ago_ms,
    })),
  }));
}

/** The blocks that were seen to hold intents that are not final. */
export async function readMinedBlocks(
  db: Database,
  signer: string,
): Promise<{ hash: string; number: bigint | null; intents: number }[]> {
  const rows = await db
    .selectFrom("intents")
    .select(["mined_block_hash", (select) => select.fn.max("mined_block_number").as("number")])
    .select((select) => select.fn.countAll<bigint>().as("intents"))
    .where("signer", "=", signer)
    .where("status", "=", "mined")
    .groupBy("mined_block_hash")
    .execute();
  return rows.map(({ mined_block_hash, number, intents }) => ({
    hash: mined_block_hash ?? "",
    number,
    intents: Number(intents),
  }));
}

/** What a transaction of this intent does: the intents of a batch in their places, or the intent itself. */
export async function readCarried(
  db: Database,
  { id, kind }: Pick<OpenIntent, "id" | "kind">,
): Promise<CarriedIntent[]> {
  const rows = await db
    .selectFrom("intents")
    .select([...intentColumns, "carrier_index", "mined_hash", "mined_block_hash", "created_at"])
    .where(kind === "batch" ? "carrier_id" : "id", "=", id)
    .orderBy("carrier_index")
    .execute();
  return rows.map((row) => ({
    ...toIntent(row),
    place: row.carrier_index ?? 0,
    minedHash: row.mined_hash,
    minedBlockHash: row.mined_block_hash,
    createdAt: row.created_at,
  }));
}

export async function readCall(db: Database, intentId: string): Promise<Pick<Intent, "to" | "data" | "gasLimit">> {
  const row = await db
    .selectFrom("intents")
    .select(["to_address", "data", "gas_limit"])
    .where("id", "=", intentId)
    .executeTakeFirstOrThrow();
  return { to: row.to_address, data: row.data, gasLimit: row.gas_limit };
}

/** The newest transaction of each signed intent that no node has taken yet, or none for `againAfterMs`; by nonce. */
export async function readUnsent(db: Database, signer: string, againAfterMs: number): Promise<UnsentTransaction[]> {
  const { rows } = await sql<UnsentTransaction>`
    select hash, raw, intent_id as "intentId", job_id as "jobId" from (
      select distinct on (i.id) t.hash, t.raw, t.intent_id, i.job_id, t.nonce, t.broadcast_at
      from intents i join transactions t on t.intent_id = i.id and t.nonce = i.nonce
      where i.signer = ${signer} and i.status = 'signed'
      order by i.id, t.created_at desc
    ) newest
    where broadcast_at is null or broadcast_at < clock_timestamp() - make_interval(secs => ${againAfterMs / 1_000})
    order by nonce`.execute(db);
  return rows;
}

export async function markSent(db: Database, hashes: string[]): Promise<void> {
  if (hashes.length === 0) return;
  await db
    .updateTable("transactions")
    .set({ broadcast_at: sql`clock_timestamp()` })
    .where("hash", "in", hashes)
    .execute();
}

/** The first nonce is the chain's, later ones ours, unless somebody else used the key in between. */
export async function raiseNextNonce(trx: Trx, signer: string, pending: bigint): Promise<void> {
  await trx
    .insertInto("signer_nonces")
    .values({ signer, next_nonce: pending })
    .onConflict((conflict) =>
      conflict
        .column("signer")
        .doUpdateSet({ next_nonce: sql`greatest(signer_nonces.next_nonce, excluded.next_nonce)` }),
    )
    .execute();
}

/** A transaction that has its nonce, stored by the intent that holds it: one alone, or a batch. */
export interface AssignedTransaction extends Pick<Intent, "id" | "to" | "data" | "gasLimit"> {
  nonce: bigint;
}

/**
 * Gives each transaction the next nonce, and stores it with what is to be signed: of an intent alone its call, of several
 * the call of all of them, which gets a row of its own.
 */
export async function assignNonces(
  trx: Trx,
  signer: string,
  plans: readonly (readonly Intent[])[],
  batch: BatchCall | undefined,
): Promise<AssignedTransaction[]> {
  const { rows } = await sql<{ first: bigint }>`
    update signer_nonces set next_nonce = next_nonce + ${plans.length} where signer = ${signer}
    returning next_nonce - ${plans.length} as first`.execute(trx);
  const first = rows[0]?.first;
  if (first === undefined) throw new Error(`The next nonce of ${signer} is not known.`);
  const assigned = plans.map((intents, index) => ({
    ...callOf(intents, batch),
    nonce: first + BigInt(index),
    intents,
  }));
  await insertBatches(
    trx,
    signer,
    assigned.filter(({ intents }) => intents.length > 1),
  );
  const given = assigned.flatMap(({ id, intents, nonce }) =>
    intents.map((intent, place) =>
      intents.length === 1
        ? { id: intent.id, nonce: nonce.toString(), carrier: null, place: null }
        : { id: intent.id, nonce: null, carrier: id, place },
    ),
  );
  await sql`
    update intents set
      nonce = given.nonce, carrier_id = given.carrier, carrier_index = given.place,
      status = case when given.carrier is null then 'queued' else 'carried' end
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given (id text, nonce int8, carrier text, place int4)
    where intents.id = given.id`.execute(trx);
  return assigned.map(({ id, nonce, to, data, gasLimit }) => ({ id, nonce, to, data, gasLimit }));
}

/**
 * Stores signed bytes. Those of a nonce that is signed already, or was lost, are forgotten: nobody has sent them.
 * @returns all intents that these transactions carry, and the batches themselves
 */
export async function storeSigned(
  trx: Trx,
  fees: Fees,
  signed: readonly (SignedTransaction & { id: string; nonce: bigint })[],
): Promise<{ intent: Intent; hash: string }[]> {
  const given = JSON.stringify(signed.map(({ id, nonce, hash }) => ({ id, nonce: nonce.toString(), hash })));
  const returned = sql.join(
    ["hash", ...intentColumns].map((column) => sql.ref(column === "hash" ? "signed.hash" : `intents.${column}`)),
  );
  const holders = await sql<IntentRow & { hash: string }>`
    update intents set status = 'signed', first_hash = coalesce(first_hash, signed.hash)
    from jsonb_to_recordset(${given}::jsonb) as signed (id text, nonce int8, hash text)
    where intents.id = signed.id and intents.status = 'queued' and intents.nonce = signed.nonce
    returning ${returned}`.execute(trx);
  if (holders.rows.length === 0) return [];
  const stored = new Set(holders.rows.map(({ id }) => id));
  const members = await sql<IntentRow & { hash: string }>`
    update intents set first_hash = coalesce(first_hash, signed.hash)
    from jsonb_to_recordset(${given}::jsonb) as signed (id text, hash text)
    where intents.carrier_id = signed.id and signed.id = any (${[...stored]}::text[])
    returning ${returned}`.execute(trx);
  await insertTransactions(
    trx,
    fees,
    signed.filter(({ id }) => stored.has(id)),
  );
  return [...holders.rows, ...members.rows].map((row) => ({ intent: toIntent(row), hash: row.hash }));
}

function callOf(
  intents: readonly Intent[],
  batch: BatchCall | undefined,
): Pick<Intent, "id" | "to" | "data" | "gasLimit"> {
  const [alone, second] = intents;
  if (alone === undefined) throw new Error("a transaction without an intent");
  if (second === undefined || batch === undefined) return alone;
  const data = batch.encode(intents.map((intent) => intent.data));
  return { id: newId("int"), to: batch.to, data, gasLimit: gasOf(intents, batch) };
}

async function insertBatches(trx: Trx, signer: string, batches: readonly AssignedTransaction[]): Promise<void> {
  if (batches.length === 0) return;
  await trx
    .insertInto("intents")
    .values(
      batches.map(({ id, nonce, to, data, gasLimit }) => ({
        id,
        intent_key: `batch:${id}`,
        kind: "batch",
        signer,
        to_address: to,
        data,
        gas_limit: gasLimit,
        nonce,
      })),
    )
    .execute();
}

async function insertTransactions(
  trx: Trx,
  fees: Fees,
  signed: readonly (SignedTransaction & { id: string; nonce: bigint })[],
): Promise<void> {
  await trx
    .insertInto("transactions")
    .values(
      signed.map(({ id, nonce, hash, raw }) => ({
        hash,
        intent_id: id,
        nonce,
        raw,
        max_fee_per_gas: fees.maxFeePerGas,
        max_priority_fee_per_gas: fees.maxPriorityFeePerGas,
      })),
    )
    .execute();
}

export async function insertTransaction(
  trx: Trx,
  intentId: string,
  nonce: bigint,
  fees: Fees,
  signed: SignedTransaction,
): Promise<void> {
  await insertTransactions(trx, fees, [{ id: intentId, nonce, ...signed }]);
}

/** A block took a batch up. @param failure Why all of it was reverted: then none of its members has been told anything. */
export async function recordBatch(trx: Trx, batchId: string, receipt: Receipt, failure: string | null): Promise<void> {
  await trx
    .updateTable("intents")
    .set({ status: "mined", ...minedBy(receipt), failure, settled_at: sql`coalesce(settled_at, clock_timestamp())` })
    .where("id", "=", batchId)
    .execute();
  if (failure !== null) await forgetTold(trx, batchId);
}

/** What became of intents that one transaction carried. Without a reason they succeeded. */
export async function recordSettled(
  trx: Trx,
  intentIds: readonly string[],
  receipt: Receipt,
  reason: FailureReason | undefined,
): Promise<void> {
  await trx
    .updateTable("intents")
    .set({
      status: sql<IntentStatus>`case when carrier_id is null then 'mined' else status end`,
      ...minedBy(receipt),
      failure: reason?.message ?? null,
      failure_name: reason?.name ?? null,
      settled_at: sql`coalesce(settled_at, clock_timestamp())`,
    })
    .where("id", "in", intentIds)
    .execute();
}

/** An intent that the newest branch that was looked at holds, where it did nothing. */
export interface RefusedIntent extends Pick<Intent, "key" | "jobId"> {
  reason: Pick<FailureReason, "name" | "message">;
}

/** Those of one kind that the chain refused, of these jobs. */
export async function readRefused(trx: Trx, kind: IntentKind, jobIds: readonly string[]): Promise<RefusedIntent[]> {
  const rows = await trx
    .selectFrom("intents")
    .select(["intent_key", "job_id", "failure", "failure_name"])
    .where("job_id", "in", jobIds)
    .where("kind", "=", kind)
    .where("failure", "is not", null)
    .execute();
  return rows.map(({ intent_key, job_id, failure, failure_name }) => ({
    key: intent_key,
    jobId: job_id,
    reason: { name: failure_name ?? "Unknown", message: failure ?? "" },
  }));
}

const minedBy = ({ transactionHash, blockHash, blockNumber }: Receipt) => ({
  mined_hash: transactionHash,
  mined_block_hash: blockHash,
  mined_block_number: blockNumber,
});

const unmined = {
  mined_hash: null,
  mined_block_hash: null,
  mined_block_number: null,
  failure: null,
  failure_name: null,
  settled_at: null,
};

const forgetTold = (trx: Trx, batchId: string) =>
  trx.updateTable("intents").set(unmined).where("carrier_id", "=", batchId).execute();

/**
 * No reorg can change any more what became of these, nor of what they carried. Members of a batch that was reverted as a
 * whole did nothing and caused nothing: each travels alone now.
 */
export async function recordFinal(trx: Trx, intentIds: readonly string[]): Promise<void> {
  if (intentIds.length === 0) return;
  const outcome = sql<IntentStatus>`case when failure is null then 'final' else 'failed' end`;
  const rows = await trx
    .updateTable("intents")
    .set({ status: outcome })
    .where("id", "in", intentIds)
    // What could not be told yet is looked at again: final without a word would count as success.
    .where("settled_at", "is not", null)
    .returning(["id", "kind", "failure"])
    .execute();
  const batches = rows.filter(({ kind }) => kind === "batch");
  if (batches.length === 0) return;
  await trx
    .updateTable("intents")
    .set({ status: outcome })
    .where(
      "carrier_id",
      "in",
      batches.map(({ id }) => id),
    )
    .where("settled_at", "is not", null)
    .execute();
  const reverted = batches.filter(({ failure }) => failure !== null).map(({ id }) => id);
  if (reverted.length > 0) await unpack(trx, reverted, { alone: true });
}

/** Takes members out of batches that will never be mined, or did nothing. */
async function unpack(trx: Trx, batchIds: readonly string[], { alone }: { alone: boolean }): Promise<void> {
  await trx
    .updateTable("intents")
    .set({ status: "queued", carrier_id: null, carrier_index: null, ...(alone ? { alone } : {}) })
    .where("carrier_id", "in", batchIds)
    .where("status", "=", "carried")
    .execute();
}

/** The block that took the intent up is not of the chain any more: its transaction has to be broadcast again. */
export async function recordLostReceipt(trx: Trx, intentId: string): Promise<void> {
  await trx
    .updateTable("intents")
    .set({ status: "signed", ...unmined })
    .where("id", "=", intentId)
    .execute();
  await forgetTold(trx, intentId);
  await trx.updateTable("transactions").set({ broadcast_at: null }).where("intent_id", "=", intentId).execute();
}

/** The nonce is another transaction's for good, so that none of the intent's can be mined: what it does gets a new one. */
export async function recordLostNonce(trx: Trx, { id, kind }: OpenIntent): Promise<void> {
  await trx
    .updateTable("intents")
    .set(
      kind === "fill" || kind === "batch"
        ? {
            status: "failed",
            failure: "The nonce was used by another transaction before.",
            settled_at: sql`clock_timestamp()`,
          }
        : { status: "queued", nonce: null },
    )
    .where("id", "=", id)
    .execute();
  if (kind === "batch") await unpack(trx, [id], { alone: false });
}

/** Which of these nonces no intent has ever held. */
export async function unheldNonces(db: Database, signer: string, from: bigint, below: bigint): Promise<bigint[]> {
  const rows = await db
    .selectFrom("intents")
    .select("nonce")
    .where("signer", "=", signer)
    .where("nonce", ">=", from)
    .where("nonce", "<", below)
    .execute();
  const held = new Set(rows.map(({ nonce }) => nonce));
  const nonces = Array.from({ length: Number(below - from) }, (_, index) => from + BigInt(index));
  return nonces.filter((nonce) => !held.has(nonce));
}

interface IntentRow {
  id: string;
  intent_key: string;
  kind: string;
  job_id: string | null;
  signer: string;
  to_address: string;
  data: string;
  gas_limit: bigint;
}

function toIntent(row: IntentRow): Intent {
  return {
    id: row.id,
    key: row.intent_key,
    kind: row.kind as IntentKind,
    jobId: row.job_id,
    signer: row.signer,
    to: row.to_address,
    data: row.data,
    gasLimit: row.gas_limit,
  };
}
