import { escrowInterface, type Terms } from "@hireforhumans/protocol";
import type { ChainContext } from "./context.ts";
import type { ContractCallError } from "./errors.ts";
import { fundedOf, type FundResult, type TermsRefusal } from "./fund.ts";
import { sendToEscrow } from "./send.ts";
import type { SignedFundingAuthorization } from "./sign-funding-authorization.ts";

export interface FundWithAuthorizationParameters {
  terms: Terms;
  /** From the client's `signFundingAuthorization`. */
  authorization: SignedFundingAuthorization;
}

export type FundWithAuthorizationResult = FundResult;

/** `Error` is USDC's own refusal (authorization used, expired or not signed by the client); its text is in the message. */
export type FundWithAuthorizationError = ContractCallError<TermsRefusal | "Error">;

export function encodeFundWithAuthorization({ terms, authorization }: FundWithAuthorizationParameters): string {
  return escrowInterface.encodeFunctionData("fundWithAuthorization", [
    terms,
    authorization.validAfter,
    authorization.validBefore,
    authorization.signature,
  ]);
}

/**
 * Funds a job with the client's signed EIP-3009 authorization. Anyone may send it: the client needs no gas.
 * @throws FundWithAuthorizationError
 * @example
 * const authorization = await clientsEscrow.signFundingAuthorization({ terms });
 * const { jobId } = await relayersEscrow.fundWithAuthorization({ terms, authorization });
 */
export async function fundWithAuthorization(
  context: ChainContext,
  parameters: FundWithAuthorizationParameters,
): Promise<FundWithAuthorizationResult> {
  const data = encodeFundWithAuthorization(parameters);
  return fundedOf("fundWithAuthorization", await sendToEscrow(context, "fundWithAuthorization", data));
}
