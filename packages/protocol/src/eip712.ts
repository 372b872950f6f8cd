import { type Signer, type TypedDataDomain, type TypedDataField, TypedDataEncoder, verifyTypedData } from "ethers";

/** The words that the escrow takes signed. Each is bound to one job and ends at `validUntil` (unix seconds). */
export interface EscrowWords {
  Accept: { jobId: string; round: bigint; validUntil: bigint };
  Submit: { jobId: string; round: bigint; evidenceHash: string; validUntil: bigint };
  Verdict: {
    jobId: string;
    worker: string;
    evidenceHash: string;
    pass: boolean;
    reasonsHash: string;
    validUntil: bigint;
  };
  Cancel: { jobId: string; validUntil: bigint };
  Dispute: { jobId: string; by: string; statementHash: string; validUntil: bigint };
}

/** The word that a verifier committee takes signed by its members. It ends at `validUntil` (unix seconds). */
export interface CommitteeWords {
  NameSuccessor: { successor: string; validUntil: bigint };
}

/** The words that USDC takes signed: EIP-2612 and EIP-3009. Values in base units, times in unix seconds. */
export interface UsdcWords {
  Permit: { owner: string; spender: string; value: bigint; nonce: bigint; deadline: bigint };
  ReceiveWithAuthorization: {
    from: string;
    to: string;
    value: bigint;
    validAfter: bigint;
    validBefore: bigint;
    /** 32 bytes. The escrow asks for the job's id here. */
    nonce: string;
  };
}

/**
 * The words that the arbitration pool takes signed. Each can be used once: those about a case by the case's state, those
 * about an account by its `nonce`; evidence may be put on record twice, which changes nothing. Amounts in base units,
 * `validUntil` in unix seconds.
 */
export interface PoolWords {
  Withdraw: { owner: string; amount: bigint; nonce: bigint; validUntil: bigint };
  SetStandingAnswer: { owner: string; stands: boolean; nonce: bigint; validUntil: bigint };
  Stake: { juror: string; amount: bigint; nonce: bigint; validUntil: bigint };
  Retire: { juror: string; nonce: bigint; validUntil: bigint };
  AddEvidence: { jobId: string; evidenceHash: string; validUntil: bigint };
  Answer: { jobId: string; round: bigint; validUntil: bigint };
  Commit: { jobId: string; panel: bigint; seat: bigint; commitment: string; validUntil: bigint };
  Appeal: { jobId: string; round: bigint; validUntil: bigint };
  /** Not sent to anyone: what the juror's wallet signs of it is the secret that salts its vote, see `saltOfVote`. */
  VoteSalt: { jobId: string; panel: bigint };
}

export type Words = EscrowWords & UsdcWords & PoolWords & CommitteeWords;
export type WordName = keyof Words;

const field = (type: string, name: string): TypedDataField => ({ type, name });

/** The EIP-712 types of every word. */
export const wordTypes: Record<WordName, TypedDataField[]> = {
  Accept: [field("bytes32", "jobId"), field("uint256", "round"), field("uint256", "validUntil")],
  Submit: [
    field("bytes32", "jobId"),
    field("uint256", "round"),
    field("bytes32", "evidenceHash"),
    field("uint256", "validUntil"),
  ],
  Verdict: [
    field("bytes32", "jobId"),
    field("address", "worker"),
    field("bytes32", "evidenceHash"),
    field("bool", "pass"),
    field("bytes32", "reasonsHash"),
    field("uint256", "validUntil"),
  ],
  Cancel: [field("bytes32", "jobId"), field("uint256", "validUntil")],
  Dispute: [
    field("bytes32", "jobId"),
    field("address", "by"),
    field("bytes32", "statementHash"),
    field("uint256", "validUntil"),
  ],
  Withdraw: [
    field("address", "owner"),
    field("uint256", "amount"),
    field("uint256", "nonce"),
    field("uint256", "validUntil"),
  ],
  SetStandingAnswer: [
    field("address", "owner"),
    field("bool", "stands"),
    field("uint256", "nonce"),
    field("uint256", "validUntil"),
  ],
  Stake: [
    field("address", "juror"),
    field("uint256", "amount"),
    field("uint256", "nonce"),
    field("uint256", "validUntil"),
  ],
  Retire: [field("address", "juror"), field("uint256", "nonce"), field("uint256", "validUntil")],
  AddEvidence: [field("bytes32", "jobId"), field("bytes32", "evidenceHash"), field("uint256", "validUntil")],
  Answer: [field("bytes32", "jobId"), field("uint256", "round"), field("uint256", "validUntil")],
  Commit: [
    field("bytes32", "jobId"),
    field("uint256", "panel"),
    field("uint256", "seat"),
    field("bytes32", "commitment"),
    field("uint256", "validUntil"),
  ],
  Appeal: [field("bytes32", "jobId"), field("uint256", "round"), field("uint256", "validUntil")],
  VoteSalt: [field("bytes32", "jobId"), field("uint256", "panel")],
  NameSuccessor: [field("address", "successor"), field("uint256", "validUntil")],
  Permit: [
    field("address", "owner"),
    field("address", "spender"),
    field("uint256", "value"),
    field("uint256", "nonce"),
    field("uint256", "deadline"),
  ],
  ReceiveWithAuthorization: [
    field("address", "from"),
    field("address", "to"),
    field("uint256", "value"),
    field("uint256", "validAfter"),
    field("uint256", "validBefore"),
    field("bytes32", "nonce"),
  ],
};

/** The EIP-712 domain of an escrow. */
export function escrowDomain(chainId: number | bigint, escrow: string): TypedDataDomain {
  return { name: "HireForHumans Escrow", version: "1", chainId, verifyingContract: escrow };
}

/** The EIP-712 domain of an arbitration pool. */
export function poolDomain(chainId: number | bigint, pool: string): TypedDataDomain {
  return { name: "HireForHumans ArbitrationPool", version: "1", chainId, verifyingContract: pool };
}

/** The EIP-712 domain of a verifier committee. A verdict is signed for the escrow's domain, also by its members. */
export function committeeDomain(chainId: number | bigint, committee: string): TypedDataDomain {
  return { name: "HireForHumans VerifierCommittee", version: "1", chainId, verifyingContract: committee };
}

/**
 * The EIP-712 domain of USDC.
 * @param name what the token's `name()` says: "USD Coin" on Polygon, "USDC" on Amoy. Its version is "2" on both.
 */
export function usdcDomain(chainId: number | bigint, usdc: string, name: string): TypedDataDomain {
  return { name, version: "2", chainId, verifyingContract: usdc };
}

/** The digest that is signed, 32 bytes. An ERC-1271 account is asked about this one. */
export function hashWord<N extends WordName>(domain: TypedDataDomain, name: N, message: Words[N]): string {
  return TypedDataEncoder.hash(domain, { [name]: wordTypes[name] }, message);
}

/** @returns the signature, 65 bytes */
export async function signWord<N extends WordName>(
  signer: Pick<Signer, "signTypedData">,
  domain: TypedDataDomain,
  name: N,
  message: Words[N],
): Promise<string> {
  return await signer.signTypedData(domain, { [name]: wordTypes[name] }, message);
}

/**
 * Whether an account with a key of its own (EOA) signed the word. A contract account (ERC-1271) must be asked on chain,
 * see `isSignedBy` of the client.
 */
export function isSignedByKey<N extends WordName>(
  domain: TypedDataDomain,
  name: N,
  message: Words[N],
  signature: string,
  account: string,
): boolean {
  try {
    const signer = verifyTypedData(domain, { [name]: wordTypes[name] }, message, signature);
    return signer.toLowerCase() === account.toLowerCase();
  } catch {
    // ethers throws on bytes that are no signature at all, and those nobody signed.
    return false;
  }
}

/** The word as `eth_signTypedData_v4` of a browser wallet takes it. */
export function wordPayload<N extends WordName>(domain: TypedDataDomain, name: N, message: Words[N]): unknown {
  return TypedDataEncoder.getPayload(domain, { [name]: wordTypes[name] }, message) as unknown;
}
