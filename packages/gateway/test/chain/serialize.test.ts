import { Signature, Transaction, Wallet, hexlify } from "ethers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { serializeTransaction } from "../../src/chain/serialize.ts";
import { createKeySigner } from "../../src/chain/signer.ts";
import { Secret } from "../../src/config.ts";

/** With the numbers at which RLP changes its form often. */
const number = (bits: number) =>
  fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 255n, 256n), fc.bigInt(0n, (1n << BigInt(bits)) - 1n));
const length = fc.oneof(fc.constantFrom(0, 1, 2, 54, 55, 56, 57, 255, 256, 65_535, 65_536), fc.nat(2_000));
const data = fc
  .tuple(length, fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))
  .map(([size, byte]) => hexlify(new Uint8Array(size).fill(byte)));
const hexOf = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((part) => hexlify(part));
const transaction = fc.record({
  chainId: fc.oneof(fc.constantFrom(1n, 137n, 31_337n), fc.bigInt(1n, (1n << 50n) - 1n)),
  nonce: number(50),
  to: hexOf(20),
  data,
  gasLimit: number(64),
  // ethers refuses a tip above the whole fee.
  maxFeePerGas: number(90).map((fee) => fee + (1n << 90n)),
  maxPriorityFeePerGas: number(90),
});
const inEthers = ({ nonce, ...fields }: { nonce: bigint; to: string; data: string; chainId: bigint }) =>
  Transaction.from({ ...fields, type: 2, nonce: Number(nonce), value: 0n });
const signature = fc.record({
  r: fc.bigInt(1n, 1n << 250n),
  s: fc.bigInt(1n, 1n << 250n),
  yParity: fc.constantFrom<0 | 1>(0, 1),
});
const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;

it("is serialized as ethers does it, to be signed and to be sent", () => {
  fc.assert(
    fc.property(transaction, signature, (fields, { r, s, yParity }) => {
      const theirs = inEthers(fields);
      expect(serializeTransaction(fields)).toBe(theirs.unsignedSerialized);
      theirs.signature = Signature.from({ r: word(r), s: word(s), yParity });
      expect(serializeTransaction(fields, theirs.signature)).toBe(theirs.serialized);
    }),
  );
});

it("is signed to the same bytes and hash as by ethers' wallet", async () => {
  const key = `0x${"4b".repeat(32)}`;
  const ours = createKeySigner(new Secret(key));
  const wallet = new Wallet(key);
  expect(ours.address).toBe(wallet.address);
  for (const fields of fc.sample(transaction, 20)) {
    const signed = inEthers(fields);
    signed.signature = wallet.signingKey.sign(signed.unsignedHash);
    expect(await ours.sign(fields)).toEqual({ raw: signed.serialized, hash: signed.hash });
  }
});

it("is refused where a field has no encoding", () => {
  const [fields] = fc.sample(transaction, 1);
  for (const wrong of [{ to: "0x12" }, { to: "" }, { data: "0xzz" }, { data: "0x1" }, { data: "12" }, { nonce: -1n }])
    expect(() => serializeTransaction({ ...fields!, ...wrong })).toThrow(/is not|is negative/);
});
