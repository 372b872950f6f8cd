import type { Database } from "../context.ts";
import { ChainMismatch, ChainReplaced, ChainUnavailable } from "./errors.ts";
import type { ChainNode } from "./node.ts";
import type { Deployment } from "./reader.ts";

/**
 * Makes sure that node, configuration and database speak of one chain. An empty database takes the chain's identity.
 * @throws ChainMismatch, ChainReplaced, ChainUnavailable
 */
export async function checkIdentity(db: Database, node: ChainNode, deployment: Deployment): Promise<void> {
  const [chainId, genesis] = await Promise.all([node.chainId(), node.block(0n)]);
  if (chainId !== deployment.chainId) throw new ChainMismatch(chainId, deployment.chainId);
  if (genesis === undefined) throw new ChainUnavailable("The node does not give the chain's first block.");

  await db
    .insertInto("chain_identity")
    .values({ chain_id: chainId, genesis_hash: genesis.hash, escrow: deployment.escrow })
    .onConflict((conflict) => conflict.column("one").doNothing())
    .execute();
  const stored = await db.selectFrom("chain_identity").selectAll().executeTakeFirstOrThrow();
  if (stored.genesis_hash === genesis.hash && stored.escrow === deployment.escrow) return;
  throw new ChainReplaced(
    { genesisHash: stored.genesis_hash, escrow: stored.escrow },
    { genesisHash: genesis.hash, escrow: deployment.escrow },
  );
}
