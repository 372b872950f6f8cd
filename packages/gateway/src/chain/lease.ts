import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import { inTurns } from "../turns.ts";
import { FencedOut } from "./errors.ts";

/** How long a holder that died keeps others waiting. */
export const LEASE_SECONDS = 6;
const RENEW_AFTER_MS = (LEASE_SECONDS * 1_000) / 4;
/** A look that comes a moment before a renewal is due is followed by another soon. */
const LOOK_MS = RENEW_AFTER_MS / 3;
/**
 * How long a holder that stands still in the middle of a transaction may have its row, which nobody can take meanwhile.
 * Shorter than for other transactions, since it may have had to wait for one of those.
 */
const IDLE_MS = 3_000;

/** The right to do what only one process may do at a time. Clocks of processes play no part: the database's counts. */
export interface Lease {
  readonly name: string;
  /**
   * Takes or renews it; asks the database only when that is due.
   * @returns whether it is held, and whether it was not before this call
   */
  keep(): Promise<{ held: boolean; taken: boolean }>;
  /**
   * A transaction that only the holder may make: it keeps the lease where it is until the commit, and renews it, so that
   * nobody takes it from a holder that is slow but at work. One at a time: each would wait for the row of the lease in any
   * case, and were the process to stand still, each that waits in the database would then hold the row in its turn.
   * @throws FencedOut when another holder has it
   */
  transaction<Result>(work: (trx: Trx) => Promise<Result>): Promise<Result>;
  /**
   * Renews it while work goes on outside of transactions that may take longer than it lasts. Who loses it all the same
   * learns of that by the next transaction.
   */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  release(): Promise<void>;
}

export function createLease(db: Database, name: string): Lease {
  const holder = randomUUID();
  let fence: bigint | undefined;
  let renewedAt = -Infinity;
  /** Transactions that are under way or wait for their turn. */
  let transactions = 0;
  const inTurn = inTurns();

  async function take(): Promise<bigint | undefined> {
    const { rows } = await sql<{ fence: bigint }>`
      insert into leases (name, holder, fence, expires_at)
      values (${name}, ${holder}, 1, clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}))
      on conflict (name) do update
        set holder = excluded.holder,
            expires_at = excluded.expires_at,
            fence = leases.fence + case when leases.holder = excluded.holder then 0 else 1 end
        where leases.holder = excluded.holder or leases.expires_at < clock_timestamp()
      returning fence`.execute(db);
    return rows[0]?.fence;
  }

  /** @returns whether it was still held */
  async function renew(on: Database | Trx): Promise<boolean> {
    if (fence === undefined) return false;
    renewedAt = performance.now();
    const row = await on
      .updateTable("leases")
      .set({ expires_at: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})` })
      .where("name", "=", name)
      .where("holder", "=", holder)
      .where("fence", "=", fence)
      .returning(sql`set_config('idle_in_transaction_session_timeout', ${String(IDLE_MS)}, true)`.as("idle_ms"))
      .executeTakeFirst();
    return row !== undefined;
  }

  async function guarded<Result>(work: (trx: Trx) => Promise<Result>): Promise<Result> {
    return db.transaction().execute(async (trx) => {
      if (await renew(trx)) return work(trx);
      fence = undefined;
      throw new FencedOut(name);
    });
  }

  /** A transaction renews it by itself, and whatever else wants its row must wait for it. */
  const renewalIsDue = () => transactions === 0 && performance.now() - renewedAt > RENEW_AFTER_MS;

  return {
    name,
    async keep() {
      const before = fence;
      if (fence === undefined || renewalIsDue()) {
        renewedAt = performance.now();
        fence = await take();
      }
      return { held: fence !== undefined, taken: fence !== undefined && fence !== before };
    },
    transaction(work) {
      transactions += 1;
      return inTurn(() => guarded(work)).finally(() => (transactions -= 1));
    },
    async during(work) {
      // A renewal that fails is followed by another, or by the word of the next transaction.
      const renewing = setInterval(() => {
        if (renewalIsDue()) void renew(db).catch(() => false);
      }, LOOK_MS);
      try {
        return await work();
      } finally {
        clearInterval(renewing);
      }
    },
    async release() {
      fence = undefined;
      // The row stays, so that the fence keeps growing.
      await sql`update leases set expires_at = '-infinity' where name = ${name} and holder = ${holder}`.execute(db);
    },
  };
}
