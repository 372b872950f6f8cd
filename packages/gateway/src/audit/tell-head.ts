import type { Context } from "../context.ts";

/**
 * Logs the last entry of the chain of privileged acts whenever it is another one: who keeps logs apart from the database
 * can show later that the chain was not rewritten.
 * @returns a sweep
 */
export function createHeadTeller({ db, log }: Pick<Context, "db" | "log">): () => Promise<number> {
  let told: bigint | undefined;
  return async () => {
    const head = await db
      .selectFrom("audit_log")
      .select(["sequence", "hash"])
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    if (head === undefined || head.sequence === told) return 0;
    told = head.sequence;
    log.info({ audit_sequence: Number(head.sequence), audit_hash: head.hash }, "the head of the audit log");
    return 0;
  };
}
