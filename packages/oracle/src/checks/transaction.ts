import { type Check, fail, type Finding, itemsOf, type ParamsOf, pass, type Sources, unsure } from "../check.ts";
import { findEvent } from "../expected-event.ts";

/** Is the transaction on its chain, successful, sent where the job says, with the event it asks for, and deep enough? */
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
  params: ParamsOf<"transaction">,
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
  const event = params.event && findEvent(found.logs, params.event);
  if (event?.found === false)
    return fail(`The transaction ${hash} did not emit what the job asks for: ${event.reason}.`);
  return found.confirmations < params.confirmations
    ? unsure(`The transaction ${hash} has ${found.confirmations} of ${params.confirmations} confirmations.`)
    : undefined;
}
