import { signWord, usdcDomain } from "@hireforhumans/protocol";
import { type ChainContext, signerOf } from "./context.ts";
import { validUntilOr } from "./times.ts";

export interface SignPermitParameters {
  /** What the escrow may take, in base units. */
  value: bigint;
  /** The last second (chain time) in which it may be used; an hour from the latest block when left out. */
  deadline?: bigint;
}

/** An EIP-2612 permit for the escrow. */
export interface SignedPermit {
  value: bigint;
  deadline: bigint;
  signature: string;
}

/**
 * Signs an EIP-2612 permit that lets the escrow take `value` of the signer's USDC, for `fundWithPermit`.
 * @example const permit = await escrow.signPermit({ value: totalOf(terms.reward) });
 */
export async function signPermit(context: ChainContext, parameters: SignPermitParameters): Promise<SignedPermit> {
  const { deployment, usdc } = context;
  const signer = signerOf(context);
  const owner = await signer.getAddress();
  const deadline = await validUntilOr(context, parameters.deadline);
  const { value } = parameters;
  const [name, nonce] = await Promise.all([usdc.name(), usdc.nonces(owner)]);
  const message = { owner, spender: deployment.escrow, value, nonce, deadline };
  const domain = usdcDomain(deployment.chainId, deployment.usdc, name);
  return { value, deadline, signature: await signWord(signer, domain, "Permit", message) };
}
