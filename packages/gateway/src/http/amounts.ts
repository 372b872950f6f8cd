import { ApiError, formatUsdc } from "@hireforhumans/protocol";
import { MAX_INT8 } from "../database/schema.ts";

/**
 * Amounts on the wire reach as far as the escrow's terms; a column holds less, which is still more USDC than there is.
 * @throws ApiError amount_too_large
 */
export function requireStorable(param: string, amount: bigint | null | undefined): void {
  if (amount === undefined || amount === null || amount <= MAX_INT8) return;
  throw new ApiError("amount_too_large", `${param}: It can be ${formatUsdc(MAX_INT8)} USDC at most.`, { param });
}
