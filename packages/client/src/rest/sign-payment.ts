import type { Signer } from "ethers";
import {
  type Deployment,
  formatUsdc,
  type FundingAuthorization,
  jobIdOf,
  parseTerms,
  type PaymentRequirement,
  signWord,
  totalOf,
  usdcDomain,
} from "@hireforhumans/protocol";

/** A demand for payment whose parts contradict each other. Not signed. */
export class PaymentRequirementError extends Error {
  override readonly name = "PaymentRequirementError";
}

/** What the payer relies on, whatever the demand says. */
export interface PaymentLimits {
  /** The contracts that the payer trusts with its money. */
  deployment: Pick<Deployment, "chainId" | "escrow" | "usdc">;
  /** The most that this job may cost, fee included, in base units. */
  maxTotal: bigint;
}

/**
 * Signs the payment that a 402 answer asks for, for the job's `authorization`: the wallet needs USDC but no gas, and its
 * word fits these terms only.
 * @param signer the client's wallet; needs no provider
 * @throws PaymentRequirementError when the demand is not for the terms it shows, or is beyond the limits
 * @example
 * const [requirement] = error.payment.accepts;
 * const authorization = await signPayment(wallet, requirement, { deployment, maxTotal: parseUsdc("20") });
 * await client.jobs.create({ ...job, authorization });
 */
export async function signPayment(
  signer: Signer,
  requirement: PaymentRequirement,
  { deployment, maxTotal }: PaymentLimits,
): Promise<FundingAuthorization> {
  const { network, payTo, asset, extra } = requirement;
  const { chainId, escrow, usdc } = deployment;
  demand(network === `eip155:${chainId}`, `it is for the chain ${network}, trusted is eip155:${chainId}`);
  demand(sameAddress(payTo, escrow), `it pays ${payTo}, trusted is the escrow ${escrow}`);
  demand(sameAddress(asset, usdc), `it is in the token ${asset}, trusted is USDC at ${usdc}`);

  const terms = parseTerms(extra.terms);
  const jobId = jobIdOf(chainId, escrow, terms);
  const value = totalOf(terms.reward);
  const client = await signer.getAddress();
  demand(jobId === extra.nonce, `its nonce is ${extra.nonce}, but its terms make the job ${jobId}`);
  demand(
    value.toString() === requirement.amount,
    `it asks for ${requirement.amount} base units, its terms for ${value}`,
  );
  demand(value <= maxTotal, `it asks for ${formatUsdc(value)} USDC, at most ${formatUsdc(maxTotal)} is to be paid`);
  demand(sameAddress(terms.client, client), `its terms name the client ${terms.client}, the signer is ${client}`);

  const message = { from: client, to: escrow, value, validAfter: 0n, validBefore: terms.deadline, nonce: jobId };
  const domain = usdcDomain(chainId, usdc, extra.name);
  return {
    from: client,
    to: escrow,
    value: value.toString(),
    valid_after: 0,
    valid_before: Number(terms.deadline),
    nonce: jobId,
    signature: await signWord(signer, domain, "ReceiveWithAuthorization", message),
    terms: extra.terms,
  };
}

function demand(condition: boolean, problem: string): void {
  if (!condition) throw new PaymentRequirementError(`The demand for payment was not signed: ${problem}.`);
}

function sameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
