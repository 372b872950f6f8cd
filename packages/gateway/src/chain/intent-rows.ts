import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import { newId } from "../ids.ts";
import type { Fees } from "./fees.ts";
import type { FailureReason, Intent, IntentKind, NewIntent } from "./intent.ts";
import type { Receipt } from "./node.ts";
import type { SignedTransaction, TransactionSigner } from "./signer.ts";

/** The rows of the outbox. Whatever writes them but `insertIntent` runs behind the signer's lease. */

export interface StoredTransaction {
  hash: string;
  fees: Fees;
  signedAgoMs: number;
}

/** An intent that has a nonce and is not final. */
export interface OpenIntent extends Intent {
  nonce: bigint;
  status: "signed" | "mined";
  minedHash: string | null;
  minedBlockHash: string | null;
  createdAt: Date;
  /** Newest first, and those of a nonce that was lost as well. */
  transactions: StoredTransaction[];
}

export interface UnsentTransaction {
  hash: string;
  raw: string;
  intentId: string;
}

/** EIP-7825: no transaction may ask for more than 2^24 gas; 21,000 is what any transaction costs. */
const GAS_LIMIT = { min: 21_000n, max: 2n ** 24n };

/** @returns their ids in their order, also of those that were there before */
export async function insertIntents(trx: Trx, signer: string, intents: readonly NewIntent[]): Promise<string[]> {
  for (const { key, gasLimit } of intents) {
    if (gasLimit >= GAS_LIMIT.min && gasLimit <= GAS_LIMIT.max) continue;
    throw new RangeError(
      `Intent ${key} has a gas limit of ${gasLimit}; expected ${GAS_LIMIT.min} to ${GAS_LIMIT.max}.`,
    );
  }
  if (intents.length === 0) return [];
  const inserted = await trx
    .insertInto("intents")
    .values(
      intents.map((intent) => ({
        id: newId("int"),
        intent_key: intent.key,
        kind: intent.kind,
        job_id: intent.jobId ?? null,
        signer,
        to_address: intent.to,
        data: intent.data,
        gas_limit: intent.gasLimit,
      })),
    )
    .onConflict((conflict) => conflict.column("intent_key").doNothing())
    .returning(["id", "intent_key"])
    .execute();
  if (inserted.length > 0) await sql`select pg_notify('intents', '')`.execute(trx);
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

/** The newest transaction of an intent, or the one that a block took. */
export async function transactionOf(
  db: Database,
  intentId: string,
): Promise<{ hash: string; sent: boolean } | undefined> {
  const row = await db
    .selectFrom("transactions")
    .innerJoin("intents", "intents.id", "transactions.intent_id")
    .select(["transactions.hash", "transactions.broadcast_at", "intents.status"])
    .where("intent_id", "=", intentId)
    .orderBy(sql`transactions.hash is not distinct from intents.mined_hash`, "desc")
    .orderBy("transactions.created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && { hash: row.hash, sent: row.broadcast_at !== null || row.status !== "signed" };
}

export async function readQueued(db: Database, signer: string, limit: number): Promise<Intent[]> {
  const rows = await db
    .selectFrom("intents")
    .select(["id", "intent_key", "kind", "job_id", "signer", "to_address", "data", "gas_limit"])
    .where("signer", "=", signer)
    .where("status", "=", "queued")
    .orderBy("created_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(toIntent);
}

export async function readOpen(db: Database, signer: string): Promise<OpenIntent[]> {
  const rows = await db
    .selectFrom("intents")
    .select(["id", "intent_key", "kind", "job_id", "signer", "to_address", "data", "gas_limit"])
    .select(["nonce", "status", "mined_hash", "mined_block_hash", "created_at"])
    .where("signer", "=", signer)
    .where("status", "in", ["signed", "mined"])
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
    ...toIntent(row),
    nonce: row.nonce ?? 0n,
    status: row.status === "mined" ? "mined" : "signed",
    minedHash: row.mined_hash,
    minedBlockHash: row.mined_block_hash,
    createdAt: row.created_at,
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

/** The newest transaction of each signed intent that no node has taken yet, or none for `againAfterMs`; by nonce. */
export async function readUnsent(db: Database, signer: string, againAfterMs: number): Promise<UnsentTransaction[]> {
  const { rows } = await sql<UnsentTransaction>`
    select hash, raw, intent_id as "intentId" from (
      select distinct on (i.id) t.hash, t.raw, t.intent_id, t.nonce, t.broadcast_at
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

/** Gives each intent the next nonce, and stores nonce and signed bytes. */
export async function signIntents(
  trx: Trx,
  intents: Intent[],
  { signer, chainId, fees }: { signer: TransactionSigner; chainId: bigint; fees: Fees },
): Promise<void> {
  const { next_nonce: first } = await trx
    .selectFrom("signer_nonces")
    .select("next_nonce")
    .where("signer", "=", signer.address)
    .forUpdate()
    .executeTakeFirstOrThrow();
  for (const [index, intent] of intents.entries()) {
    const nonce = first + BigInt(index);
    const { to, data, gasLimit } = intent;
    await insertTransaction(
      trx,
      intent.id,
      nonce,
      fees,
      await signer.sign({ chainId, nonce, to, data, gasLimit, ...fees }),
    );
    await trx.updateTable("intents").set({ nonce, status: "signed" }).where("id", "=", intent.id).execute();
  }
  await trx
    .updateTable("signer_nonces")
    .set({ next_nonce: first + BigInt(intents.length) })
    .where("signer", "=", signer.address)
    .execute();
}

export async function insertTransaction(
  trx: Trx,
  intentId: string,
  nonce: bigint,
  fees: Fees,
  { hash, raw }: SignedTransaction,
): Promise<void> {
  await trx
    .insertInto("transactions")
    .values({
      hash,
      intent_id: intentId,
      nonce,
      raw,
      max_fee_per_gas: fees.maxFeePerGas,
      max_priority_fee_per_gas: fees.maxPriorityFeePerGas,
    })
    .execute();
}

/** A block took the intent up. Without a reason it succeeded. */
export async function recordReceipt(
  trx: Trx,
  intentId: string,
  receipt: Receipt,
  reason: FailureReason | undefined,
): Promise<void> {
  await trx
    .updateTable("intents")
    .set({
      status: "mined",
      mined_hash: receipt.transactionHash,
      mined_block_hash: receipt.blockHash,
      failure: reason?.message ?? null,
      settled_at: sql`coalesce(settled_at, clock_timestamp())`,
    })
    .where("id", "=", intentId)
    .execute();
}

/** No reorg can change any more what became of these. */
export async function recordFinal(trx: Trx, intentIds: string[]): Promise<void> {
  await trx
    .updateTable("intents")
    .set({ status: sql`case when failure is null then 'final' else 'failed' end` })
    .where("id", "in", intentIds)
    .execute();
}

/** The block that took the intent up is not of the chain any more: its transaction has to be broadcast again. */
export async function recordLostReceipt(trx: Trx, intentId: string): Promise<void> {
  await trx
    .updateTable("intents")
    .set({ status: "signed", mined_hash: null, mined_block_hash: null, failure: null, settled_at: null })
    .where("id", "=", intentId)
    .execute();
  await trx.updateTable("transactions").set({ broadcast_at: null }).where("intent_id", "=", intentId).execute();
}

/** The nonce is another transaction's for good, so that none of the intent's can be mined: it gets a new one. */
export async function recordLostNonce(trx: Trx, intent: OpenIntent): Promise<void> {
  await trx
    .updateTable("intents")
    .set(
      intent.kind === "fill"
        ? {
            status: "failed",
            failure: "The nonce was used by another transaction before.",
            settled_at: sql`clock_timestamp()`,
          }
        : { status: "queued", nonce: null },
    )
    .where("id", "=", intent.id)
    .execute();
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

function toIntent(row: {
  id: string;
  intent_key: string;
  kind: string;
  job_id: string | null;
  signer: string;
  to_address: string;
  data: string;
  gas_limit: bigint;
}): Intent {
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
