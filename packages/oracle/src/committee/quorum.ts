import { VerifierCommittee__factory, encodeCommitteeSignature, type MemberSignature } from "@hireforhumans/protocol";
import { type Provider, ZeroAddress } from "ethers";

/** Whose word is a verifier's word, and how many of them it takes. */
export interface Quorum {
  members: readonly string[];
  threshold: number;
  /** The verifier's signature of theirs. */
  encode(digest: string, signatures: readonly MemberSignature[]): string;
}

/** A verifier that is one node's own account. */
export const quorumOfOne = (address: string): Quorum => ({
  members: [address],
  threshold: 1,
  encode: (_, signatures) => signatures[0]?.signature ?? "0x",
});

/** The committee at an address, which never changes. @throws where there is none, or the chain does not answer */
export async function quorumOfCommittee(provider: Provider, address: string): Promise<Quorum> {
  const committee = VerifierCommittee__factory.connect(address, provider);
  const [members, threshold] = await Promise.all([committee.members(), committee.threshold()]);
  return {
    members,
    threshold: Number(threshold),
    encode: (digest, signatures) => encodeCommitteeSignature({ digest, members, signatures }),
  };
}

/** More than this many times nobody's members change; it ends a ring of committees that name each other. */
const longestLine = 100;

/** The committee that takes new jobs in place of this one: itself while it has named none. */
export async function newestSuccessor(provider: Provider, address: string): Promise<string> {
  let newest = address;
  for (let steps = 0; steps < longestLine; steps += 1) {
    const next = await VerifierCommittee__factory.connect(newest, provider).successor();
    if (next === ZeroAddress) return newest;
    newest = next;
  }
  throw new Error(`The committee ${address} has more than ${longestLine} successors.`);
}
