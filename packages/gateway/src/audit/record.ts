import { sql } from "kysely";
import type { AuditAction, AuditDetails } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import { type AnyCaller, isOperator, isWorker } from "../http/caller.ts";
import { hashOfEntry, NO_HASH } from "./entry.ts";

/** Who did it, in which request. Any call that a route is handed will do. */
export interface Act {
  caller: AnyCaller | "gateway";
  requestId?: string;
}

export interface ActDone {
  action: AuditAction;
  /** The id of what it was done to. */
  subject: string;
  /** Whose it is, where it is a client's. */
  clientId?: string;
  /** For a reader a year later. Never a secret. */
  details?: AuditDetails;
}

/** Any number will do that nothing else locks by. */
const CHAIN_LOCK = 0x61756469;

/**
 * Writes down a privileged act, in the transaction that does it. It is the last thing to do there: until the commit no
 * other gateway can add to the chain.
 */
export async function recordAct(trx: Trx, { caller, requestId }: Act, done: ActDone): Promise<void> {
  await sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`.execute(trx);
  const head = await trx
    .selectFrom("audit_log")
    .select(["sequence", "hash"])
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  const at = new Date();
  const entry = {
    sequence: Number(head?.sequence ?? 0n) + 1,
    at: at.toISOString(),
    actor: actorOf(caller),
    action: done.action,
    subject: done.subject,
    client_id: done.clientId ?? null,
    request_id: requestId ?? null,
    details: done.details ?? {},
    previous_hash: head?.hash ?? NO_HASH,
  };
  await trx
    .insertInto("audit_log")
    .values({
      ...entry,
      sequence: BigInt(entry.sequence),
      at,
      details: JSON.stringify(entry.details),
      hash: hashOfEntry(entry),
    })
    .execute();
}

function actorOf(caller: Act["caller"]): string {
  if (caller === "gateway") return "gateway";
  if (isOperator(caller)) return "operator";
  return isWorker(caller) ? caller.worker.id : caller.key.id;
}
