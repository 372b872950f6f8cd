import { AbiCoder, keccak256, type Signer, type TypedDataDomain } from "ethers";
import { signWord } from "./eip712.ts";

/** A juror's answer to "who should have the reward"; the numbers are those of the contract. */
export const Vote = { None: 0n, Client: 1n, Worker: 2n, Unclear: 3n } as const;
export type Vote = (typeof Vote)[keyof typeof Vote];

/** Where a case stands; the index is the number on chain and the bit in `WrongPhase`. */
export const phases = [
  "None",
  "Answering",
  "Waiting",
  "Drawing",
  "Committing",
  "Revealing",
  "Appealing",
  "Undecided",
] as const;
export type Phase = (typeof phases)[number];

/** Seats of the panel of rounds 0, 1 and 2. */
export const panelSizes = [3, 7, 15] as const;

const MIN_BOND = 5_000_000n;

/** What each side puts up for the first round, and what one seat risks: base units. See `CaseAmounts.bondOf`. */
export function bondOf(reward: bigint): bigint {
  const fifth = reward / 5n;
  return ((fifth > MIN_BOND ? fifth : MIN_BOND) / 4n) * 4n;
}

/** Where and about what a juror votes. */
export interface Ballot {
  chainId: number | bigint;
  /** The arbitration pool's address. */
  pool: string;
  jobId: string;
  /** How many panels this case had before this one. */
  panel: bigint;
  /** The juror's place in the panel, from 0. */
  seat: bigint;
}

/** What hides a vote until it is revealed, 32 bytes. See `ArbitrationPool.commitmentOf`. */
export function commitmentOf({ chainId, pool, jobId, panel, seat }: Ballot, vote: Vote, salt: string): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "bytes32", "uint256", "uint256", "uint256", "bytes32"],
      [chainId, pool, jobId, panel, seat, vote, salt],
    ),
  );
}

/**
 * The salt of a juror's vote: the hash of its signature over the `VoteSalt` word. Wallets sign deterministically
 * (RFC 6979), so who loses the salt signs again. The signature must stay as secret as the vote.
 * @returns 32 bytes
 */
export async function saltOfVote(
  juror: Pick<Signer, "signTypedData">,
  domain: TypedDataDomain,
  { jobId, panel }: Pick<Ballot, "jobId" | "panel">,
): Promise<string> {
  return keccak256(await signWord(juror, domain, "VoteSalt", { jobId, panel }));
}
