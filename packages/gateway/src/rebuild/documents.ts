import { fingerprintsOf } from "@hireforhumans/oracle";
import type { Database, Trx } from "../context.ts";
import type { FileStore } from "../evidence/files.ts";
import { noteLinks } from "../evidence/links.ts";
import type { RecordOf, StoredRecord } from "../records/record.ts";
import { clientIdOf, workerIdOf } from "./accounts.ts";

/** Everything but jobs, which come before, and verdicts, which come after. */
export type DocumentRecord = Exclude<StoredRecord, { kind: "job" | "verdict" }>;

/** What became of a record. */
export type Restored = "added" | "known" | "unwanted";

/** Writes the rows of a recorded document. @returns "unwanted" where its job is not there */
export function restoreDocument(trx: Trx, record: DocumentRecord): Promise<Restored> {
  switch (record.kind) {
    case "evidence":
      return restoreEvidence(trx, record);
    case "confirmation":
      return restoreConfirmation(trx, record);
    case "case_document":
      return restoreCaseDocument(trx, record);
    case "file":
      return restoreFile(trx, record);
    case "link_copy":
      return restoreLinkCopy(trx, record);
    case "evidence_link":
      return restoreEvidenceLink(trx, record);
  }
}

const jobExists = async (trx: Trx, jobId: string): Promise<boolean> =>
  (await trx.selectFrom("jobs").select("id").where("id", "=", jobId).executeTakeFirst()) !== undefined;

/** A worker hands in once in a round. Where there are several records the chain says which was taken; else the first. */
async function restoreEvidence(trx: Trx, record: RecordOf<"evidence">): Promise<Restored> {
  const { bundle, evidence_hash } = record;
  if (!(await jobExists(trx, bundle.job_id))) return "unwanted";
  const onChain = await trx
    .selectFrom("chain_events")
    .select("log_index")
    .where("chain_job_id", "=", bundle.chain_job_id)
    .where((where) => where(where.ref("args", "->>").key("evidenceHash"), "=", evidence_hash))
    .limit(1)
    .executeTakeFirst();
  const said = {
    bundle: JSON.stringify(bundle),
    evidence_hash,
    fingerprints: fingerprintsOf(bundle),
    signature: record.signature,
    valid_until_seconds: BigInt(record.valid_until),
  };
  const workerId = await workerIdOf(trx, bundle.worker);
  const inserted = await trx
    .insertInto("evidence")
    .values({
      id: record.evidence_id,
      job_id: bundle.job_id,
      worker_id: workerId,
      round: bundle.round,
      ...said,
      created_at: new Date(record.created_at),
    })
    .onConflict((conflict) =>
      conflict
        .columns(["job_id", "round", "worker_id"])
        .doUpdateSet(said)
        .where("evidence.evidence_hash", "<>", onChain === undefined ? "" : evidence_hash)
        .where((where) => where.val(onChain !== undefined)),
    )
    .returning("id")
    .executeTakeFirst();
  if (inserted === undefined) return "known";
  await trx.deleteFrom("evidence_links").where("evidence_id", "=", inserted.id).execute();
  await noteLinks(trx, workerId, inserted.id, bundle);
  return "added";
}

async function restoreConfirmation(trx: Trx, record: RecordOf<"confirmation">): Promise<Restored> {
  if (!(await jobExists(trx, record.job_id))) return "unwanted";
  const answered = {
    answer: record.answer,
    answered_at: record.answered_at === null ? null : new Date(record.answered_at),
  };
  const inserted = await trx
    .insertInto("confirmations")
    .values({
      token_hash: record.token_hash,
      job_id: record.job_id,
      worker_id: await workerIdOf(trx, record.worker),
      statement: record.statement,
      ...answered,
      expires_at: new Date(record.expires_at),
    })
    .onConflict((conflict) =>
      conflict
        .column("token_hash")
        .doUpdateSet(answered)
        .where("confirmations.answer", "is", null)
        .where("excluded.answer", "is not", null),
    )
    .returning("token_hash")
    .executeTakeFirst();
  return inserted === undefined ? "known" : "added";
}

async function restoreCaseDocument(trx: Trx, record: RecordOf<"case_document">): Promise<Restored> {
  if (!(await jobExists(trx, record.job_id))) return "unwanted";
  const { kind, body } = record.document;
  const inserted = await trx
    .insertInto("case_documents")
    .values({
      job_id: record.job_id,
      kind,
      hash: record.hash,
      by_address: record.by,
      body: JSON.stringify(body),
      files: [...record.files],
      created_at: new Date(record.created_at),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("hash")
    .executeTakeFirst();
  return inserted === undefined ? "known" : "added";
}

const restoreContent = (trx: Trx, { sha256, size, media_type }: { sha256: string; size: number; media_type: string }) =>
  trx
    .insertInto("files")
    .values({ sha256, size: BigInt(size), media_type })
    .onConflict((conflict) => conflict.doNothing())
    .execute();

async function restoreFile(trx: Trx, record: RecordOf<"file">): Promise<Restored> {
  const { owner } = record;
  await restoreContent(trx, record);
  const inserted = await trx
    .insertInto("file_uploads")
    .values({
      id: record.file_id,
      sha256: record.sha256,
      name: record.name,
      ...("worker" in owner
        ? { worker_id: await workerIdOf(trx, owner.worker) }
        : { client_id: await clientIdOf(trx, owner.client) }),
      created_at: new Date(record.created_at),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted === undefined ? "known" : "added";
}

async function restoreLinkCopy(trx: Trx, record: RecordOf<"link_copy">): Promise<Restored> {
  if (!(await jobExists(trx, record.job_id))) return "unwanted";
  await restoreContent(trx, record);
  const inserted = await trx
    .insertInto("link_copies")
    .values({
      job_id: record.job_id,
      worker_id: await workerIdOf(trx, record.worker),
      url: record.url,
      sha256: record.sha256,
      media_type: record.media_type,
      created_at: new Date(record.created_at),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("sha256")
    .executeTakeFirst();
  return inserted === undefined ? "known" : "added";
}

/** The evidence's record came before. */
async function restoreEvidenceLink(trx: Trx, record: RecordOf<"evidence_link">): Promise<Restored> {
  const { evidence_id, item, sha256, media_type } = record;
  const evidence = await trx.selectFrom("evidence").select("id").where("id", "=", evidence_id).executeTakeFirst();
  if (evidence === undefined) return "unwanted";
  await restoreContent(trx, record);
  const updated = await trx
    .updateTable("evidence_links")
    .set({ sha256, media_type, problem: null })
    .where("evidence_id", "=", evidence_id)
    .where("item", "=", item)
    .where("sha256", "is", null)
    .returning("item")
    .executeTakeFirst();
  return updated === undefined ? "known" : "added";
}

/** @returns a line about each file that the rows name and the store does not have as it was */
export async function missingFiles(db: Database, files: FileStore): Promise<string[]> {
  const told: string[] = [];
  const rows = await db.selectFrom("files").select(["sha256", "size"]).orderBy("sha256").execute();
  for (const { sha256, size } of rows) {
    const stored = await files.open(sha256);
    stored?.content.destroy();
    if (stored === undefined) told.push(`file ${sha256}: not in the file store`);
    else if (BigInt(stored.size) !== size) told.push(`file ${sha256}: has ${stored.size} bytes, not ${size}`);
  }
  return told;
}
