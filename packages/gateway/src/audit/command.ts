import { parseArgs } from "node:util";
import type { AuditHead } from "@hireforhumans/protocol";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { openDatabase } from "../database/open.ts";
import { verifyAudit } from "./verify.ts";

/** The command's words are not what it takes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const USAGE = "npx pnpm@12 gateway audit verify [--known SEQUENCE:HASH]";

/**
 * `gateway audit verify`: walks the chain of privileged acts in the database of the configuration, whether a gateway runs
 * on it or not (the embedded one has room for one process: ask its gateway by GET /v1/audit/verification).
 * @returns whether the chain is whole
 * @throws UsageError for other words
 */
export async function auditCommand(words: string[], config: Config, log: Logger): Promise<boolean> {
  const known = knownIn(words);
  const database = await openDatabase(config, log);
  try {
    const { intact, head, first_broken } = await verifyAudit(database.db, known);
    const end = head === null ? "no entries" : `${head.sequence} entries; head ${head.sequence}:${head.hash}`;
    console.log(intact ? `The audit log is whole: ${end}` : brokenAt(first_broken));
    return intact;
  } finally {
    await database.close();
  }
}

const brokenAt = (broken: { sequence: number; problem: string } | null): string =>
  `The audit log is broken at entry ${broken?.sequence}: ${broken?.problem}.`;

function knownIn(words: string[]): AuditHead | undefined {
  const { positionals, values } = parseArgs({
    args: words,
    allowPositionals: true,
    strict: false,
    options: { known: { type: "string" } },
  });
  const others = Object.keys(values).filter((name) => name !== "known");
  if (positionals.join(" ") !== "verify" || others.length > 0) throw new UsageError(`The command is ${USAGE}`);
  return values.known === undefined ? undefined : headIn(String(values.known));
}

function headIn(text: string): AuditHead {
  const [, sequence, hash = ""] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined) {
    throw new UsageError(`--known is ${JSON.stringify(text)}; expected SEQUENCE:HASH as a log line has it.`);
  }
  return { sequence: Number(sequence), hash };
}
