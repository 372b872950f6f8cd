import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Database, Trx } from "../context.ts";
import { FencedOut } from "./errors.ts";

/** How long a holder that died keeps others waiting. */
export const LEASE_SECONDS = 6;
const RENEW_AFTER_MS = (LEASE_SECONDS * 1_000) / 4;

/** The right to do what only one process may do at a time. Clocks of processes play no part: the database's counts. */
export interface Lease {
  readonly name: string;
  /**
   * Takes or renews it; asks the database only when that is due.
   * @returns whether it is held, and whether it was not before this call
   */
  keep(): Promise<{ held: boolean; taken: boolean }>;
  /**
   * Call it first in each transaction that only the holder may make: it keeps the lease where it is until the commit,
   * and renews it, so that nobody takes it from a holder that is slow but at work.
   * @throws FencedOut when another holder has it
   */
  guard(trx: Trx): Promise<void>;
  /**
   * Renews it while work goes on outside of transactions that may take longer than it lasts. Who loses it all the same
   * learns of that by `guard`.
   */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  release(): Promise<void>;
}

export function createLease(db: Database, name: string): Lease {
  const holder = randomUUID();
  let fence: bigint | undefined;
  let renewedAt = -Infinity;

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

  async function renew(on: Database | Trx): Promise<boolean> {
    if (fence === undefined) return false;
    const row = await on
      .updateTable("leases")
      .set({ expires_at: sql`clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})` })
      .where("name", "=", name)
      .where("holder", "=", holder)
      .where("fence", "=", fence)
      .returning("fence")
      .executeTakeFirst();
    return row !== undefined;
  }

  return {
    name,
    async keep() {
      const before = fence;
      const now = performance.now();
      if (fence === undefined || now - renewedAt > RENEW_AFTER_MS) {
        fence = await take();
        renewedAt = now;
      }
      return { held: fence !== undefined, taken: fence !== undefined && fence !== before };
    },
    async guard(trx) {
      if (await renew(trx)) return;
      fence = undefined;
      throw new FencedOut(name);
    },
    async during(work) {
      // A renewal that fails is followed by another, or by the guard's word.
      const renewing = setInterval(() => void renew(db).catch(() => false), RENEW_AFTER_MS);
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
