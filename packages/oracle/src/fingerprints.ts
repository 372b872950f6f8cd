import { createHash } from "node:crypto";
import type { EvidenceBundle, EvidenceItem } from "@hireforhumans/protocol";

/** Below this many characters equal texts are common and mean nothing ("The refund was made."). */
const leastTextLength = 200;

/** The text whose likeness is looked at, whatever its spacing and case; undefined where it is too short to say anything. */
export function comparableText(text: string): string | undefined {
  const plain = text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
  return plain.length < leastTextLength ? undefined : plain;
}

/**
 * What tells a piece again in other evidence: "file:…", "text:…", "transaction:…". Links, references and confirmations
 * are bound to a job by other checks.
 */
export function fingerprintOf(item: EvidenceItem): string | undefined {
  switch (item.kind) {
    case "file":
      return `file:${item.sha256}`;
    case "transaction":
      return `transaction:${item.chain_id}:${item.hash.toLowerCase()}`;
    case "text": {
      const text = comparableText(item.text);
      return text === undefined ? undefined : `text:${createHash("sha256").update(text).digest("hex")}`;
    }
    default:
      return undefined;
  }
}

/** The fingerprints of all pieces that have one, each once. */
export function fingerprintsOf(bundle: EvidenceBundle): string[] {
  return [...new Set(bundle.items.map(fingerprintOf).filter((fingerprint) => fingerprint !== undefined))];
}
