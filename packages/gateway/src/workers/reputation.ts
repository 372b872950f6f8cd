import { sql } from "kysely";
import { domainOf } from "@hireforhumans/protocol";
import type { Trx } from "../context.ts";
import { syncProfiles } from "./places.ts";

/** What the reputation contract holds of a worker in a domain, as of a block. */
export interface ReputationOnChain {
  address: string;
  /** The domain's name, as jobs and profiles have it. */
  domain: string;
  /** WAD: 1e18 is 1.0. */
  score: bigint;
  successes: number;
  failures: number;
  blockNumber: bigint;
}

/**
 * Keeps what the chain says of workers where matching ranks by it. An older block's word changes nothing.
 * @param reputations none twice for one worker and domain
 */
export async function storeReputations(trx: Trx, reputations: readonly ReputationOnChain[]): Promise<void> {
  if (reputations.length === 0) return;
  // By the gateway's order of locks workers come before their profiles.
  await sql`
    select from workers where address = any (${reputations.map(({ address }) => address)}::text[])
    order by id for no key update`.execute(trx);
  const rows = reputations.map(({ score, blockNumber, ...rest }) => ({
    ...rest,
    domainHash: domainOf(rest.domain),
    score: score.toString(),
    block: blockNumber.toString(),
  }));
  const { rows: ranked } = await sql<{ id: string }>`
    with read as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as read (
        address text, domain text, "domainHash" text, score numeric, successes int4, failures int4, block int8
      )
    ),
    stored as (
      insert into reputations (address, domain_hash, score, successes, failures, block_number)
      select address, "domainHash", score, successes, failures, block from read order by address, "domainHash"
      on conflict (address, domain_hash) do update
        set score = excluded.score, successes = excluded.successes, failures = excluded.failures,
          block_number = excluded.block_number
        where reputations.block_number <= excluded.block_number
      returning address, domain_hash, score
    ),
    ranked as (
      update profiles set reputation = stored.score
      from stored
      join read on read.address = stored.address and read."domainHash" = stored.domain_hash
      join workers on workers.address = stored.address
      where profiles.worker_id = workers.id and profiles.domain = read.domain
        and profiles.reputation is distinct from stored.score
      returning worker_id
    )
    select distinct worker_id as id from ranked`.execute(trx);
  if (ranked.length === 0) return;
  await syncProfiles(
    trx,
    ranked.map(({ id }) => id),
  );
}
