import {
  type AddEvidence,
  ApiError,
  type Case,
  type CaseDocument,
  caseDocumentHashOf,
  parseTerms,
} from "@hireforhumans/protocol";
import type { Context, Trx } from "../context.ts";
import { type Caller, isWorker } from "../http/caller.ts";
import type { RecordOf } from "../records/record.ts";
import { copyOf, notKept } from "../evidence/links.ts";
import { carry, requirePool, wordOf } from "./carry.ts";
import { caseOf } from "./find.ts";
import { addEvidenceCall } from "./intents.ts";
import { presentCase } from "./present.ts";

interface NewDocument {
  jobId: string;
  document: RecordOf<"case_document">["document"];
  hash: string;
  by: string;
  /** SHA-256 of the files that it names. */
  files: string[];
}

/** Keeps what the chain has only the hash of, in the content store first. A second time changes nothing. */
export async function storeDocument(
  { records }: Pick<Context, "records">,
  trx: Trx,
  { jobId, document, hash, by, files }: NewDocument,
): Promise<void> {
  const { kind, body } = document;
  await records.put({
    kind: "case_document",
    job_id: jobId,
    document,
    hash,
    by,
    files,
    created_at: new Date().toISOString(),
  });
  await trx
    .insertInto("case_documents")
    .values({ job_id: jobId, kind, hash, by_address: by, body: JSON.stringify(body), files })
    .onConflict((conflict) => conflict.columns(["job_id", "kind", "hash"]).doNothing())
    .execute();
}

/**
 * Puts a party's evidence to the case and its hash on chain.
 * @throws ApiError not_found, evidence_*, and by the pool's refusals
 */
export async function addEvidence(ctx: Context, caller: Caller, jobId: string, body: AddEvidence): Promise<Case> {
  const found = await caseOf(ctx.db, caller, jobId);
  const { job, address: by } = found;
  const { document } = body;
  if (document.chain_job_id !== job.chain_job_id) {
    throw new ApiError(
      "evidence_not_for_this_job",
      `The document's chain_job_id is ${document.chain_job_id}; for this case it has to be ${job.chain_job_id}.`,
      { param: "document.chain_job_id" },
    );
  }
  const files = await uploadedFiles(ctx, caller, jobId, document);
  const hash = caseDocumentHashOf(document);
  const call = addEvidenceCall(requirePool(ctx).address, parseTerms(job.terms), {
    by,
    evidenceHash: hash,
    word: wordOf(body),
  });
  await carry(ctx, {
    call,
    jobId,
    store: (trx) => storeDocument(ctx, trx, { jobId, document: { kind: "evidence", body: document }, hash, by, files }),
  });
  return presentCase(ctx, await caseOf(ctx.db, caller, jobId));
}

async function uploadedFiles(ctx: Context, caller: Caller, jobId: string, { items }: CaseDocument): Promise<string[]> {
  const files: string[] = [];
  for (const [index, item] of items.entries()) {
    if (item.kind === "link" && item.sha256 !== undefined) {
      const copy = isWorker(caller) && (await copyOf(ctx.db, caller.worker.id, jobId, item.url, item.sha256));
      if (!copy) throw notKept(`document.items.${index}`, item.url, item.sha256);
      files.push(item.sha256);
    }
    if (item.kind !== "file") continue;
    const file = await ctx.db
      .selectFrom("file_uploads")
      .innerJoin("files", "files.sha256", "file_uploads.sha256")
      .select("files.size")
      .where("file_uploads.sha256", "=", item.sha256)
      .where(isWorker(caller) ? "worker_id" : "client_id", "=", isWorker(caller) ? caller.worker.id : caller.client.id)
      .executeTakeFirst();
    if (file?.size !== BigInt(item.size_bytes)) {
      const problem = file === undefined ? "was not uploaded by you" : `has ${file.size} bytes, not ${item.size_bytes}`;
      throw new ApiError("evidence_file_missing", `The file ${item.sha256} ${problem}.`, {
        param: `document.items.${index}`,
      });
    }
    files.push(item.sha256);
  }
  return files;
}
