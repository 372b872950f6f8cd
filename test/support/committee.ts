import { encodeCommitteeSignature, sortMembers } from "@hireforhumans/protocol";
import { TypedDataEncoder, Wallet, id } from "ethers";
import type { VerifierCommittee } from "../../types/ethers-contracts/index.js";
import { ethers } from "./network.ts";
import type { Party } from "./signatures.ts";

/** A committee on the chain; as a party it signs by its first members, as many as it takes. */
export interface Committee extends Party {
  contract: VerifierCommittee;
  /** Addresses in the contract's order. */
  members: string[];
  /** What some of its members sign together. */
  signedBy: (signers: Party[]) => Party["signTypedData"];
}

/** Wallets whose keys are the same in every run, in ascending order of their addresses. */
export function keyHolders(count: number): Wallet[] {
  const wallets = Array.from({ length: count }, (_, index) => new Wallet(id(`member ${index + 1}`)));
  return wallets.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

export async function deployCommittee(threshold: number, parties: Party[]): Promise<Committee> {
  const members = sortMembers(parties.map(({ address }) => address));
  const contract = await ethers.deployContract("VerifierCommittee", [threshold, members]);
  const signedBy = (signers: Party[]): Party["signTypedData"] => {
    return async (...typedData) => {
      const signatures = signers.map(async (signer) => ({
        member: signer.address,
        signature: await signer.signTypedData(...typedData),
      }));
      const digest = TypedDataEncoder.hash(...typedData);
      return encodeCommitteeSignature({ digest, members, signatures: await Promise.all(signatures) });
    };
  };
  const address = await contract.getAddress();
  return { contract, members, address, signedBy, signTypedData: signedBy(parties.slice(0, threshold)) };
}

/** How an account misbehaves, in the order of the contract's enum. */
export const accountModes = [
  "Agree",
  "Refuse",
  "Revert",
  "BurnGas",
  "ReturnBomb",
  "RevertBomb",
  "ShortAnswer",
  "DirtyAnswer",
] as const;

export type AccountMode = (typeof accountModes)[number];

/** An ERC-1271 account that answers like this whatever it is asked. */
export async function brokenAccount(mode: AccountMode): Promise<Party> {
  const account = await ethers.deployContract("BrokenERC1271Account");
  await account.setMode(accountModes.indexOf(mode));
  return { address: await account.getAddress(), signTypedData: () => Promise.resolve("0x1234") };
}
