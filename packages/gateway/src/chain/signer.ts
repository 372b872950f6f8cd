import { type DigestKey, HeldKey, SignerRefused, SignerUnavailable } from "@hireforhumans/signers";
import { keccak256 } from "ethers";
import type { Secret } from "../config.ts";
import { ChainUnavailable } from "./errors.ts";
import { serializeTransaction } from "./serialize.ts";

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

/**
 * Holds a key, or asks who holds it. The same transaction may get other bytes each time, so what is sent is what was
 * stored before.
 */
export interface TransactionSigner {
  /** Checksummed. */
  address: string;
  /** @throws ChainUnavailable where a key service does not sign now */
  sign(transaction: UnsignedTransaction): Promise<SignedTransaction>;
}

export function createKeySigner(privateKey: Secret): TransactionSigner {
  return createTransactionSigner(new HeldKey(privateKey.reveal()));
}

export function createTransactionSigner(signer: DigestKey): TransactionSigner {
  return {
    address: signer.address,
    async sign(transaction) {
      try {
        const digest = keccak256(serializeTransaction(transaction));
        const raw = serializeTransaction(transaction, await signer.signDigest(digest));
        return { raw, hash: keccak256(raw) };
      } catch (error) {
        if (!(error instanceof SignerUnavailable || error instanceof SignerRefused)) throw error;
        throw new ChainUnavailable(`The relayer's key does not sign. ${error.message}`, { cause: error });
      }
    },
  };
}
