import { signWord, type Terms, totalOf, usdcDomain } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { idOf } from "./signed-word.ts";
import { validUntilOr } from "./times.ts";

export interface SignFundingAuthorizationParameters {
  terms: Terms;
  /** It can be used after this second (chain time); at once when left out. */
  validAfter?: bigint;
  /** It can be used before this second (chain time); an hour from the latest block when left out. */
  validBefore?: bigint;
}

/** An EIP-3009 `ReceiveWithAuthorization` to the escrow over reward and fee, whose nonce is the job's id. */
export interface SignedFundingAuthorization {
  validAfter: bigint;
  validBefore: bigint;
  signature: string;
}

/**
 * Signs, as the client, the payment for a job of exactly these terms. Whoever carries it pays the gas.
 * @example const authorization = await clientsEscrow.signFundingAuthorization({ terms });
 */
export async function signFundingAuthorization(
  context: ChainContext,
  parameters: SignFundingAuthorizationParameters,
): Promise<SignedFundingAuthorization> {
  const { deployment, usdc } = context;
  const { terms, validAfter = 0n } = parameters;
  const validBefore = await validUntilOr(context, parameters.validBefore);
  const domain = usdcDomain(deployment.chainId, deployment.usdc, await usdc.name());
  const signature = await signWord(signerOf(context), domain, "ReceiveWithAuthorization", {
    from: terms.client,
    to: deployment.escrow,
    value: totalOf(terms.reward),
    validAfter,
    validBefore,
    nonce: idOf(context, terms),
  });
  return { validAfter, validBefore, signature };
}
