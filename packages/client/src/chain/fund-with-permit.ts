import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { fundedOf, type FundResult, type TermsRefusal } from "./fund.ts";
import { sendToEscrow } from "./send.ts";
import type { SignedPermit } from "./sign-permit.ts";

export interface FundWithPermitParameters {
  terms: Terms;
  /** From `signPermit`. */
  permit: SignedPermit;
}

export type FundWithPermitResult = FundResult;

/** `Error` is USDC's own refusal; its text is in the message. */
export type FundWithPermitError = ContractCallError<TermsRefusal | "SenderNotAllowed" | "Error">;

export function encodeFundWithPermit({ terms, permit }: FundWithPermitParameters): string {
  return escrowInterface.encodeFunctionData("fundWithPermit", [terms, permit.value, permit.deadline, permit.signature]);
}

/**
 * Funds a job as its client with an EIP-2612 permit, so that no `approve` has to come before.
 * @throws FundWithPermitError
 * @example
 * const permit = await escrow.signPermit({ value: totalOf(terms.reward) });
 * const { jobId } = await escrow.fundWithPermit({ terms, permit });
 */
export async function fundWithPermit(
  context: ChainContext,
  parameters: FundWithPermitParameters,
): Promise<FundWithPermitResult> {
  return fundedOf("fundWithPermit", await sendToEscrow(context, "fundWithPermit", encodeFundWithPermit(parameters)));
}
