import { Signature, concat, dataLength, getAddress, recoverAddress, toBeHex } from "ethers";

/** What one member of a committee signed: by its own key (65 bytes), or as an ERC-1271 account (any bytes, in hex). */
export interface MemberSignature {
  member: string;
  signature: string;
}

export interface CommitteeSignatureParameters {
  /** What was signed, 32 bytes: `hashWord` of a `Verdict`, say. */
  digest: string;
  /** All members of the committee, in any order. */
  members: readonly string[];
  /** At least as many as the committee's threshold. Each one more costs gas and changes nothing. */
  signatures: readonly MemberSignature[];
}

const ABSENT = "0x00";
const KEY = "0x01";
const ACCOUNT = "0x02";

const MAX_ACCOUNT_SIGNATURE_BYTES = 0xffff;

/** The members of a committee as its contract takes and lists them: checksummed, in ascending order of the address. */
export function sortMembers(members: readonly string[]): string[] {
  return members.map((member) => getAddress(member)).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/**
 * Puts the signatures of a committee's members together to the committee's own, which the escrow takes where it takes a
 * single verifier's. The layout is in IVerifierCommittee.sol.
 * @returns hex
 * @throws RangeError when a signature is of nobody in the committee, a member has two, or an account's is over 65,535 bytes
 * @example
 * const digest = hashWord(domain, "Verdict", verdict);
 * const signature = encodeCommitteeSignature({ digest, members, signatures });
 */
export function encodeCommitteeSignature({ digest, members, signatures }: CommitteeSignatureParameters): string {
  const byMember = new Map<string, string>();
  for (const { member, signature } of signatures) {
    const address = getAddress(member);
    if (byMember.has(address)) throw new RangeError(`${address} has two signatures; hand over one of each member.`);
    byMember.set(address, signature);
  }
  const entries = sortMembers(members).map((member) => {
    const signature = byMember.get(member);
    byMember.delete(member);
    return signature === undefined ? concat([ABSENT, member]) : encodeEntry(digest, member, signature);
  });
  const [stranger] = byMember.keys();
  if (stranger !== undefined) {
    throw new RangeError(`${stranger} signed, but the members are ${sortMembers(members).join(", ")}.`);
  }
  return concat(entries);
}

function encodeEntry(digest: string, member: string, signature: string): string {
  const byKey = keySignature(digest, member, signature);
  if (byKey !== undefined) return concat([KEY, byKey]);
  const bytes = dataLength(signature);
  if (bytes > MAX_ACCOUNT_SIGNATURE_BYTES) {
    throw new RangeError(`The signature of ${member} has ${bytes} bytes; at most ${MAX_ACCOUNT_SIGNATURE_BYTES}.`);
  }
  return concat([ACCOUNT, member, toBeHex(bytes, 2), signature]);
}

/** The signature as the contract reads it, or undefined where it is not of the member's own key. */
function keySignature(digest: string, member: string, signature: string): string | undefined {
  try {
    // Some wallets end with 0 or 1 where the contract reads 27 or 28.
    const { serialized } = Signature.from(signature);
    return recoverAddress(digest, serialized) === member ? serialized : undefined;
  } catch {
    // ethers throws on bytes that are no key's signature at all.
    return undefined;
  }
}
