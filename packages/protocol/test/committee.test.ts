import { Signature, SigningKey, Wallet, concat, dataSlice, id } from "ethers";
import { describe, expect, it } from "vitest";
import { encodeCommitteeSignature, sortMembers } from "@hireforhumans/protocol";

const digest = id("a verdict");
const wallets = [1, 2, 3].map((number) => new Wallet(id(`member ${number}`)));
const members = sortMembers(wallets.map(({ address }) => address));
const [first = "", second = "", third = ""] = members;

const keyOf = (member: string): SigningKey => wallets.find(({ address }) => address === member)!.signingKey;
const signatureOf = (member: string): string => keyOf(member).sign(digest).serialized;
const encoded = (...signatures: { member: string; signature: string }[]): string =>
  encodeCommitteeSignature({ digest, members, signatures });

describe("sortMembers", () => {
  it("orders by the address's number and writes its checksum", () => {
    const lowerCase = [third, first, second].map((member) => member.toLowerCase());
    expect(sortMembers(lowerCase)).toEqual([first, second, third]);
    expect(BigInt(first) < BigInt(second) && BigInt(second) < BigInt(third)).toBe(true);
  });

  it("refuses what is no address", () => {
    expect(() => sortMembers(["0x1234"])).toThrow("invalid address");
  });
});

// That the contract takes what is encoded here is asked of the contract, in test/committee.
describe("encodeCommitteeSignature", () => {
  it("writes one entry for each member in their order, in whatever order they signed", () => {
    const expected = concat(["0x01", signatureOf(first), "0x00", second, "0x01", signatureOf(third)]);
    const signatures = [third, first].map((member) => ({ member, signature: signatureOf(member) }));
    expect(encoded(...signatures)).toBe(expected);
    const anyOrder = { digest, members: [second, third.toLowerCase(), first], signatures };
    expect(encodeCommitteeSignature(anyOrder)).toBe(expected);
  });

  it("writes a key's signature as the contract reads it, also from wallets that write it otherwise", () => {
    const { compactSerialized, r, s, yParity } = Signature.from(signatureOf(first));
    const expected = encoded({ member: first, signature: signatureOf(first) });
    expect(encoded({ member: first, signature: compactSerialized })).toBe(expected);
    expect(encoded({ member: first, signature: concat([r, s, yParity === 0 ? "0x00" : "0x01"]) })).toBe(expected);
  });

  it("writes any other bytes as an account's, also an owner's of 65 bytes", () => {
    const owners = signatureOf(third);
    expect(encoded({ member: second, signature: owners })).toBe(
      concat(["0x00", first, "0x02", second, "0x0041", owners, "0x00", third]),
    );
    expect(dataSlice(encoded({ member: first, signature: "0x" }), 0, 23)).toBe(concat(["0x02", first, "0x0000"]));
  });

  it("refuses a signature of somebody who is no member", () => {
    const member = Wallet.createRandom().address;
    expect(() => encoded({ member, signature: signatureOf(first) })).toThrow(
      `${member} signed, but the members are ${members.join(", ")}.`,
    );
  });

  it("refuses two signatures of one member", () => {
    const signature = signatureOf(first);
    const twice = () => encoded({ member: first, signature }, { member: first.toLowerCase(), signature });
    expect(twice).toThrow(`${first} has two signatures`);
  });

  it("refuses an account's signature that its length has no room for", () => {
    const signature = `0x${"00".repeat(65_536)}`;
    expect(() => encoded({ member: first, signature })).toThrow(`${first} has 65536 bytes; at most 65535.`);
  });
});
