import { ZeroAddress } from "ethers";
import { sql } from "kysely";
import type { Context } from "../context.ts";

/** How many take part in draws, by the last word of the followed branch on each juror. */
export async function jurorCountOf({ db }: Pick<Context, "db">, pool: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int4 as count from (
      select distinct on (args ->> 'juror') name, args ->> 'weight' as weight
      from chain_events
      where name in ('Staked', 'Retired', 'Reweighed', 'Unstaked') and address = ${pool}
      order by args ->> 'juror', block_number desc, log_index desc
    ) last where name = 'Staked' or (name = 'Reweighed' and weight <> '0')
  `.execute(db);
  return rows[0]?.count ?? 0;
}

/**
 * The arbiter of a new job: the pool, while it takes disputes over such a reward and has the jurors to end them; else
 * none, and the zero address says so.
 * @param reward base units
 */
export async function arbiterFor(ctx: Pick<Context, "chain" | "config" | "db">, reward: bigint): Promise<string> {
  const { pool } = ctx.chain;
  if (pool === undefined) return ZeroAddress;
  const jurors = await ctx.chain.oncePerBlock("jurors", () => jurorCountOf(ctx, pool.address));
  if (jurors < ctx.config.arbitrationMinJurors) return ZeroAddress;
  const { maxReward } = await pool.rules();
  return reward <= maxReward ? pool.address : ZeroAddress;
}
