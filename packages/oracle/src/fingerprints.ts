import { createHash } from "node:crypto";
import type { EvidenceBundle } from "@hireforhumans/protocol";

/** Below this many characters equal texts are common and mean nothing ("The refund was made."). */
const leastTextLength = 200;

/**
 * What tells a bundle's pieces again in other evidence, whatever their spacing and case: "file:…", "text:…",
 * "transaction:…". Links, references and confirmations are bound to a job by other checks.
 */
export function fingerprintsOf(bundle: EvidenceBundle): string[] {
  const fingerprints = bundle.items.flatMap((item) => {
    switch (item.kind) {
      case "file":
        return [`file:${item.sha256}`];
      case "transaction":
        return [`transaction:${item.chain_id}:${item.hash.toLowerCase()}`];
      case "text": {
        const text = item.text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
        return text.length < leastTextLength ? [] : [`text:${createHash("sha256").update(text).digest("hex")}`];
      }
      default:
        return [];
    }
  });
  return [...new Set(fingerprints)];
}
