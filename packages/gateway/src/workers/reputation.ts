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

/** Keeps what the chain says of a worker where matching ranks by it. An older block's word changes nothing. */
export async function storeReputation(trx: Trx, reputation: ReputationOnChain): Promise<void> {
  const { address, domain, successes, failures, blockNumber } = reputation;
  const values = { score: reputation.score.toString(), successes, failures, block_number: blockNumber };
  const stored = await trx
    .insertInto("reputations")
    .values({ address, domain_hash: domainOf(domain), ...values })
    .onConflict((conflict) =>
      conflict
        .columns(["address", "domain_hash"])
        .doUpdateSet(values)
        .where("reputations.block_number", "<=", blockNumber),
    )
    .returning("score")
    .executeTakeFirst();
  if (stored === undefined) return;
  const worker = await trx.selectFrom("workers").select("id").where("address", "=", address).executeTakeFirst();
  if (worker === undefined) return;
  await trx
    .updateTable("profiles")
    .set({ reputation: stored.score })
    .where("domain", "=", domain)
    .where("worker_id", "=", worker.id)
    .execute();
  await syncProfiles(trx, [worker.id]);
}
