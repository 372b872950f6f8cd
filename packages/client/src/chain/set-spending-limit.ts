import { escrowInterface } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { type Mined, minedOf, send } from "./send.ts";

export interface SetSpendingLimitParameters {
  /** Who may fund jobs with the signer's money (a gateway's relayer). */
  operator: string;
  /** What it may spend in all from now on, fees included, in base units. */
  remaining: bigint;
  /** The most that one job may take, fee included, in base units. */
  perJob: bigint;
  /**
   * The last second (chain time) in which it may act: fund jobs, and cancel, release and complete those whose terms name
   * it as their `matcher`.
   */
  expiresAt: bigint;
}

export type SetSpendingLimitResult = Mined;
export type SetSpendingLimitError = ContractCallError<never>;

export function encodeSetSpendingLimit(limit: SetSpendingLimitParameters): string {
  return escrowInterface.encodeFunctionData("setSpendingLimit", [
    limit.operator,
    limit.remaining,
    limit.perJob,
    limit.expiresAt,
  ]);
}

/**
 * Sets (not adds) what an operator may spend of the signer's money by funding jobs for it; all zero revokes. Money
 * moves only as far as the signer's USDC allowance to the escrow goes as well, see `approve`.
 * @throws SetSpendingLimitError
 * @example await escrow.setSpendingLimit({ operator, remaining: parseUsdc("200"), perJob: parseUsdc("25"), expiresAt });
 */
export async function setSpendingLimit(
  context: ChainContext,
  parameters: SetSpendingLimitParameters,
): Promise<SetSpendingLimitResult> {
  const { deployment } = context;
  const call = { to: deployment.escrow, data: encodeSetSpendingLimit(parameters) };
  return minedOf(await send(context, "setSpendingLimit", call));
}
