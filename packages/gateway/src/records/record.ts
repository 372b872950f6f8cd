import type { CaseDocument, ContextPacket, EvidenceBundle, TermsJson, VerdictReasons } from "@hireforhumans/protocol";
import {
  caseDocumentHashOf,
  evidenceHashOf,
  jobIdOf,
  packetHashOf,
  parseTerms,
  reasonsHashOf,
  statementHashOf,
} from "@hireforhumans/protocol";
import type { StoredRequest } from "../database/schema.ts";

/**
 * What the content store keeps of jobs beside files: everything that the chain has only the hash of, so that the
 * database can be made anew from both. JSON all through; instants are ISO 8601.
 */
export type StoredRecord =
  | JobRecord
  | EvidenceRecord
  | VerdictRecord
  | CaseDocumentRecord
  | ConfirmationRecord
  | FileRecord
  | LinkCopyRecord
  | EvidenceLinkRecord;

export type RecordOf<Kind extends StoredRecord["kind"]> = Extract<StoredRecord, { kind: Kind }>;

/** A job as it was asked for. It may never have been funded: the record comes before the chain hears of the job. */
interface JobRecord {
  kind: "job";
  job_id: string;
  chain_job_id: string;
  terms: TermsJson;
  packet: ContextPacket;
  /** Whom it can go to, and what only its client is shown. */
  asked: {
    request: StoredRequest;
    category: string;
    domain: string;
    skills: readonly string[];
    languages: readonly string[];
    certifications: readonly string[];
    countries_allow: readonly string[];
    countries_deny: readonly string[];
    pool_id: string | null;
    tier: string;
  };
  /** What it is a review of, where it is one. */
  review: { evidence_id: string } | { golden_id: string } | null;
  created_at: string;
}

/** A worker's evidence with the signed word that brings it to the chain. */
interface EvidenceRecord {
  kind: "evidence";
  evidence_id: string;
  evidence_hash: string;
  bundle: EvidenceBundle;
  signature: string;
  valid_until: string;
  created_at: string;
}

/** What the oracle signed, and why. */
interface VerdictRecord {
  kind: "verdict";
  evidence_id: string;
  job_id: string;
  outcome: "pass" | "fail";
  reasons: VerdictReasons;
  reasons_hash: string;
  signature: string;
  valid_until: string;
  created_at: string;
}

/** A statement or evidence before the jurors. */
interface CaseDocumentRecord {
  kind: "case_document";
  job_id: string;
  document: { kind: "statement"; body: string } | { kind: "evidence"; body: CaseDocument };
  hash: string;
  by: string;
  files: readonly string[];
  created_at: string;
}

/** What a customer was asked and, in a later record of the same, answered. */
interface ConfirmationRecord {
  kind: "confirmation";
  token_hash: string;
  job_id: string;
  worker: string;
  statement: string;
  answer: "confirmed" | "denied" | null;
  answered_at: string | null;
  expires_at: string;
}

/** Whose a stored file is; its bytes are in the file store under the same hash. */
interface FileRecord {
  kind: "file";
  file_id: string;
  sha256: string;
  size: number;
  media_type: string;
  name: string;
  /** The account that uploaded it, as worker or as client. */
  owner: { worker: string } | { client: string };
  created_at: string;
}

/** What a link leads to, kept like a file. */
interface Kept {
  sha256: string;
  size: number;
  media_type: string;
}

/** A page that was kept for a worker who has a job in hand, to be named in evidence. */
interface LinkCopyRecord extends Kept {
  kind: "link_copy";
  job_id: string;
  worker: string;
  url: string;
  created_at: string;
}

/** The page by which a link of evidence is judged. */
interface EvidenceLinkRecord extends Kept {
  kind: "evidence_link";
  evidence_id: string;
  item: number;
}

/**
 * Compares a record with the hashes that the chain holds of it.
 * @returns what is wrong with it; undefined: nothing
 */
export function faultOf(record: StoredRecord, { chainId, escrow }: { chainId: bigint; escrow: string }) {
  switch (record.kind) {
    case "job": {
      if (jobIdOf(chainId, escrow, parseTerms(record.terms)) !== record.chain_job_id)
        return `job ${record.job_id}: its terms are not those of ${record.chain_job_id}`;
      return packetHashOf(record.packet) === record.terms.spec_hash
        ? undefined
        : `job ${record.job_id}: its context packet is not the one of its terms`;
    }
    case "evidence":
      return evidenceHashOf(record.bundle) === record.evidence_hash
        ? undefined
        : `evidence ${record.evidence_id}: its bundle does not have the hash ${record.evidence_hash}`;
    case "verdict":
      return reasonsHashOf(record.reasons) === record.reasons_hash
        ? undefined
        : `verdict on ${record.evidence_id}: its reasons do not have the hash ${record.reasons_hash}`;
    case "case_document": {
      const { document, hash } = record;
      const actual = document.kind === "statement" ? statementHashOf(document.body) : caseDocumentHashOf(document.body);
      return actual === hash
        ? undefined
        : `case of ${record.job_id}: a ${document.kind} does not have the hash ${hash}`;
    }
    default:
      return undefined;
  }
}
