import type { TypedDataDomain, TypedDataField } from "ethers";

/** A block of the followed branch. */
export interface Head {
  number: bigint;
  hash: string;
  /** Unix seconds. */
  timestampSeconds: bigint;
}

/** Where the contracts are. */
export interface Deployment {
  chainId: bigint;
  escrow: string;
  reputation: string;
  usdc: string;
  /** Nothing of ours happened before this block. */
  startBlock: bigint;
}

/** What a client could spend through an operator now; amounts in base units of USDC. */
export interface Funding {
  balance: bigint;
  /** What the client allowed the escrow to pull. */
  allowance: bigint;
  limit: { remaining: bigint; perJob: bigint; expiresAtSeconds: bigint };
}

/** Reads of the chain. Each call that asks the node throws `ChainUnavailable` when it does not answer. */
export interface ChainReader {
  deployment: Deployment;
  /** The followed branch's newest block, whose timestamp is the chain's now. @throws ChainUnavailable before the first. */
  head(): Head;
  /** As of the followed head, so that the figures and the projected jobs tell of one moment. */
  fundingOf(client: string, operator: string): Promise<Funding>;
  /** The EIP-712 domain of USDC; its `name` differs from chain to chain, so the token is asked, once. */
  usdcDomain(): Promise<TypedDataDomain>;
  /** Whether `signer`, an EOA or an ERC-1271 account, signed this EIP-712 word. */
  verifyTypedData(
    signer: string,
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
    signature: string,
  ): Promise<boolean>;
  /** Whether `signer`, an EOA or an ERC-1271 account, signed this message (EIP-191). */
  verifyMessage(signer: string, message: string, signature: string): Promise<boolean>;
}
