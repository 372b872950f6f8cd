import { type Check, fail, type Finding, itemsOf, pass, type Sources, unsure } from "../check.ts";

/** Is the transaction on its chain, successful, sent where the job says, and deep enough? */
export const transaction: Check<"transaction"> = {
  name: "transaction",
  async run({ bundle }, params, sources) {
    const items = itemsOf(bundle, "transaction");
    const chainId = params.chain_id ?? sources.chainId;
    if (items.length === 0) return fail(`The job asks for a transaction on chain ${chainId}; none was handed in.`);
    for (const item of items) {
      if (item.chain_id !== chainId) {
        return fail(
          `The transaction ${item.hash} is said to be on chain ${item.chain_id}; the job asks for chain ${chainId}.`,
        );
      }
      const problem = await problemOf(item.hash, params, chainId, sources);
      if (problem !== undefined) return problem;
    }
    return pass(`The transaction stands on chain ${chainId} and succeeded.`);
  },
};

async function problemOf(
  hash: string,
  params: { to?: string | undefined; confirmations: number },
  chainId: number,
  sources: Sources,
): Promise<Finding | undefined> {
  const found = await sources.transaction(chainId, hash);
  if (found === undefined) return unsure(`This oracle has no node of chain ${chainId} to ask for ${hash}.`);
  if (found.state !== "mined")
    return unsure(
      `The transaction ${hash} is ${found.state === "pending" ? "not mined yet" : "not known to the chain (yet)"}.`,
    );
  if (!found.succeeded) return fail(`The transaction ${hash} was reverted.`);
  if (params.to !== undefined && found.to?.toLowerCase() !== params.to.toLowerCase()) {
    return fail(`The transaction ${hash} went to ${found.to ?? "a new contract"}; the job asks for ${params.to}.`);
  }
  return found.confirmations < params.confirmations
    ? unsure(`The transaction ${hash} has ${found.confirmations} of ${params.confirmations} confirmations.`)
    : undefined;
}
