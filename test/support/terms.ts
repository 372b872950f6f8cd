import { ONE_USDC, domainOf, feeOf, type Terms } from "@hireforhumans/protocol";
import { ZeroAddress, id } from "ethers";
import { DAY, HOUR, MINUTE, blockTime } from "./network.ts";

export const REWARD = 100n * ONE_USDC;
export const FEE = feeOf(REWARD);
export const TOTAL = REWARD + FEE;

/** A job for anyone, of 100 USDC, that ends in a day and has no review window. */
export async function defaultTerms(parties: Pick<Terms, "client" | "verifier" | "arbiter">): Promise<Terms> {
  return {
    ...parties,
    worker: ZeroAddress,
    matcher: ZeroAddress,
    reward: REWARD,
    minReputation: 0n,
    backstopShareBps: 7_000n,
    deadline: (await blockTime()) + DAY,
    workWindow: HOUR,
    verifyWindow: 10n * MINUTE,
    reviewWindow: 0n,
    domain: domainOf("customer_support"),
    specHash: id("context packet"),
    salt: id("first job"),
  };
}
