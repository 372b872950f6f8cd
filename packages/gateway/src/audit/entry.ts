import { createHash } from "node:crypto";
import { type AuditEntry, canonicalJson } from "@hireforhumans/protocol";
import type { Selectable } from "kysely";
import type { Schema } from "../database/schema.ts";

/** What stands before the first entry. */
export const NO_HASH = "0".repeat(64);

/** @returns SHA-256 in hex over the canonical JSON (RFC 8785) of everything in the entry but its hash */
export function hashOfEntry(entry: Omit<AuditEntry, "hash">): string {
  return createHash("sha256").update(canonicalJson(entry)).digest("hex");
}

/** An entry as it goes over the wire and into the hash. */
export function presentEntry({ sequence, at, ...row }: Selectable<Schema["audit_log"]>): AuditEntry {
  return { sequence: Number(sequence), at: at.toISOString(), ...row };
}
