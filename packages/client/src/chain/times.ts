import { type ChainContext, providerOf } from "./context.ts";

/** How long a signed word is valid when its maker doesn't say. */
export const DEFAULT_VALID_SECONDS = 3600n;

/** The time of the latest block in unix seconds: the only clock the escrow knows. */
export async function chainTime(context: ChainContext): Promise<bigint> {
  const block = await providerOf(context).getBlock("latest");
  if (block === null) throw new Error("The provider gave no latest block.");
  return BigInt(block.timestamp);
}

export async function validUntilOr(context: ChainContext, given: bigint | undefined): Promise<bigint> {
  return given ?? (await chainTime(context)) + DEFAULT_VALID_SECONDS;
}
