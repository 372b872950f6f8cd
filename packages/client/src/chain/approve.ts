import { usdcInterface } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { type Mined, minedOf, send } from "./send.ts";

export interface ApproveParameters {
  /** What the escrow may take of the signer's USDC from now on, in base units. Sets, not adds. */
  amount: bigint;
}

export type ApproveResult = Mined;
/** `Error` is USDC's own refusal. */
export type ApproveError = ContractCallError<"Error">;

/**
 * Lets the escrow take the signer's USDC when jobs are funded.
 * @throws ApproveError
 * @example await escrow.approve({ amount: totalOf(terms.reward) });
 */
export async function approve(context: ChainContext, { amount }: ApproveParameters): Promise<ApproveResult> {
  const data = usdcInterface.encodeFunctionData("approve", [context.deployment.escrow, amount]);
  return minedOf(await send(context, "approve", { to: context.deployment.usdc, data }));
}
