import { Contract, type Provider, type TypedDataDomain, isCallException } from "ethers";
import { hashWord, isSignedByKey, type WordName, type Words } from "@hireforhumans/protocol";

/** What ERC-1271 answers for a good signature. */
const MAGIC_VALUE = "0x1626ba7e";

export interface IsSignedByParameters<N extends WordName> {
  /** An account with a key (EOA), or a contract account that speaks ERC-1271. */
  account: string;
  domain: TypedDataDomain;
  name: N;
  message: Words[N];
  signature: string;
}

/**
 * Whether an account signed a word, decided as the escrow decides it: an account with code is asked (ERC-1271), else the
 * key counts.
 * @throws when the chain can't be reached
 */
export async function isSignedBy<N extends WordName>(
  provider: Provider,
  { account, domain, name, message, signature }: IsSignedByParameters<N>,
): Promise<boolean> {
  if ((await provider.getCode(account)) === "0x") return isSignedByKey(domain, name, message, signature, account);
  const abi = ["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"];
  try {
    const answer: unknown = await new Contract(account, abi, provider)
      .getFunction("isValidSignature")
      .staticCall(hashWord(domain, name, message), signature);
    return answer === MAGIC_VALUE;
  } catch (error) {
    // A contract that reverts, or knows no ERC-1271, did not sign. Anything else (a lost connection) is not its word.
    if (isCallException(error) || isBadData(error)) return false;
    throw error;
  }
}

function isBadData(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "BAD_DATA";
}
