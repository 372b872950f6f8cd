import { sql } from "kysely";
import { ApiError, formatUsdc } from "@hireforhumans/protocol";
import type { Database, Trx } from "../context.ts";
import type { KeyCaller } from "../http/caller.ts";

/**
 * What each key's own jobs cost, fee included, in base units. A job that was refunded or never funded costs nothing.
 */
export async function spentByKeys(db: Database | Trx, keyIds: readonly string[]): Promise<Map<string, bigint>> {
  if (keyIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("jobs")
    .select(["key_id", sql<string>`sum(reward + fee)`.as("spent")])
    .where("key_id", "in", keyIds)
    .where("status", "not in", ["refunded", "failed"])
    .groupBy("key_id")
    .execute();
  return new Map(rows.map((row) => [row.key_id ?? "", BigInt(row.spent)]));
}

/** What is left of a total cap that a key's jobs count toward: its own, or that of a key it was made by. */
export interface TotalCap {
  /** The key whose cap it is. */
  keyId: string;
  cap: bigint;
  left: bigint;
}

/**
 * The total caps that jobs of these keys count toward. What a key's descendants spend counts as its own, so that making
 * keys never multiplies a cap. The client's row must be locked.
 */
export async function totalCapsOf(trx: Trx, keys: readonly KeyCaller["key"][]): Promise<Map<string, TotalCap[]>> {
  // A key that a capped one made is capped itself.
  const capped = [...new Set(keys.flatMap(({ id, capTotal }) => (capTotal === null ? [] : [id])))];
  const caps = new Map<string, TotalCap[]>();
  for (const id of capped) caps.set(id, await capsAbove(trx, id));
  return caps;
}

async function capsAbove(trx: Trx, keyId: string): Promise<TotalCap[]> {
  const { rows } = await sql<{ id: string; cap_total: bigint; spent: string }>`
    with recursive above as (
      select id, made_by, cap_total from api_keys where id = ${keyId}
      union all
      select k.id, k.made_by, k.cap_total from api_keys k join above on k.id = above.made_by
    ), family as (
      select id as head, id as member from above where cap_total is not null
      union all
      select family.head, k.id from api_keys k join family on k.made_by = family.member
    )
    select above.id, above.cap_total, coalesce(sum(jobs.reward + jobs.fee), 0) as spent
    from above
    join family on family.head = above.id
    left join jobs on jobs.key_id = family.member and jobs.status not in ('refunded', 'failed')
    group by above.id, above.cap_total
  `.execute(trx);
  return rows.map(({ id, cap_total, spent }) => ({ keyId: id, cap: cap_total, left: cap_total - BigInt(spent) }));
}

/** @throws ApiError amount_above_cap */
export function requireWithinTotalCap({ cap, left }: TotalCap, total: bigint): void {
  if (total <= left) return;
  throw new ApiError(
    "amount_above_cap",
    `Reward and fee are ${formatUsdc(total)} USDC; of this key's total cap of ${formatUsdc(cap)} ` +
      `${formatUsdc(left < 0n ? 0n : left)} are left.`,
    { param: "reward" },
  );
}
