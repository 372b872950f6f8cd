import canonicalize from "canonicalize";
import { keccak256 } from "ethers";

const utf8 = new TextEncoder();

/**
 * Canonical JSON (RFC 8785): equal documents give equal bytes.
 * @throws TypeError when the value has no JSON form; Error where a string is no Unicode text
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`A value of type ${typeof value} has no JSON form.`);
  return text;
}

/**
 * The hash of a JSON document: keccak256 over its canonical UTF-8 bytes. It is what the chain holds as `specHash` (of a
 * context packet), `evidenceHash` (of an evidence bundle), `reasonsHash` (of a verdict's reasons) and `statementHash`.
 * Keccak, because a contract can recompute it cheaply. Files are known by their SHA-256 instead, as every tool prints it.
 * @returns 0x and 64 hex digits
 */
export function hashOf(document: unknown): string {
  return keccak256(utf8.encode(canonicalJson(document)));
}
