import { expect, it } from "vitest";
import { hexlify, keccak256, randomBytes } from "ethers";
import { hashInWasm } from "../../src/chain/keccak.ts";

it("hashes in WebAssembly to what ethers' own code says, at every length around a block and at that of a batch", async () => {
  await hashInWasm();
  expect(keccak256("0x")).toBe("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  for (const length of [...Array.from({ length: 300 }, (_, index) => index), 30_000]) {
    const bytes = randomBytes(Math.max(1, length)).slice(0, length);
    expect(keccak256(bytes)).toBe(hexlify(keccak256._(bytes)));
  }
});
