import { escrowInterface } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { eventOf, type Mined, sendToEscrow } from "./send.ts";

export interface WithdrawParameters {
  /** Whose credit; the signer's when left out. It always goes to its owner. */
  owner?: string;
}

export interface WithdrawResult extends Mined {
  /** In base units. */
  amount: bigint;
}

/** `Error` is USDC's own refusal: the owner is still blocked, or transfers are paused. */
export type WithdrawError = ContractCallError<"NothingToWithdraw" | "SafeERC20FailedOperation" | "Error">;

export function encodeWithdraw({ owner }: { owner: string }): string {
  return escrowInterface.encodeFunctionData("withdraw", [owner]);
}

/**
 * Sends an owner its credit: what a transfer could not deliver, and the treasury's fees. By anyone.
 * @throws WithdrawError
 * @example const { amount } = await escrow.withdraw();
 */
export async function withdraw(context: ChainContext, parameters: WithdrawParameters = {}): Promise<WithdrawResult> {
  const owner = parameters.owner ?? (await signerOf(context).getAddress());
  const { events, ...mined } = await sendToEscrow(context, "withdraw", encodeWithdraw({ owner }));
  return { ...mined, amount: eventOf("withdraw", "Withdrawn", events).args["amount"] as bigint };
}
