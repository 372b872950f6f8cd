import type { AuditEntry, AuditHead, AuditVerification } from "@hireforhumans/protocol";
import type { Database } from "../context.ts";
import { hashOfEntry, NO_HASH, presentEntry } from "./entry.ts";

const AT_ONCE = 1_000;

/**
 * Walks the chain of privileged acts from its beginning.
 * @param known an entry that was written down elsewhere; the chain has to hold it
 */
export async function verifyAudit(db: Database, known?: AuditHead): Promise<AuditVerification> {
  let head: AuditHead | null = null;
  for await (const entry of entriesOf(db)) {
    const problem = problemOf(entry, head, known);
    const sequence = head === null ? 1 : head.sequence + 1;
    if (problem !== undefined) return { intact: false, head, first_broken: { sequence, problem } };
    head = { sequence: entry.sequence, hash: entry.hash };
  }
  if (known !== undefined && (head?.sequence ?? 0) < known.sequence) {
    const problem = `the chain ends at ${head?.sequence ?? 0}; an entry ${known.sequence} was written down elsewhere`;
    return { intact: false, head, first_broken: { sequence: (head?.sequence ?? 0) + 1, problem } };
  }
  return { intact: true, head, first_broken: null };
}

async function* entriesOf(db: Database): AsyncGenerator<AuditEntry> {
  for (let after = 0n; ;) {
    const rows = await db
      .selectFrom("audit_log")
      .selectAll()
      .where("sequence", ">", after)
      .orderBy("sequence")
      .limit(AT_ONCE)
      .execute();
    yield* rows.map(presentEntry);
    const last = rows.at(-1);
    if (last === undefined || rows.length < AT_ONCE) return;
    after = last.sequence;
  }
}

function problemOf(
  { hash, ...rest }: AuditEntry,
  before: AuditHead | null,
  known: AuditHead | undefined,
): string | undefined {
  const expected = (before?.sequence ?? 0) + 1;
  if (rest.sequence !== expected) return `entry ${expected} is missing; the next is ${rest.sequence}`;
  if (rest.previous_hash !== (before?.hash ?? NO_HASH)) {
    return `it follows ${rest.previous_hash}, not ${before?.hash ?? NO_HASH}, which stands before it`;
  }
  const actual = hashOfEntry(rest);
  if (actual !== hash) return `its hash is ${hash}; its content hashes to ${actual}`;
  if (known?.sequence !== rest.sequence || known.hash === hash) return undefined;
  return `its hash is ${hash}; ${known.hash} was written down elsewhere`;
}
