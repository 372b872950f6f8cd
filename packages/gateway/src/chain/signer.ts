import { Wallet, keccak256 } from "ethers";
import type { Secret } from "../config.ts";

export interface UnsignedTransaction {
  chainId: bigint;
  nonce: bigint;
  to: string;
  data: string;
  gasLimit: bigint;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

export interface SignedTransaction {
  hash: string;
  /** What `eth_sendRawTransaction` takes, 0x hex. */
  raw: string;
}

/** Holds a key; the same transaction gets the same bytes each time. */
export interface TransactionSigner {
  /** Checksummed. */
  address: string;
  sign(transaction: UnsignedTransaction): Promise<SignedTransaction>;
}

export function createKeySigner(privateKey: Secret): TransactionSigner {
  const wallet = new Wallet(privateKey.reveal());
  return {
    address: wallet.address,
    async sign({ nonce, ...transaction }) {
      const raw = await wallet.signTransaction({ ...transaction, type: 2, nonce: Number(nonce), value: 0n });
      return { raw, hash: keccak256(raw) };
    },
  };
}
