import { AbiCoder, getAddress, hexlify, keccak256 } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escrowCalls, escrowInterface, jobIdOf, type Terms } from "@hireforhumans/protocol";

const hexOf = (least: number, most = least) =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((bytes) => hexlify(bytes));
const address = fc.tuple(hexOf(20), fc.boolean()).map(([hex, checksummed]) => (checksummed ? getAddress(hex) : hex));
const bytes32 = hexOf(32);
const signature = hexOf(0, 200);
/** With its ends often, where encodings break. */
const uint = (bits: number) => {
  const max = (1n << BigInt(bits)) - 1n;
  return fc.oneof(fc.constantFrom(0n, 1n, max), fc.bigInt(0n, max));
};
const terms: fc.Arbitrary<Terms> = fc.record({
  client: address,
  worker: address,
  matcher: address,
  verifier: address,
  arbiter: address,
  reward: uint(96),
  minReputation: uint(64),
  backstopShareBps: uint(16),
  deadline: uint(40),
  workWindow: uint(32),
  verifyWindow: uint(32),
  reviewWindow: uint(32),
  domain: bytes32,
  specHash: bytes32,
  salt: bytes32,
});
const verdict = fc.record({ evidenceHash: bytes32, reasonsHash: bytes32, validUntil: uint(256) });
const calls = fc.array(hexOf(0, 600), { maxLength: 8 }).map((list): [string[]] => [list]);

const argumentsOf: { [Name in keyof typeof escrowCalls]: fc.Arbitrary<Parameters<(typeof escrowCalls)[Name]>> } = {
  fund: fc.tuple(terms),
  fundWithAuthorization: fc.tuple(terms, uint(256), uint(256), signature),
  cancel: fc.tuple(terms, uint(256), signature),
  accept: fc.tuple(terms, address, uint(256), signature),
  submit: fc.tuple(terms, bytes32, uint(256), signature),
  release: fc.tuple(terms, verdict, signature),
  reject: fc.tuple(terms, verdict, signature),
  reopen: fc.tuple(terms),
  refund: fc.tuple(terms),
  settle: fc.tuple(terms),
  multicall: calls,
  tryMulticall: calls,
};

describe("escrowCalls", () => {
  it.each(Object.keys(argumentsOf) as (keyof typeof escrowCalls)[])("encode %s as ethers does", (name) => {
    const encode = escrowCalls[name] as (...args: unknown[]) => string;
    fc.assert(
      fc.property(argumentsOf[name] as fc.Arbitrary<unknown[]>, (args) => {
        expect(encode(...args)).toBe(escrowInterface.encodeFunctionData(name as "fund", args as never));
      }),
    );
  });

  it("refuse what fits no word, as ethers does", () => {
    const wrong: Partial<Record<keyof Terms, unknown>>[] = [
      { reward: 1n << 96n },
      { reward: -1n },
      { minReputation: 1n << 64n },
      { backstopShareBps: 1n << 16n },
      { deadline: 1n << 40n },
      { workWindow: 1n << 32n },
      { verifyWindow: 1n << 32n },
      { reviewWindow: 1n << 32n },
      { client: "0x12" },
      { worker: "" },
      { arbiter: `0x${"g".repeat(40)}` },
      { salt: `0x${"00".repeat(31)}` },
      { domain: `0x${"00".repeat(33)}` },
    ];
    const [good] = fc.sample(terms, 1);
    for (const members of wrong) {
      const bad = { ...good, ...members } as Terms;
      expect(() => escrowInterface.encodeFunctionData("fund", [bad])).toThrow();
      expect(() => escrowCalls.fund(bad)).toThrow(/is not/);
      expect(() => jobIdOf(137, bad.matcher, bad)).toThrow(/is not/);
    }
    for (const bytes of ["", "0x1", "0xzz"]) expect(() => escrowCalls.tryMulticall([bytes])).toThrow(/is not bytes/);
  });
});

describe("jobIdOf", () => {
  it("hashes what ethers encodes, for all terms", () => {
    const [tuple] = escrowInterface.getFunction("jobId").inputs;
    fc.assert(
      fc.property(uint(64), address, terms, (chainId, escrow, all) => {
        const encoded = AbiCoder.defaultAbiCoder().encode(["uint256", "address", tuple!], [chainId, escrow, all]);
        expect(jobIdOf(chainId, escrow, all)).toBe(keccak256(encoded));
      }),
    );
  });
});
