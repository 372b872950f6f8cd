import { SigningKey, computeAddress, concat, hexlify, recoverAddress, toBeHex } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signerOf } from "../../src/chain/recover.ts";

/** The order of the curve's group. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => hexlify(array));
const keys = fc.bigInt({ min: 1n, max: ORDER - 1n }).map((key) => new SigningKey(toBeHex(key, 32)));
const edges = fc.constantFrom(0n, 1n, 2n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, ORDER, 2n ** 256n - 1n);
const scalars = fc.oneof(edges, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })).map((scalar) => toBeHex(scalar, 32));
const lastBytes = fc.constantFrom("0x00", "0x01", "0x02", "0x1b", "0x1c", "0x1d", "0x25", "0xff");

function byEthers(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, signature);
  } catch {
    return undefined;
  }
}

describe("signerOf", () => {
  it("is who signed, in both forms of a signature", () => {
    fc.assert(
      fc.property(keys, bytes(32), (key, digest) => {
        const signature = key.sign(digest);
        const address = computeAddress(key.publicKey);
        expect(signerOf(digest, signature.serialized)).toBe(address);
        expect(signerOf(digest, signature.compactSerialized)).toBe(address);
      }),
    );
  });

  it("is nobody by the second signature that each has, as the contracts have it", () => {
    fc.assert(
      fc.property(keys, bytes(32), (key, digest) => {
        const { r, s, v } = key.sign(digest);
        const other = concat([r, toBeHex(ORDER - BigInt(s), 32), v === 27 ? "0x1c" : "0x1b"]);
        expect(signerOf(digest, other)).toBeUndefined();
      }),
    );
  });

  it("agrees with ethers on whatever else may come as a signature", () => {
    const madeUp = fc.tuple(scalars, scalars, lastBytes).map((parts) => concat(parts));
    const compact = fc.tuple(scalars, scalars).map((parts) => concat(parts));
    const anything = fc.uint8Array({ maxLength: 70 }).map((array) => hexlify(array));
    fc.assert(
      fc.property(bytes(32), fc.oneof(madeUp, compact, anything), (digest, signature) => {
        expect(signerOf(digest, signature)).toBe(byEthers(digest, signature));
      }),
      { numRuns: 500 },
    );
  });
});
