import { wordTypes, type EscrowWords, type WordName } from "@hireforhumans/protocol";
import { Signature, TypedDataEncoder, toBeHex, type Signer, type TypedDataDomain } from "ethers";

export type Word = keyof EscrowWords;
export type Fields = Record<string, string | bigint | boolean>;

/** What is signed: a word, what it says, and where it counts. */
export interface Statement {
  word: WordName;
  fields: Fields;
  domain: TypedDataDomain;
}

/** Somebody who can sign: an EOA with its own key, or an ERC-1271 account with its owner's. */
export interface Party {
  address: string;
  signTypedData: Signer["signTypedData"];
}

/** Makes the sender of the transaction speak for itself. */
export const UNSIGNED = "0x";

/** A time in unix seconds that no clock of these tests reaches. */
export const NEVER = 2n ** 40n - 1n;

export async function sign(party: Party, { word, fields, domain }: Statement): Promise<string> {
  return await party.signTypedData(domain, { [word]: wordTypes[word] }, fields);
}

export function digestOf({ word, fields, domain }: Statement): string {
  return TypedDataEncoder.hash(domain, { [word]: wordTypes[word] }, fields);
}

/** The other signature that bare ECDSA takes for the same digest and key: s mirrored at the curve's order. */
export function mirrored(signature: string): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { r, s, yParity } = Signature.from(signature);
  return r + toBeHex(order - BigInt(s), 32).slice(2) + (yParity === 0 ? "1c" : "1b");
}
