import { id, keccak256, toUtf8Bytes, TypedDataEncoder, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import {
  escrowDomain,
  hashWord,
  isSignedByKey,
  signWord,
  usdcDomain,
  type WordName,
  wordPayload,
  wordTypes,
} from "@hireforhumans/protocol";

const wallet = new Wallet(id("a worker"));
const ESCROW = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const domain = escrowDomain(137, ESCROW);
const accept = { jobId: id("job"), round: 0n, validUntil: 1_767_225_600n };

describe("words", () => {
  it.each<[WordName, string]>([
    ["Accept", "Accept(bytes32 jobId,uint256 round,uint256 validUntil)"],
    ["Submit", "Submit(bytes32 jobId,uint256 round,bytes32 evidenceHash,uint256 validUntil)"],
    [
      "Verdict",
      "Verdict(bytes32 jobId,address worker,bytes32 evidenceHash,bool pass,bytes32 reasonsHash,uint256 validUntil)",
    ],
    ["Cancel", "Cancel(bytes32 jobId,uint256 validUntil)"],
    ["Dispute", "Dispute(bytes32 jobId,address by,bytes32 statementHash,uint256 validUntil)"],
    ["NameSuccessor", "NameSuccessor(address successor,uint256 validUntil)"],
    ["Permit", "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"],
    [
      "ReceiveWithAuthorization",
      "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)",
    ],
  ])("%s has the type that the contract hashes", (name, type) => {
    expect(TypedDataEncoder.from({ [name]: wordTypes[name] }).encodeType(name)).toBe(type);
  });

  it("are ReceiveWithAuthorization's as USDC has its type hash", () => {
    // RECEIVE_WITH_AUTHORIZATION_TYPEHASH of Circle's FiatTokenV2.
    const type = TypedDataEncoder.from({ ReceiveWithAuthorization: wordTypes.ReceiveWithAuthorization });
    expect(keccak256(toUtf8Bytes(type.encodeType("ReceiveWithAuthorization")))).toBe(
      "0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8",
    );
  });
});

describe("a signature", () => {
  it("is its signer's", async () => {
    const signature = await signWord(wallet, domain, "Accept", accept);
    expect(isSignedByKey(domain, "Accept", accept, signature, wallet.address)).toBe(true);
    expect(isSignedByKey(domain, "Accept", accept, signature, wallet.address.toLowerCase())).toBe(true);
  });

  it("is nobody's for another account, job, round, chain, escrow or kind of word", async () => {
    const signature = await signWord(wallet, domain, "Accept", accept);
    const signed = (where: typeof domain, message: typeof accept, account = wallet.address): boolean =>
      isSignedByKey(where, "Accept", message, signature, account);
    expect(signed(domain, accept, ESCROW)).toBe(false);
    expect(signed(domain, { ...accept, jobId: id("other") })).toBe(false);
    expect(signed(domain, { ...accept, round: 1n })).toBe(false);
    expect(signed(escrowDomain(80_002, ESCROW), accept)).toBe(false);
    expect(signed(escrowDomain(137, wallet.address), accept)).toBe(false);
    expect(signed(usdcDomain(137, ESCROW, "USD Coin"), accept)).toBe(false);
    const cancel = { jobId: accept.jobId, validUntil: accept.validUntil };
    expect(isSignedByKey(domain, "Cancel", cancel, signature, wallet.address)).toBe(false);
  });

  it.each(["0x", "0x00", "not hex", `0x${"ff".repeat(65)}`])("that is none (%s) is nobody's", (signature) => {
    expect(isSignedByKey(domain, "Accept", accept, signature, wallet.address)).toBe(false);
  });

  it("is over the same digest that a browser wallet signs", () => {
    const payload = wordPayload(domain, "Accept", accept) as {
      domain: Record<string, string>;
      types: Record<string, { name: string; type: string }[]>;
      primaryType: string;
      message: Record<string, string>;
    };
    const types = Object.fromEntries(Object.entries(payload.types).filter(([name]) => name !== "EIP712Domain"));
    expect(payload.primaryType).toBe("Accept");
    expect(TypedDataEncoder.hash(payload.domain, types, payload.message)).toBe(hashWord(domain, "Accept", accept));
  });
});
